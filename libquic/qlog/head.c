#include "qlog/head.h"

#include "qlog/token.h"

/* Where in a head a member stands. */
enum {
  IN_BODY, /* of the file, or of a trace */
  IN_COMMON,
  IN_CONFIGURATION,
  IN_VANTAGE,
  IN_REFERENCE,
  IN_COLUMNS,
  IN_OTHER
};

/* What a member tells. */
enum {
  TELL_NOTHING,
  TELL_TEXT,   /* kept as it is */
  TELL_SCHEMA, /* version and layout */
  TELL_LAYOUT,
  TELL_VANTAGE,
  TELL_FLOW,
  TELL_REFERENCE,
  TELL_START, /* the same in s */
  TELL_EPOCH,
  TELL_LOGGING_START,
  TELL_FORMAT,
  TELL_UNITS,
  TELL_OFFSET
};

#define TEXT(member) TELL_TEXT, offsetof(qlog_head, member)

static const struct {
  const char *key;
  bool head; /* no event has such a member */
  uint8_t in;
  uint8_t inside; /* of an object or array that is its value */
  uint8_t tell;
  uint16_t text; /* where a text is kept */
} head_members[] = {
    {"qlog_version", true, IN_BODY, IN_OTHER, TEXT(old_version)},
    {"qlog_format", true, IN_BODY, IN_OTHER, TELL_LAYOUT, 0},
    {"file_schema", true, IN_BODY, IN_OTHER, TELL_SCHEMA, 0},
    {"serialization_format", true, IN_BODY, IN_OTHER, TELL_LAYOUT, 0},
    {"trace", true, IN_BODY, IN_BODY, TELL_NOTHING, 0},
    {"traces", true, IN_BODY, IN_OTHER, TELL_NOTHING, 0},
    {"connections", true, IN_BODY, IN_OTHER, TELL_NOTHING, 0},
    {"title", false, IN_BODY, IN_OTHER, TEXT(title)},
    {"description", false, IN_BODY, IN_OTHER, TEXT(description)},
    {"error_description", true, IN_BODY, IN_OTHER, TEXT(error)},
    {"vantage_point", true, IN_BODY, IN_VANTAGE, TELL_VANTAGE, 0},
    {"vantagepoint", true, IN_BODY, IN_VANTAGE, TELL_VANTAGE, 0},
    {"common_fields", true, IN_BODY, IN_COMMON, TELL_NOTHING, 0},
    {"configuration", true, IN_BODY, IN_CONFIGURATION, TELL_NOTHING, 0},
    {"event_fields", true, IN_BODY, IN_COLUMNS, TELL_NOTHING, 0},
    {"fields", false, IN_BODY, IN_COLUMNS, TELL_NOTHING, 0},
    {"connectionid", false, IN_BODY, IN_OTHER, TEXT(group)},
    {"starttime", false, IN_BODY, IN_OTHER, TELL_START, 0},
    {"group_id", false, IN_COMMON, IN_OTHER, TEXT(group)},
    {"ODCID", false, IN_COMMON, IN_OTHER, TEXT(odcid)},
    {"odcid", false, IN_COMMON, IN_OTHER, TEXT(odcid)},
    {"reference_time", false, IN_COMMON, IN_REFERENCE, TELL_REFERENCE, 0},
    {"reference_time", false, IN_BODY, IN_REFERENCE, TELL_REFERENCE, 0},
    {"time_format", false, IN_COMMON, IN_OTHER, TELL_FORMAT, 0},
    {"time_units", false, IN_COMMON, IN_OTHER, TELL_UNITS, 0},
    {"time_units", false, IN_CONFIGURATION, IN_OTHER, TELL_UNITS, 0},
    {"time_offset", false, IN_CONFIGURATION, IN_OTHER, TELL_OFFSET, 0},
    {"name", false, IN_VANTAGE, IN_OTHER, TEXT(vantage_name)},
    {"type", false, IN_VANTAGE, IN_OTHER, TELL_VANTAGE, 0},
    {"flow", false, IN_VANTAGE, IN_OTHER, TELL_FLOW, 0},
    {"epoch", false, IN_REFERENCE, IN_OTHER, TELL_EPOCH, 0},
    {"wall_clock_time", false, IN_REFERENCE, IN_OTHER, TELL_LOGGING_START, 0},
};

#undef TEXT

#define HEAD_MEMBERS (sizeof(head_members) / sizeof(head_members[0]))

/* head_same compares a text with |name|, which is in lower case, in any case of
   letters. */
