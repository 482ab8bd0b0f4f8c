#include "qlog/read.h"

/* Members of "raw" and "header" stand in the object around them, under keys of
   their own where one of the same name could stand there as well. */
static qlog_key object_raw_key(qlog_key key) {
  switch (key) {
  case QLOG_KEY_LENGTH:
    return QLOG_KEY_RAW_LENGTH;
  case QLOG_KEY_PAYLOAD_LENGTH:
    return QLOG_KEY_RAW_PAYLOAD_LENGTH;
  case QLOG_KEY_DATA:
    return QLOG_KEY_RAW_DATA;
  default:
    return QLOG_KEY_NONE;
  }
}

static qlog_key object_header_key(qlog_key key) {
  switch (key) {
  case QLOG_KEY_LENGTH:
    return QLOG_KEY_HEADER_LENGTH;
  case QLOG_KEY_TYPE:
    return QLOG_KEY_PACKET_TYPE;
  default:
    return key;
  }
}

static inline void object_set(qlog_object *o, qlog_key key, qlog_token token,
                              quic_bytes text, bool escaped) {
  qlog_value *v = &o->values[key];

  o->present[key / 64] |= UINT64_C(1) << (key % 64);
  v->text = text;
  v->token = (uint8_t)token;
  v->escaped = escaped;
}

/* object_key finds the key just returned; hardly ever is one escaped. */
static qlog_key object_key(const qlog_keys *keys, const qlog_tokens *t) {
  uint8_t plain[QLOG_KEY_LEN];

  if (!t->escaped) {
    return qlog_keys_find(keys, t->text);
  }
  return qlog_keys_find(
      keys,
      quic_bytes_of(plain, qlog_token_unescape(t->text, plain, sizeof(plain))));
}

/* object_scalar takes a value that is not nested as the member |key|. */
static inline bool object_scalar(qlog_object *o, qlog_key key,
                                 const qlog_tokens *t, qlog_token token) {
  if (token == QLOG_TOKEN_ERROR) {
    return false;
  }
  if (key) {
    object_set(o, key, token, t->text, t->escaped);
  }
  return true;
}

/* object_take takes a value whose token was just returned as the member |key|:
   what is nested is passed over and kept whole. */
static bool object_take(qlog_object *o, qlog_key key, qlog_tokens *t,
                        qlog_token token) {
  quic_bytes text;

  if (token != QLOG_TOKEN_OBJECT && token != QLOG_TOKEN_ARRAY) {
    return object_scalar(o, key, t, token);
  }
  if (!qlog_tokens_skip(t, token, &text)) {
    return false;
  }
  if (key) {
    object_set(o, key, token, text, false);
  }
  return true;
}

/* object_inner takes the members of "raw" or "header". */
static bool object_inner(qlog_convert *c, qlog_tokens *t, qlog_object *o,
                         qlog_key (*translate)(qlog_key)) {
  while (qlog_tokens_next(t) == QLOG_TOKEN_KEY) {
    qlog_key key = translate(object_key(&c->tables.keys, t));

    if (!object_take(o, key, t, qlog_tokens_next(t))) {
      return false;
    }
  }
  return !t->why;
}

/* object_nested takes what is nested in every object: "raw", "header", ACK
   ranges.  Anything else is kept whole. */
static bool object_nested(qlog_convert *c, qlog_tokens *t, qlog_object *o,
                          qlog_key key, qlog_token token) {
  if (token == QLOG_TOKEN_ARRAY &&
      (key == QLOG_KEY_ACKED_RANGES || key == QLOG_KEY_BLOCKS)) {
    object_set(o, QLOG_KEY_ACKED_RANGES, token, quic_bytes_of(NULL, 0), false);
    return qlog_read_ranges(c, t);
  }
  if (token == QLOG_TOKEN_OBJECT && key == QLOG_KEY_RAW) {
    return object_inner(c, t, o, object_raw_key);
  }
  if (token == QLOG_TOKEN_OBJECT && key == QLOG_KEY_HEADER) {
    object_set(o, key, token, quic_bytes_of(NULL, 0), false);
    return object_inner(c, t, o, object_header_key);
  }
  return object_take(o, key, t, token);
}

/* object_leaf takes the members of an object inside of the data. */
static bool object_leaf(qlog_convert *c, qlog_tokens *t, qlog_object *o) {
  qlog_object_clear(o);
  while (qlog_tokens_next(t) == QLOG_TOKEN_KEY) {
    qlog_key key = object_key(&c->tables.keys, t);
    qlog_token token = qlog_tokens_next(t);
    bool nested = token == QLOG_TOKEN_OBJECT || token == QLOG_TOKEN_ARRAY;

    if (nested ? !object_nested(c, t, o, key, token)
               : !object_scalar(o, key, t, token)) {
      return false;
    }
  }
  return !t->why;
}

