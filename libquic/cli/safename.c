#include "cli/safename.h"

#define SAFENAME_WORK 1024 /* octets looked at of authority and path, each */
#define SAFENAME_END 24    /* octets of the part from the last dot on */
/* "-18446744073709551615" and a suffix of 8 are added later. */
#define SAFENAME_ROOM (CLI_SAFENAME_MAX - 21 - 8)

static bool safename_passes(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || (c && strchr("-._+=,@%~", c));
}

/* safename_put appends |b| to |t|: each character that is not safe becomes
   "_". */
static void safename_put(quic_text *t, quic_bytes b) {
  size_t len = b.len < SAFENAME_WORK ? b.len : SAFENAME_WORK;

  for (size_t i = 0; i < len; i++) {
    char c = safename_passes(b.data[i]) ? (char)b.data[i] : '_';

    if (c == '.' && t->len && t->buf[t->len - 1] == '.') {
      continue;
    }
    if (t->len == 0 && strchr("-.~+=,@%", c)) {
      c = '_';
    }
    quic_text_char(t, c);
  }
}

/* safename_trim leaves out what a directory's path ends with. */
static void safename_trim(quic_text *t) {
  while (t->len > 1 &&
         (t->buf[t->len - 1] == '_' || t->buf[t->len - 1] == '.')) {
    t->len--;
  }
}

/* safename_dot returns where the last part of |t| begins, as in ".tar"; its end
   when there is no such part. */
static size_t safename_dot(const quic_text *t, size_t from) {
  for (size_t i = t->len; i > from && t->len - i < SAFENAME_END; i--) {
    if (t->buf[i - 1] == '.' && i > 1) {
      return i - 1;
    }
    if (t->buf[i - 1] == '_') {
      break;
    }
  }
  return t->len;
}

void cli_safename_init(cli_safename *name, quic_bytes authority,
                       quic_bytes path, const char *suffix) {
  char buf[2 * SAFENAME_WORK + 8];
  quic_text t;
  size_t host, dot, room;
  quic_text stem, end;

  quic_text_init(&t, buf, sizeof(buf));
  safename_put(&t, authority);
  host = t.len;
  if (host && path.len && path.data[0] != '/') {
    quic_text_char(&t, '_');
  }
  safename_put(&t, path);
  safename_trim(&t);
  if (t.len == 0) {
    quic_text_str(&t, "unnamed");
  }
  dot = safename_dot(&t, host < t.len ? host : t.len);
  quic_text_init(&end, name->end, sizeof(name->end));
  quic_text_mem(&end, buf + dot, t.len - dot);
  quic_text_str(&end, suffix);
  room = SAFENAME_ROOM > end.len ? SAFENAME_ROOM - end.len : 1;
  quic_text_init(&stem, name->stem, sizeof(name->stem));
  if (dot <= room) {
    quic_text_mem(&stem, buf, dot);
  } else {
    /* The end of a path tells more than its middle. */
    quic_text_mem(&stem, buf, room / 2);
    quic_text_char(&stem, '~');
    quic_text_mem(&stem, buf + dot - (room - room / 2 - 1),
                  room - room / 2 - 1);
  }
  (void)quic_text_cstr(&end);
  (void)quic_text_cstr(&stem);
}

void cli_safename_text(const cli_safename *name, uint64_t number,
                       const char *suffix, quic_text *t) {
  quic_text_str(t, name->stem);
  if (number > 1) {
    quic_text_char(t, '-');
    quic_text_u64(t, number);
  }
  quic_text_str(t, name->end);
  quic_text_str(t, suffix);
}