static bool head_same(quic_bytes text, const char *name) {
  size_t i;

  for (i = 0; i < text.len && name[i]; i++) {
    uint8_t c = text.data[i];

    if (c >= 'A' && c <= 'Z') {
      c |= 0x20;
    }
    if (c != (uint8_t)name[i]) {
      return false;
    }
  }
  return i == text.len && name[i] == '\0';
}

/* A text and what it stands for. */
typedef struct head_word {
  const char *text;
  int value;
} head_word;

static int head_word_of(const head_word *words, size_t n, quic_bytes text,
                        int other) {
  for (size_t i = 0; i < n; i++) {
    if (head_same(text, words[i].text)) {
      return words[i].value;
    }
  }
  return other;
}

#define HEAD_WORD(words, text, other)                                          \
  head_word_of(words, sizeof(words) / sizeof(words[0]), text, other)

static const head_word head_vantages[] = {{"client", QLOG_VANTAGE_CLIENT},
                                          {"server", QLOG_VANTAGE_SERVER},
                                          {"network", QLOG_VANTAGE_NETWORK}};

static const head_word head_units[] = {{"ms", QLOG_STAMP_MS},
                                       {"us", QLOG_STAMP_US},
                                       {"s", QLOG_STAMP_S},
                                       {"ns", QLOG_STAMP_NS}};

static const head_word head_formats[] = {
    {"absolute", QLOG_TIME_ABSOLUTE},
    {"relative", QLOG_TIME_RELATIVE},
    {"relative_to_epoch", QLOG_TIME_RELATIVE},
    {"delta", QLOG_TIME_DELTA},
    {"relative_to_previous_event", QLOG_TIME_DELTA}};

static const head_word head_layouts[] = {
    {"json", QLOG_LAYOUT_CONTAINED},
    {"json-seq", QLOG_LAYOUT_SEQUENCE},
    {"ndjson", QLOG_LAYOUT_NDJSON},
    {"application/qlog+json", QLOG_LAYOUT_CONTAINED},
    {"application/qlog+json-seq", QLOG_LAYOUT_SEQUENCE},
    {"urn:ietf:params:qlog:file:contained", QLOG_LAYOUT_CONTAINED},
    {"urn:ietf:params:qlog:file:sequential", QLOG_LAYOUT_SEQUENCE}};

static const head_word head_columns[] = {
    {"time", QLOG_COLUMN_TIME},
    {"relative_time", QLOG_COLUMN_RELATIVE_TIME},
    {"delta_time", QLOG_COLUMN_DELTA_TIME},
    {"category", QLOG_COLUMN_CATEGORY},
    {"event", QLOG_COLUMN_NAME},
    {"event_type", QLOG_COLUMN_NAME},
    {"type", QLOG_COLUMN_NAME},
    {"name", QLOG_COLUMN_NAME},
    {"trigger", QLOG_COLUMN_TRIGGER},
    {"data", QLOG_COLUMN_DATA},
    {"group_id", QLOG_COLUMN_GROUP},
    {"odcid", QLOG_COLUMN_GROUP},
    {"path", QLOG_COLUMN_TUPLE},
    {"path_id", QLOG_COLUMN_TUPLE},
    {"tuple", QLOG_COLUMN_TUPLE}};

int qlog_head_time_format(quic_bytes text) {
  return HEAD_WORD(head_formats, text, QLOG_UNSET);
}

bool qlog_head_key(quic_bytes key) {
  for (size_t i = 0; i < HEAD_MEMBERS; i++) {
    if (head_members[i].head && qlog_token_is(key, head_members[i].key)) {
      return true;
    }
  }
  return false;
}

void qlog_head_init(qlog_head *h) {
  memset(h, 0, sizeof(*h));
  h->time_format = QLOG_UNSET;
}

static void head_layout(qlog_head *h, quic_bytes text) {
  h->claim = (qlog_layout)HEAD_WORD(head_layouts, text, h->claim);
}

static qlog_vantage head_vantage(quic_bytes text) {
  return (qlog_vantage)HEAD_WORD(head_vantages, text, QLOG_VANTAGE_UNKNOWN);
}

static quic_time head_date(quic_bytes text) {
  quic_time time;

  return qlog_stamp_date(text, &time) ? time : 0; /* "unknown" */
}

static qlog_head_text *head_text(qlog_head *h, size_t row) {
  return (qlog_head_text *)((char *)h + head_members[row].text);
}

