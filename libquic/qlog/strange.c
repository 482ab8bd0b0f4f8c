#include "qlog/strange.h"

#include "qlog/read.h"

static bool strange_among(const char *const *names, size_t n, quic_bytes key) {
  for (size_t i = 0; i < n; i++) {
    if (qlog_token_is(key, names[i])) {
      return true;
    }
  }
  return false;
}

static bool strange_beside(quic_bytes key) {
  static const char *const known[] = {
      "time",        "name",          "data",           "type",   "event",
      "tuple",       "path",          "category",       "ODCID",  "group_id",
      "time_format", "protocol_type", "protocol_types", "trigger"};

  return !strange_among(known, sizeof(known) / sizeof(known[0]), key);
}

/* strange_inside: lengths of what is told as well are no loss. */
static bool strange_inside(const qlog_convert *c, quic_bytes key) {
  static const char *const lengths[] = {"dcil", "scil", "connection_id_length",
                                        "token_length", "origin_len"};
  bool folded;

  return !qlog_keys_find_any_case(&c->tables.keys, key, &folded) &&
         !strange_among(lengths, sizeof(lengths) / sizeof(lengths[0]), key);
}

static uint64_t strange_record(quic_bytes record) {
  uint64_t n = 0;
  qlog_tokens t;

  qlog_tokens_init(&t, record);
  if (qlog_tokens_next(&t) != QLOG_TOKEN_OBJECT) {
    return 0;
  }
  while (qlog_tokens_member(&t)) {
    n += strange_beside(t.text);
    if (!qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL)) {
      break;
    }
  }
  return n;
}

uint64_t qlog_strange_members(const qlog_convert *c, quic_bytes record,
                              quic_bytes data) {
  uint64_t n = strange_record(record);
  qlog_token token;
  qlog_tokens t;

  qlog_tokens_init(&t, data);
  while ((token = qlog_tokens_next(&t)) != QLOG_TOKEN_END &&
         token != QLOG_TOKEN_ERROR) {
    if (token != QLOG_TOKEN_KEY) {
      continue;
    }
    /* Details are kept with whatever names they have. */
    if (qlog_token_is(t.text, "details")) {
      if (!qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL)) {
        break;
      }
    } else {
      n += strange_inside(c, t.text);
    }
  }
  return n;
}