/* object_frames takes an array of frames. */
static bool object_frames(qlog_convert *c, qlog_tokens *t) {
  qlog_token token;

  c->nframes = 0; /* the last of two members of a name is the one */
  while ((token = qlog_tokens_next(t)) != QLOG_TOKEN_ARRAY_END) {
    if (token == QLOG_TOKEN_OBJECT) {
      c->nranges = 0;
      if (!object_leaf(c, t, &c->frame)) {
        return false;
      }
      qlog_read_frame(c);
    } else {
      if (!qlog_tokens_skip(t, token, NULL)) {
        return false;
      }
      qlog_read_bad(c);
    }
  }
  c->nranges = 0;
  return true;
}

static bool object_data(qlog_convert *c, qlog_tokens *t) {
  qlog_object *o = &c->top;

  while (qlog_tokens_next(t) == QLOG_TOKEN_KEY) {
    qlog_key key = object_key(&c->tables.keys, t);
    qlog_token token = qlog_tokens_next(t);
    bool ok;

    if (token == QLOG_TOKEN_ARRAY && key == QLOG_KEY_FRAMES) {
      object_set(o, key, token, quic_bytes_of(NULL, 0), false);
      ok = object_frames(c, t);
    } else if (token == QLOG_TOKEN_OBJECT && key == QLOG_KEY_FRAME) {
      object_set(o, key, token, quic_bytes_of(NULL, 0), false);
      ok = object_leaf(c, t, &c->frame);
    } else if (token == QLOG_TOKEN_OBJECT || token == QLOG_TOKEN_ARRAY) {
      ok = object_nested(c, t, o, key, token);
    } else {
      ok = object_scalar(o, key, t, token);
    }
    if (!ok) {
      return false;
    }
  }
  return !t->why;
}

int qlog_read_data(qlog_convert *c, quic_bytes json,
                   qlog_convert_error *error) {
  qlog_tokens t;
  qlog_token token;
  bool ok;

  qlog_object_clear(&c->top);
  c->nframes = 0;
  c->nranges = 0;
  if (json.len == 0) {
    return 0;
  }
  qlog_tokens_init(&t, json);
  token = qlog_tokens_next(&t);
  if (token == QLOG_TOKEN_OBJECT) {
    ok = object_data(c, &t);
  } else {
    ok = qlog_tokens_skip(&t, token, NULL);
    if (ok && token != QLOG_TOKEN_NULL) {
      qlog_read_bad(c);
    }
  }
  if (ok && qlog_tokens_next(&t) == QLOG_TOKEN_END) {
    return 0;
  }
  error->why = t.why;
  error->at = (size_t)(t.where - t.start);
  return QUIC_ERR_MALFORMED;
}

bool qlog_read_span(qlog_convert *c, const qlog_value *v, qlog_object *o) {
  qlog_tokens t;

  if (!v || v->token == QLOG_TOKEN_NULL) {
    return false;
  }
  if (v->token != QLOG_TOKEN_OBJECT) {
    qlog_read_bad(c);
    return false;
  }
  qlog_tokens_init(&t, v->text);
  return qlog_tokens_next(&t) == QLOG_TOKEN_OBJECT && object_leaf(c, &t, o);
}

bool qlog_read_list(qlog_convert *c, const qlog_value *v, qlog_tokens *t) {
  if (!v || v->token == QLOG_TOKEN_NULL) {
    return false;
  }
  if (v->token != QLOG_TOKEN_ARRAY) {
    qlog_read_bad(c);
    return false;
  }
  qlog_tokens_init(t, v->text);
  return qlog_tokens_next(t) == QLOG_TOKEN_ARRAY;
}

bool qlog_read_list_next(qlog_tokens *t, qlog_value *v) {
  qlog_token token = qlog_tokens_next(t);

  if (token == QLOG_TOKEN_ARRAY_END || token == QLOG_TOKEN_ERROR) {
    return false;
  }
  v->token = (uint8_t)token;
  v->text = t->text;
  v->escaped = t->escaped;
  if (token == QLOG_TOKEN_OBJECT || token == QLOG_TOKEN_ARRAY) {
    v->escaped = false;
    return qlog_tokens_skip(t, token, &v->text);
  }
  return true;
}

bool qlog_read_list_next_object(qlog_convert *c, qlog_tokens *t) {
  qlog_token token;

  while ((token = qlog_tokens_next(t)) != QLOG_TOKEN_ARRAY_END) {
    if (token == QLOG_TOKEN_OBJECT) {
      return object_leaf(c, t, &c->item);
    }
    if (!qlog_tokens_skip(t, token, NULL)) {
      return false;
    }
    qlog_read_bad(c);
  }
  return false;
}
