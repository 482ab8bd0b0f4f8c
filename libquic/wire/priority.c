#include "wire/priority.h"

#include "base/reader.h"

/* A bare item, as far as it matters here. */
typedef struct priority_item {
  enum { PRIORITY_OTHER, PRIORITY_INTEGER, PRIORITY_BOOLEAN } type;
  int64_t value;
} priority_item;

static bool priority_digit(int c) {
  return c >= '0' && c <= '9';
}

static bool priority_lower(int c) {
  return c >= 'a' && c <= 'z';
}

static bool priority_alpha(int c) {
  return priority_lower(c | 0x20);
}

/* priority_peek returns the next octet, -1 at the end. */
static int priority_peek(const quic_reader *rd) {
  return quic_reader_left(rd) ? *rd->pos : -1;
}

/* priority_accept takes the next octet if it is |c|. */
static bool priority_accept(quic_reader *rd, int c) {
  if (priority_peek(rd) != c) {
    return false;
  }
  quic_reader_skip(rd, 1);
  return true;
}

/* priority_skip moves over the octets that are in |set|. */
static void priority_skip(quic_reader *rd, const char *set) {
  int c;

  while ((c = priority_peek(rd)) > 0 && strchr(set, c)) {
    quic_reader_skip(rd, 1);
  }
}

/* RFC 9651 §4.2.3.3 */
static bool priority_key(quic_reader *rd, quic_bytes *key) {
  const uint8_t *start = rd->pos;
  int c = priority_peek(rd);

  if (!priority_lower(c) && c != '*') {
    return false;
  }
  while (priority_lower(c) || priority_digit(c) ||
         (c > 0 && strchr("_-.*", c))) {
    quic_reader_skip(rd, 1);
    c = priority_peek(rd);
  }
  *key = quic_bytes_of(start, (size_t)(rd->pos - start));
  return true;
}

/* RFC 9651 §4.2.4: 15 digits, or 12 and up to 3 behind a point. */
static bool priority_number(quic_reader *rd, priority_item *item) {
  bool negative = priority_accept(rd, '-');
  size_t digits = 0, fraction = 0;

  item->type = PRIORITY_INTEGER;
  for (; priority_digit(priority_peek(rd)) && digits < 16; digits++) {
    item->value = 10 * item->value + (quic_reader_u8(rd) - '0');
  }
  item->value = negative ? -item->value : item->value;
  if (priority_peek(rd) != '.') {
    return digits >= 1 && digits <= 15;
  }
  quic_reader_skip(rd, 1);
  item->type = PRIORITY_OTHER;
  for (; priority_digit(priority_peek(rd)) && fraction < 4; fraction++) {
    quic_reader_skip(rd, 1);
  }
  return digits >= 1 && digits <= 12 && fraction >= 1 && fraction <= 3;
}

/* RFC 9651 §4.2.5, and with another |escape| §4.2.10, whose escapes are not
   looked at. */
static bool priority_string(quic_reader *rd, int escape) {
  while (quic_reader_left(rd)) {
    uint8_t c = quic_reader_u8(rd);

    if (c == '"') {
      return true;
    }
    if (c == escape) {
      c = quic_reader_u8(rd);
      if (c != '"' && c != '\\') {
        return false;
      }
    }
    if (c < 0x20 || c > 0x7e) {
      return false;
    }
  }
  return false;
}

/* RFC 9651 §4.2.7, without a look at the padding */
static bool priority_octets(quic_reader *rd) {
  int c;

  while ((c = priority_peek(rd)) > 0 &&
         (priority_alpha(c) || priority_digit(c) || strchr("+/=", c))) {
    quic_reader_skip(rd, 1);
  }
  return priority_accept(rd, ':');
}

/* RFC 9651 §4.2.6 */
static bool priority_token(quic_reader *rd) {
  int c = priority_peek(rd);

  if (!priority_alpha(c) && c != '*') {
    return false;
  }
  while (priority_alpha(c) || priority_digit(c) ||
         (c > 0 && strchr("!#$%&'*+-.^_`|~:/", c))) {
    quic_reader_skip(rd, 1);
    c = priority_peek(rd);
  }
  return true;
}

