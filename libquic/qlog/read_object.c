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

/* object_mark makes |key| a member, unless it stands for names that nobody asks
   for. */
static inline void object_mark(qlog_object *o, qlog_key key) {
  o->present[key / 64] |= (uint64_t)(key != QLOG_KEY_NONE) << (key % 64);
}

/* object_put makes |key| a member and returns its value, to be filled. */
static inline qlog_value *object_put(qlog_object *o, qlog_key key,
                                     qlog_token token) {
  qlog_value *v = &o->values[key];

  object_mark(o, key);
  v->token = (uint8_t)token;
  v->escaped = v->read = false;
  return v;
}

static inline void object_set(qlog_object *o, qlog_key key, qlog_token token,
                              quic_bytes text) {
  object_put(o, key, token)->text = text;
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

/* object_guess takes the key |guess| at |p|, behind a comma if |rest|.  Returns
   where its value begins, or NULL when something else is there. */
static inline const uint8_t *object_guess(const qlog_keys *keys, qlog_key guess,
                                          const uint8_t *p, const uint8_t *end,
                                          bool rest) {
  const qlog_key_quoted *q = &keys->quoted[guess];

  if (rest) {
    if (p == end || *p != ',') {
      return NULL;
    }
    p++;
  }
  return qlog_key_is_quoted(q, p, end) ? p + q->len : NULL;
}

/* object_next_key takes the next key of an object, whatever it is, and
   remembers it as the one behind |*key|, which it becomes.  False at the
   closing brace and on errors. */
static bool object_next_key(qlog_keys *keys, qlog_tokens *t, qlog_key *before,
                            qlog_key *key) {
  if (qlog_tokens_shut(t, '}') || qlog_tokens_next(t) != QLOG_TOKEN_KEY) {
    return false;
  }
  *before = *key = object_key(keys, t);
  return true;
}

/* object_flag takes true or false at |p|; NULL when neither is there. */
static inline const uint8_t *object_flag(qlog_value *v, const uint8_t *p,
                                         const uint8_t *end) {
  bool yes = *p == 't';
  size_t len = yes ? 4 : 5;

  if ((size_t)(end - p) < len || memcmp(p, yes ? "true" : "false", len) != 0) {
    return NULL;
  }
  v->text = quic_bytes_of(p, len);
  v->token = yes ? QLOG_TOKEN_TRUE : QLOG_TOKEN_FALSE;
  v->escaped = v->read = false;
  return p + len;
}

/* object_usual takes a plain number or text, or a flag, at |p|.  Returns what
   follows, or NULL when something else is there. */
static inline const uint8_t *object_usual(qlog_value *v, const uint8_t *p,
                                          const uint8_t *end) {
  const uint8_t *rest;

  if (p == end) {
    return NULL;
  }
  if (*p == '"') {
    rest = qlog_plain(p + 1, end);
    if (rest == end || *rest != '"') {
      return NULL;
    }
    v->text = quic_bytes_of(p + 1, (size_t)(rest - p - 1));
    v->token = QLOG_TOKEN_STRING;
    v->escaped = v->read = false;
    return rest + 1;
  }
  if (*p == 't' || *p == 'f') {
    return object_flag(v, p, end);
  }
  v->read = false; /* what is there is gone in any case */
  rest = qlog_plain_number(p, end, &v->digits, &v->behind);
  if (rest) {
    v->text = quic_bytes_of(p, (size_t)(rest - p));
    v->token = QLOG_TOKEN_NUMBER;
    v->escaped = false;
    v->read = true;
  }
  return rest;
}

/* object_unusual takes any other value.  Returns its token; of an array or
   object no more than the bracket is taken. */
static qlog_token object_unusual(qlog_value *v, qlog_tokens *t) {
  qlog_token token = qlog_tokens_nested(t);

  if (token == QLOG_TOKEN_ERROR) {
    token = qlog_tokens_next(t);
  }
  if (token > QLOG_TOKEN_KEY) {
    v->text = t->text;
    v->token = (uint8_t)token;
    v->escaped = token == QLOG_TOKEN_STRING && t->escaped;
    v->read = false;
  }
  return token;
}

/* object_nested_next takes members up to one that is nested.  Returns its
   token, OBJECT or ARRAY, and in |*key| its key; else OBJECT_END or ERROR.
   |*key| is the key before, or a context. */
static qlog_token object_nested_next(qlog_convert *c, qlog_tokens *t,
                                     qlog_object *o, unsigned *key,
                                     qlog_key (*translate)(qlog_key)) {
  const uint8_t *p = t->at, *value, *end = t->end;
  qlog_keys *keys = &c->tables.keys;
  bool rest = t->expect == QLOG_EXPECT_REST;
  qlog_key *after = &keys->after[*key];

  for (;;) {
    qlog_key at = *after, as;

    value = object_guess(keys, at, p, end, rest);
    if (!value) {
      t->at = p;
      t->expect = rest ? QLOG_EXPECT_REST : QLOG_EXPECT_FIRST_KEY;
      if (!object_next_key(keys, t, after, &at)) {
        return t->why ? QLOG_TOKEN_ERROR : QLOG_TOKEN_OBJECT_END;
      }
      value = t->at;
    }
    as = translate ? translate(at) : at;
    p = object_usual(&o->values[as], value, end);
    if (!p) {
      qlog_token token;

      t->at = value;
      t->expect = QLOG_EXPECT_VALUE;
      token = object_unusual(&o->values[as], t);
      if (token <= QLOG_TOKEN_KEY) {
        *key = at;
        return token;
      }
      p = t->at;
    }
    object_mark(o, as);
    after = &keys->after[at];
    rest = true;
  }
}

/* object_whole passes over a nested value, which is kept whole as the member
   |key|. */
static bool object_whole(qlog_object *o, qlog_key key, qlog_tokens *t,
                         qlog_token token) {
  quic_bytes text;

  if (!qlog_tokens_skip(t, token, &text)) {
    return false;
  }
  object_set(o, key, token, text);
  return true;
}

/* object_inner takes the members of "raw" or "header". */
static inline bool object_inner(qlog_convert *c, qlog_tokens *t, qlog_object *o,
                                unsigned context,
                                qlog_key (*translate)(qlog_key)) {
  unsigned key = context;
  qlog_token token;

  while ((token = object_nested_next(c, t, o, &key, translate)) !=
         QLOG_TOKEN_OBJECT_END) {
    if (token == QLOG_TOKEN_ERROR ||
        !object_whole(o, translate((qlog_key)key), t, token)) {
      return false;
    }
  }
  return true;
}

/* object_nested takes what is nested in every object: "raw", "header", ACK
   ranges.  Anything else is kept whole. */
static bool object_nested(qlog_convert *c, qlog_tokens *t, qlog_object *o,
                          qlog_key key, qlog_token token) {
  if (token == QLOG_TOKEN_ARRAY &&
      (key == QLOG_KEY_ACKED_RANGES || key == QLOG_KEY_BLOCKS)) {
    object_set(o, QLOG_KEY_ACKED_RANGES, token, quic_bytes_of(NULL, 0));
    return qlog_read_ranges(c, t);
  }
  if (token == QLOG_TOKEN_OBJECT && key == QLOG_KEY_RAW) {
    return object_inner(c, t, o, QLOG_KEYS_RAW, object_raw_key);
  }
  if (token == QLOG_TOKEN_OBJECT && key == QLOG_KEY_HEADER) {
    object_set(o, key, token, quic_bytes_of(NULL, 0));
    return object_inner(c, t, o, QLOG_KEYS_HEADER, object_header_key);
  }
  return object_whole(o, key, t, token);
}

/* object_leaf takes the members of an object inside of the data. */
static bool object_leaf(qlog_convert *c, qlog_tokens *t, qlog_object *o) {
  unsigned key = QLOG_KEYS_LEAF;
  qlog_token token;

  qlog_object_clear(o);
  while ((token = object_nested_next(c, t, o, &key, NULL)) !=
         QLOG_TOKEN_OBJECT_END) {
    if (token == QLOG_TOKEN_ERROR ||
        !object_nested(c, t, o, (qlog_key)key, token)) {
      return false;
    }
  }
  return true;
}

/* object_frames takes an array of frames. */
static bool object_frames(qlog_convert *c, qlog_tokens *t) {
  c->nframes = 0; /* the last of two members of a name is the one */
  for (;;) {
    qlog_token token = qlog_tokens_open(t, '{')   ? QLOG_TOKEN_OBJECT
                       : qlog_tokens_shut(t, ']') ? QLOG_TOKEN_ARRAY_END
                                                  : qlog_tokens_next(t);

    if (token == QLOG_TOKEN_ARRAY_END) {
      break;
    }
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
  unsigned key = QLOG_KEYS_DATA + c->type;
  qlog_object *o = &c->top;
  qlog_token token;

  while ((token = object_nested_next(c, t, o, &key, NULL)) !=
         QLOG_TOKEN_OBJECT_END) {
    bool ok = false;

    if (token == QLOG_TOKEN_ARRAY && key == QLOG_KEY_FRAMES) {
      object_set(o, QLOG_KEY_FRAMES, token, quic_bytes_of(NULL, 0));
      ok = object_frames(c, t);
    } else if (token == QLOG_TOKEN_OBJECT && key == QLOG_KEY_FRAME) {
      object_set(o, QLOG_KEY_FRAME, token, quic_bytes_of(NULL, 0));
      ok = object_leaf(c, t, &c->frame);
    } else if (token != QLOG_TOKEN_ERROR) {
      ok = object_nested(c, t, o, (qlog_key)key, token);
    }
    if (!ok) {
      return false;
    }
  }
  return true;
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
  token = qlog_tokens_nested(&t);
  if (token == QLOG_TOKEN_ERROR) {
    token = qlog_tokens_next(&t);
  }
  if (token == QLOG_TOKEN_OBJECT) {
    ok = object_data(c, &t);
  } else {
    ok = qlog_tokens_skip(&t, token, NULL);
    if (ok && token != QLOG_TOKEN_NULL) {
      qlog_read_bad(c);
    }
  }
  if (ok && ((t.at == t.end && t.expect == QLOG_EXPECT_END) ||
             qlog_tokens_next(&t) == QLOG_TOKEN_END)) {
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
  v->read = false;
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
