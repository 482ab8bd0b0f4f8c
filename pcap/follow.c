#include "pcap/follow.h"

#include <stdio.h>

#include "pcap/stream.h"
#include "wire/varint.h"

typedef struct follow_parser {
  const char *spec;
  const char *pos;
  qd_follow_error *error;
  bool has_side, has_format;
} follow_parser;

static int follow_fail(follow_parser *ps, const char *at, const char *text) {
  ps->error->column = (size_t)(at - ps->spec);
  snprintf(ps->error->text, sizeof(ps->error->text), "%s", text);
  return QUIC_ERR_INVALID;
}

/* follow_number reads a decimal number of at most |max|. */
static int follow_number(follow_parser *ps, uint64_t max, uint64_t *value,
                         const char *expected) {
  const char *at = ps->pos;

  *value = 0;
  while (*ps->pos >= '0' && *ps->pos <= '9') {
    unsigned digit = (unsigned)(*ps->pos++ - '0');

    if (*value > (max - digit) / 10) {
      return follow_fail(ps, at, "no number is that large");
    }
    *value = *value * 10 + digit;
  }
  return ps->pos == at || (*ps->pos && *ps->pos != ':')
             ? follow_fail(ps, ps->pos, expected)
             : 0;
}

/* follow_word takes the word at |at| of |len| octets: a side or a format. */
static int follow_word(follow_parser *ps, qd_follow *what, const char *at,
                       size_t len) {
  static const char *const sides[QD_SIDES] = {
      [QD_CLIENT] = "client", [QD_SERVER] = "server"};
  static const char *const formats[] = {[QD_FOLLOW_TEXT] = "text",
                                        [QD_FOLLOW_HEX] = "hex",
                                        [QD_FOLLOW_RAW] = "raw",
                                        [QD_FOLLOW_HTTP] = "http"};

  for (int side = 0; side < QD_SIDES; side++) {
    if ((len == 1 && *at == *sides[side]) ||
        (len == strlen(sides[side]) && memcmp(at, sides[side], len) == 0)) {
      if (ps->has_side) {
        return follow_fail(ps, at, "one side, or none for both");
      }
      if (!qd_stream_sends(what->stream, (qd_side)side)) {
        return follow_fail(ps, at,
                           side == QD_CLIENT
                               ? "only the server sends on this stream: use s"
                               : "only the client sends on this stream: use c");
      }
      ps->has_side = true;
      what->sides[!side] = false;
      return 0;
    }
  }
  for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
    if (len == strlen(formats[i]) && memcmp(at, formats[i], len) == 0) {
      if (ps->has_format) {
        return follow_fail(ps, at, "one format is enough");
      }
      ps->has_format = true;
      what->format = (qd_follow_format)i;
      return 0;
    }
  }
  return follow_fail(ps, at,
                     "expected c (client), s (server), raw, hex, text or http");
}

int qd_follow_parse(qd_follow *what, const char *spec, bool terminal,
                    qd_follow_error *error) {
  follow_parser ps = {.spec = spec, .pos = spec, .error = error};
  uint64_t conn;
  int rv;

  memset(what, 0, sizeof(*what));
  rv = follow_number(&ps, UINT32_MAX, &conn,
                     "expected the number of a connection, as in 0:4");
  if (rv != 0) {
    return rv;
  }
  what->conn = (uint32_t)conn;
  if (*ps.pos != ':') {
    return follow_fail(&ps, ps.pos,
                       "expected \":\" and the number of a stream, as in 0:4");
  }
  ps.pos++;
  rv = follow_number(&ps, QUIC_VARINT_MAX, &what->stream,
                     "expected the number of a stream, as in 0:4");
  if (rv != 0) {
    return rv;
  }
  for (int side = 0; side < QD_SIDES; side++) {
    what->sides[side] = qd_stream_sends(what->stream, (qd_side)side);
  }
  while (rv == 0 && *ps.pos == ':') {
    const char *at = ++ps.pos;

    ps.pos += strcspn(at, ":");
    rv = follow_word(&ps, what, at, (size_t)(ps.pos - at));
  }
  if (rv != 0) {
    return rv;
  }
  if (!ps.has_format) {
    what->format = ps.has_side && !terminal ? QD_FOLLOW_RAW : QD_FOLLOW_TEXT;
  } else if (what->format == QD_FOLLOW_RAW && what->sides[QD_CLIENT] &&
             what->sides[QD_SERVER]) {
    return follow_fail(&ps, ps.pos,
                       "raw octets of one side only: put c or s in front");
  }
  return 0;
}