/* head_tell takes a string or a number. */
static void head_tell(qlog_head *h, size_t row, const qlog_tokens *t) {
  qlog_head_text text = {t->text, t->escaped};
  uint8_t tell = head_members[row].tell;

  switch (tell) {
  case TELL_TEXT:
    *head_text(h, row) = text;
    break;
  case TELL_SCHEMA:
    h->version = text;
    head_layout(h, t->text);
    break;
  case TELL_LAYOUT:
    head_layout(h, t->text);
    break;
  case TELL_VANTAGE:
    h->vantage = head_vantage(t->text);
    break;
  case TELL_FLOW:
    h->flow = head_vantage(t->text);
    break;
  case TELL_START:
  case TELL_REFERENCE:
    h->reference_text = t->text;
    h->reference_in_seconds = tell == TELL_START;
    break;
  case TELL_EPOCH:
    h->reference = head_date(t->text);
    break;
  case TELL_LOGGING_START:
    h->logging_start = head_date(t->text);
    break;
  case TELL_FORMAT:
    h->time_format = qlog_head_time_format(t->text);
    break;
  case TELL_UNITS:
    h->unit = (qlog_stamp_unit)HEAD_WORD(head_units, t->text, QLOG_STAMP_MS);
    break;
  case TELL_OFFSET:
    h->offset_text = t->text;
    break;
  default:
    break;
  }
}

static void head_column(qlog_head *h, quic_bytes text) {
  if (h->ncolumns < QLOG_COLUMNS_MAX) {
    h->columns[h->ncolumns++] =
        (uint8_t)HEAD_WORD(head_columns, text, QLOG_COLUMN_OTHER);
  }
}

/* head_resolve takes the second best where the best is missing, and reads the
   numbers that need the unit. */
static void head_resolve(qlog_head *h) {
  if (h->version.text.len == 0) {
    h->version = h->old_version;
  }
  if (h->group.text.len == 0) {
    h->group = h->odcid;
  }
  if (h->reference_text.len) {
    qlog_stamp_unit unit = h->reference_in_seconds ? QLOG_STAMP_S : h->unit;

    if (!qlog_stamp_reference(h->reference_text, &unit, &h->reference) &&
        !qlog_stamp_date(h->reference_text, &h->reference)) {
      h->reference = 0;
    }
    h->reference_unit = unit;
  }
  if (h->offset_text.len &&
      !qlog_token_scaled(h->offset_text, qlog_stamp_decimals(h->unit),
                         &h->offset, &h->offset_negative)) {
    h->offset = 0;
    h->offset_negative = false;
  }
}

/* head_member returns the row of |key|, HEAD_MEMBERS for others. */
static size_t head_member(uint8_t in, quic_bytes key) {
  size_t i = 0;

  while (i < HEAD_MEMBERS && (head_members[i].in != in ||
                              !qlog_token_is(key, head_members[i].key))) {
    i++;
  }
  return i;
}

/* head_enter: an object or array opened that is the value of |row|. */
static uint8_t head_enter(qlog_head *h, size_t row) {
  uint8_t inside = row < HEAD_MEMBERS ? head_members[row].inside : IN_OTHER;

  if (inside == IN_COLUMNS) {
    h->ncolumns = 0;
  }
  return inside;
}

/* head_key finds the row of the key at hand. */
static size_t head_key(qlog_head *h, uint8_t in, quic_bytes key) {
  size_t row = head_member(in, key);

  if (row < HEAD_MEMBERS) {
    h->any = h->any || head_members[row].head;
    h->prespec = h->prespec || qlog_token_is(key, "connections");
  }
  return row;
}

void qlog_head_read(qlog_head *h, quic_bytes json) {
  uint8_t in[QLOG_DEPTH_MAX + 1] = {IN_BODY, IN_BODY};
  size_t row = HEAD_MEMBERS; /* of the key in front */
  qlog_token token;
  qlog_tokens t;

  qlog_tokens_init(&t, json);
  if (qlog_tokens_next(&t) != QLOG_TOKEN_OBJECT) {
    return;
  }
  while ((token = qlog_tokens_next(&t)) != QLOG_TOKEN_ERROR &&
         token != QLOG_TOKEN_END) {
    if (token == QLOG_TOKEN_KEY) {
      row = head_key(h, in[t.depth], t.text);
      continue;
    }
    if (token == QLOG_TOKEN_OBJECT || token == QLOG_TOKEN_ARRAY) {
      in[t.depth] = head_enter(h, row);
    } else if (token == QLOG_TOKEN_STRING || token == QLOG_TOKEN_NUMBER) {
      if (in[t.depth] == IN_COLUMNS) {
        head_column(h, t.text);
      } else if (row < HEAD_MEMBERS) {
        head_tell(h, row, &t);
      }
    }
    row = HEAD_MEMBERS;
  }
  head_resolve(h);
}