/* RFC 9651 §4.2.3.1 */
static bool priority_bare(quic_reader *rd, priority_item *item) {
  priority_item date = {PRIORITY_OTHER, 0};
  int c = priority_peek(rd);

  *item = date;
  if (c == '-' || priority_digit(c)) {
    return priority_number(rd, item);
  }
  if (priority_accept(rd, '?')) {
    item->type = PRIORITY_BOOLEAN;
    item->value = priority_accept(rd, '1');
    return item->value || priority_accept(rd, '0');
  }
  if (priority_accept(rd, '@')) {
    return priority_number(rd, &date) && date.type == PRIORITY_INTEGER;
  }
  if (priority_accept(rd, '%')) {
    return priority_accept(rd, '"') && priority_string(rd, -1);
  }
  if (priority_accept(rd, '"')) {
    return priority_string(rd, '\\');
  }
  return priority_accept(rd, ':') ? priority_octets(rd) : priority_token(rd);
}

/* RFC 9651 §4.2.3.2 */
static bool priority_parameters(quic_reader *rd) {
  priority_item item;
  quic_bytes key;

  while (priority_accept(rd, ';')) {
    priority_skip(rd, " ");
    if (!priority_key(rd, &key) ||
        (priority_accept(rd, '=') && !priority_bare(rd, &item))) {
      return false;
    }
  }
  return true;
}

/* RFC 9651 §4.2.1.2, behind the parenthesis.  Lists do not nest. */
static bool priority_inner(quic_reader *rd) {
  priority_item item;

  for (;;) {
    priority_skip(rd, " ");
    if (priority_accept(rd, ')')) {
      return true;
    }
    if (!priority_bare(rd, &item) || !priority_parameters(rd) ||
        (priority_peek(rd) != ' ' && priority_peek(rd) != ')')) {
      return false;
    }
  }
}

/* priority_member reads a key and what it stands for. */
static bool priority_member(quic_reader *rd, quic_bytes *key,
                            priority_item *item) {
  bool ok = true;

  if (!priority_key(rd, key)) {
    return false;
  }
  *item = (priority_item){PRIORITY_BOOLEAN, 1};
  if (priority_accept(rd, '=')) {
    if (priority_accept(rd, '(')) {
      item->type = PRIORITY_OTHER;
      ok = priority_inner(rd);
    } else {
      ok = priority_bare(rd, item);
    }
  }
  return ok && priority_parameters(rd);
}

static void priority_set(quic_priority *p, quic_bytes key,
                         const priority_item *item) {
  if (key.len == 1 && key.data[0] == 'u') {
    bool valid = item->type == PRIORITY_INTEGER && item->value >= 0 &&
                 item->value <= QUIC_PRIORITY_URGENCY_MAX;

    p->urgency_state = valid ? QUIC_PRIORITY_VALID : QUIC_PRIORITY_INVALID;
    p->urgency = valid ? (uint8_t)item->value : QUIC_PRIORITY_URGENCY_DEFAULT;
  } else if (key.len == 1 && key.data[0] == 'i') {
    bool valid = item->type == PRIORITY_BOOLEAN;

    p->incremental_state = valid ? QUIC_PRIORITY_VALID : QUIC_PRIORITY_INVALID;
    p->incremental = valid && item->value;
  }
}

/* priority_dictionary: RFC 9651 §4.2, §4.2.2 */
static bool priority_dictionary(quic_priority *p, quic_reader *rd) {
  priority_item item;
  quic_bytes key;

  priority_skip(rd, " ");
  if (quic_reader_left(rd) == 0) {
    return true;
  }
  for (;;) {
    if (!priority_member(rd, &key, &item)) {
      return false;
    }
    priority_set(p, key, &item);
    priority_skip(rd, " \t");
    if (quic_reader_left(rd) == 0) {
      return true;
    }
    if (!priority_accept(rd, ',')) {
      return false;
    }
    priority_skip(rd, " \t");
  }
}

int quic_priority_decode(quic_priority *p, quic_bytes value) {
  quic_priority none = {QUIC_PRIORITY_ABSENT, QUIC_PRIORITY_ABSENT,
                        QUIC_PRIORITY_URGENCY_DEFAULT, false};
  quic_reader rd;

  *p = none;
  quic_reader_init(&rd, value.data, value.len);
  if (priority_dictionary(p, &rd)) {
    return 0;
  }
  *p = none;
  p->urgency_state = p->incremental_state = QUIC_PRIORITY_INVALID;
  return QUIC_ERR_MALFORMED;
}
