#include "qlog/validate.h"

#include "qlog/schema.h"

#define VALIDATE_NAME_MAX 128 /* octets of a name with escapes */

/* Where in the drafts a value stands, and where in the text. */
typedef struct validate {
  qlog_violation_fn *fn;
  void *user;
  const uint8_t *base; /* of the record */
  const char *event;   /* "quic:packet_sent", or "" */
  qlog_event_type type;
  quic_text path;
  char path_buf[QLOG_PATH_MAX];
  quic_bytes time;
} validate;

/* An object's fields: those of a list, or of an event's data. */
typedef struct validate_scope {
  qlog_schema_type type;
  const qlog_schema_field *list; /* NULL: data */
  uint64_t seen;                 /* bit i: required field i, or list[i] */
} validate_scope;

const qlog_rule_info *qlog_rule_info_of(qlog_rule rule) {
  static const qlog_rule_info infos[QLOG_RULES] = {
#define QLOG_RULE(id, key, error, text) [QLOG_RULE_##id] = {key, error, text},
#include "qlog/rule.def"
#undef QLOG_RULE
  };

  return &infos[rule];
}

static void validate_init(validate *v, quic_bytes text, qlog_violation_fn *fn,
                          void *user) {
  memset(v, 0, sizeof(*v));
  v->fn = fn;
  v->user = user;
  v->base = text.data;
  v->event = "";
  quic_text_init(&v->path, v->path_buf, sizeof(v->path_buf));
}

static void validate_tell(validate *v, qlog_rule rule, const char *wants,
                          quic_bytes found, const uint8_t *at) {
  const qlog_violation out = {.rule = rule,
                              .event = v->event,
                              .path = quic_text_cstr(&v->path),
                              .wants = wants,
                              .found = found,
                              .at = (size_t)(at - v->base)};

  v->fn(v->user, &out);
}

/* validate_enter puts a member behind the path; returns where to cut it off
   again. */
static size_t validate_enter(validate *v, quic_bytes name) {
  size_t len = v->path.len;

  if (len) {
    quic_text_char(&v->path, '.');
  }
  quic_text_untrusted(&v->path, name, 0);
  return len;
}

static void validate_leave(validate *v, size_t len) {
  v->path.len = len;
}

/* validate_wrong tells that the value just begun is not as |field| says, and
   passes over it. */
static void validate_wrong(validate *v, qlog_tokens *t, qlog_token token,
                           qlog_rule rule, const qlog_schema_field *field) {
  char buf[QLOG_WANTS_MAX];
  quic_bytes found;
  quic_text wants;

  if (!qlog_tokens_skip(t, token, &found)) {
    return;
  }
  quic_text_init(&wants, buf, sizeof(buf));
  qlog_schema_wants(field, &wants);
  validate_tell(v, rule, quic_text_cstr(&wants), found, found.data);
}

/* --- values ---------------------------------------------------------------
 */

static bool validate_hex(quic_bytes text) {
  for (size_t i = 0; i < text.len; i++) {
    uint8_t c = text.data[i];

    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return false;
    }
  }
  return text.len % 2 == 0;
}

static bool validate_integer(const qlog_tokens *t, qlog_token token,
                             qlog_schema_type type) {
  static const uint64_t most[] = {[QLOG_SCHEMA_U8] = UINT8_MAX,
                                  [QLOG_SCHEMA_U16] = UINT16_MAX,
                                  [QLOG_SCHEMA_U32] = UINT32_MAX,
                                  [QLOG_SCHEMA_U64] = UINT64_MAX};
  uint64_t n;

  return (token == QLOG_TOKEN_NUMBER ||
          (token == QLOG_TOKEN_STRING && type == QLOG_SCHEMA_U64)) &&
         qlog_token_u64(t->text, &n) && n <= most[type];
}

/* validate_scalar: a value that is not nested is of |type|. */
static bool validate_scalar(const qlog_tokens *t, qlog_token token,
                            qlog_schema_type type) {
  switch (type) {
  case QLOG_SCHEMA_U8:
  case QLOG_SCHEMA_U16:
  case QLOG_SCHEMA_U32:
  case QLOG_SCHEMA_U64:
    return validate_integer(t, token, type);
  case QLOG_SCHEMA_FLOAT:
    return token == QLOG_TOKEN_NUMBER;
  case QLOG_SCHEMA_BOOL:
    return token == QLOG_TOKEN_TRUE || token == QLOG_TOKEN_FALSE;
  case QLOG_SCHEMA_TEXT:
  case QLOG_SCHEMA_NAME:
  case QLOG_SCHEMA_TRANSPORT_ERROR:
    return token == QLOG_TOKEN_STRING;
  case QLOG_SCHEMA_HEX:
    return token == QLOG_TOKEN_STRING && validate_hex(t->text);
  case QLOG_SCHEMA_U64_OR_TEXT:
    return token == QLOG_TOKEN_STRING ||
           validate_integer(t, token, QLOG_SCHEMA_U64);
  default:
    return false;
  }
}

static bool validate_among(const qlog_names *names, quic_bytes text) {
  for (int i = 0; i < names->len; i++) {
    if (qlog_token_is(text, names->names[i])) {
      return true;
    }
  }
  return false;
}

/* validate_named: the string just taken is one of those of |field|. */
static bool validate_named(const qlog_tokens *t,
                           const qlog_schema_field *field) {
  uint8_t plain[VALIDATE_NAME_MAX];
  quic_bytes text = t->text;

  if (t->escaped) {
    text = quic_bytes_of(plain,
                         qlog_token_unescape(t->text, plain, sizeof(plain)));
  }
  if (field->type == QLOG_SCHEMA_TRANSPORT_ERROR) {
    return qlog_schema_transport_error(text);
  }
  return field->type != QLOG_SCHEMA_NAME || validate_among(field->names, text);
}

/* validate_range: an array of one or two integers, whose opening was taken. */
static bool validate_range(qlog_tokens *t) {
  qlog_token token;
  unsigned n = 0;
  bool good = true;

  while ((token = qlog_tokens_next(t)) != QLOG_TOKEN_ARRAY_END) {
    if (token == QLOG_TOKEN_ERROR) {
      return true; /* not JSON: told by the reader */
    }
    good &= n++ < 2 && validate_integer(t, token, QLOG_SCHEMA_U64);
    if (!qlog_tokens_skip(t, token, NULL)) {
      return true;
    }
  }
  return good && n > 0;
}

/* --- objects --------------------------------------------------------------
 */

static void validate_members(validate *v, qlog_tokens *t,
                             validate_scope *scope);

/* validate_tagged checks an object that a member of its own names; the drafts
   say nothing of one that has a name of its own. */
static void validate_tagged(validate *v, quic_bytes text,
                            qlog_schema_type type) {
  const char *tag = qlog_schema_tag(type);
  validate_scope scope = {.type = type};
  size_t len;
  qlog_tokens t;

  qlog_tokens_init(&t, text);
  (void)qlog_tokens_next(&t);
  while (!scope.list && qlog_tokens_member(&t)) {
    bool here = !t.escaped && qlog_token_is(t.text, tag);
    qlog_token token = qlog_tokens_next(&t);

    if (here && token == QLOG_TOKEN_STRING) {
      scope.list = qlog_schema_frame(type, t.text);
      if (!scope.list) {
        len = validate_enter(v, quic_bytes_of(tag, strlen(tag)));
        validate_tell(v, QLOG_RULE_VALUE_OWN, "the name of a frame or capsule",
                      t.text, t.text.data);
        validate_leave(v, len);
        return;
      }
    } else if (!qlog_tokens_skip(&t, token, NULL)) {
      return;
    }
  }
  if (!scope.list) {
    len = validate_enter(v, quic_bytes_of(tag, strlen(tag)));
    validate_tell(v, QLOG_RULE_FIELD_MISSING, "a string",
                  quic_bytes_of(NULL, 0), text.data);
    validate_leave(v, len);
    return;
  }
  qlog_tokens_init(&t, text);
  (void)qlog_tokens_next(&t);
  validate_members(v, &t, &scope);
}

/* validate_nested checks an object whose opening was taken. */
static void validate_nested(validate *v, qlog_tokens *t,
                            const qlog_schema_field *field) {
  validate_scope scope = {.type = field->type};
  quic_bytes text;

  switch (field->type) {
  case QLOG_SCHEMA_FRAME:
  case QLOG_SCHEMA_H3_FRAME:
  case QLOG_SCHEMA_CAPSULE:
    if (qlog_tokens_skip(t, QLOG_TOKEN_OBJECT, &text)) {
      validate_tagged(v, text, field->type);
    }
    break;
  case QLOG_SCHEMA_MAP:
    (void)qlog_tokens_skip(t, QLOG_TOKEN_OBJECT, NULL);
    break;
  case QLOG_SCHEMA_DATA:
    if (v->type == QLOG_EVENT_TYPES) {
      (void)qlog_tokens_skip(t, QLOG_TOKEN_OBJECT, NULL);
      break;
    }
    validate_members(v, t, &scope);
    break;
  default:
    scope.list = qlog_schema_fields(field->type);
    validate_members(v, t, &scope);
    break;
  }
}

/* validate_one checks a value whose token was taken. */
static void validate_one(validate *v, qlog_tokens *t, qlog_token token,
                         const qlog_schema_field *field) {
  const uint8_t *at = t->at - 1; /* where an array opened */
  bool nested =
      field->type == QLOG_SCHEMA_MAP ||
      (field->type >= QLOG_SCHEMA_DATA && field->type != QLOG_SCHEMA_OBJECTS);

  if (field->type == QLOG_SCHEMA_ANY) {
    (void)qlog_tokens_skip(t, token, NULL);
  } else if (field->type == QLOG_SCHEMA_RANGE && token == QLOG_TOKEN_ARRAY) {
    if (!validate_range(t)) {
      validate_tell(v, QLOG_RULE_FIELD_TYPE, "an array of one or two integers",
                    quic_bytes_of(at, (size_t)(t->at - at)), at);
    }
  } else if (nested && token == QLOG_TOKEN_OBJECT) {
    validate_nested(v, t, field);
  } else if (nested || !validate_scalar(t, token, field->type)) {
    validate_wrong(v, t, token, QLOG_RULE_FIELD_TYPE, field);
  } else if (!validate_named(t, field)) {
    validate_wrong(v, t, token,
                   field->open || field->type != QLOG_SCHEMA_NAME
                       ? QLOG_RULE_VALUE_OWN
                       : QLOG_RULE_VALUE,
                   field);
  }
}

/* validate_value checks the value of the member just begun. */
static void validate_value(validate *v, qlog_tokens *t,
                           const qlog_schema_field *field) {
  qlog_token token = qlog_tokens_next(t);
  const uint8_t *at = t->at;
  qlog_schema_field one = *field;
  size_t n = 0;

  if (token == QLOG_TOKEN_ERROR) {
    return;
  }
  if (field->list == QLOG_SCHEMA_ONE) {
    validate_one(v, t, token, field);
    return;
  }
  if (token != QLOG_TOKEN_ARRAY) {
    validate_wrong(v, t, token, QLOG_RULE_FIELD_TYPE, field);
    return;
  }
  one.list = QLOG_SCHEMA_ONE;
  quic_text_str(&v->path, "[]");
  for (; (token = qlog_tokens_next(t)) != QLOG_TOKEN_ARRAY_END &&
         token != QLOG_TOKEN_ERROR;
       n++) {
    validate_one(v, t, token, &one);
  }
  if (n == 0 && field->list == QLOG_SCHEMA_SOME && !t->why) {
    validate_tell(v, QLOG_RULE_FIELD_TYPE, "an array that is not empty",
                  quic_bytes_of("[]", 2), at);
  }
}

/* validate_find finds the field |name| of |scope| and notes that it was seen.
 */
static bool validate_find(const validate *v, validate_scope *scope,
                          quic_bytes name, qlog_schema_field *out) {
  const char *must;

  if (!scope->list) {
    for (size_t i = 0; (must = qlog_schema_required(v->type, i)); i++) {
      if (qlog_token_is(name, must)) {
        scope->seen |= UINT64_C(1) << i;
      }
    }
    return qlog_schema_event(v->type, name, out);
  }
  for (size_t i = 0; scope->list[i].name; i++) {
    if (qlog_token_is(name, scope->list[i].name)) {
      scope->seen |= UINT64_C(1) << i;
      *out = scope->list[i];
      return true;
    }
  }
  return false;
}

/* validate_older tells of a member that is called otherwise today; an
   extension is passed over. */
static void validate_older(validate *v, validate_scope *scope,
                           const qlog_tokens *t) {
  const char *newer = scope->list ? qlog_schema_newer(scope->type, t->text)
                                  : qlog_schema_event_newer(v->type, t->text);
  qlog_schema_field ignored;

  if (newer) {
    (void)validate_find(v, scope, quic_bytes_of(newer, strlen(newer)),
                        &ignored);
    validate_tell(v, QLOG_RULE_FIELD_OLD, newer, t->text, t->text.data);
  }
}

static void validate_absent(validate *v, const char *name,
                            const qlog_schema_field *field, const uint8_t *at) {
  size_t len = validate_enter(v, quic_bytes_of(name, strlen(name)));
  char buf[QLOG_WANTS_MAX];
  quic_text wants;

  quic_text_init(&wants, buf, sizeof(buf));
  qlog_schema_wants(field, &wants);
  validate_tell(v, QLOG_RULE_FIELD_MISSING, quic_text_cstr(&wants),
                quic_bytes_of(NULL, 0), at);
  validate_leave(v, len);
}

/* validate_complete tells which required fields are missing. */
static void validate_complete(validate *v, const validate_scope *scope,
                              const uint8_t *at) {
  const qlog_schema_field *f = scope->list;
  qlog_schema_field field;
  const char *must;

  for (size_t i = 0; f && f[i].name; i++) {
    if (f[i].required && !(scope->seen >> i & 1)) {
      validate_absent(v, f[i].name, &f[i], at);
    }
  }
  for (size_t i = 0; !f && (must = qlog_schema_required(v->type, i)); i++) {
    if (!(scope->seen >> i & 1) &&
        qlog_schema_event(v->type, quic_bytes_of(must, strlen(must)), &field)) {
      validate_absent(v, must, &field, at);
    }
  }
}

/* validate_members checks an object whose opening was taken.  It calls itself
   as deep as the drafts nest objects, however deep the text is. */
static void validate_members(validate *v, qlog_tokens *t,
                             validate_scope *scope) {
  const uint8_t *at = t->at;

  while (qlog_tokens_member(t)) {
    size_t len = validate_enter(v, t->text);
    qlog_schema_field field;
    bool time =
        scope->type == QLOG_SCHEMA_EVENT && qlog_token_is(t->text, "time");

    if (validate_find(v, scope, t->text, &field)) {
      validate_value(v, t, &field);
      if (time) {
        v->time = t->text;
      }
    } else {
      validate_older(v, scope, t);
      (void)qlog_tokens_skip(t, qlog_tokens_next(t), NULL);
    }
    validate_leave(v, len);
  }
  if (!t->why) {
    validate_complete(v, scope, at);
  }
}

static void validate_text(validate *v, quic_bytes text, qlog_schema_type type) {
  const qlog_schema_field field = {.type = type};
  qlog_tokens t;

  qlog_tokens_init(&t, text);
  validate_one(v, &t, qlog_tokens_next(&t), &field);
}

/* --- records --------------------------------------------------------------
 */

/* validate_row checks the data of a row: its last object. */
static void validate_row(validate *v, quic_bytes text) {
  quic_bytes data = {NULL, 0}, span;
  qlog_tokens t;
  qlog_token token;
  size_t len;

  qlog_tokens_init(&t, text);
  (void)qlog_tokens_next(&t);
  while ((token = qlog_tokens_next(&t)) != QLOG_TOKEN_ARRAY_END) {
    if (token == QLOG_TOKEN_ERROR || !qlog_tokens_skip(&t, token, &span)) {
      return;
    }
    if (token == QLOG_TOKEN_OBJECT) {
      data = span;
    }
  }
  if (data.len) {
    len = validate_enter(v, quic_bytes_of("data", 4));
    validate_text(v, data, QLOG_SCHEMA_DATA);
    validate_leave(v, len);
  }
}

/* validate_space: the drafts have events in |space|. */
static bool validate_space(quic_bytes space) {
  for (int type = 0; type < QLOG_EVENT_TYPES; type++) {
    if (qlog_token_is(space,
                      qlog_event_info_of((qlog_event_type)type)->schema)) {
      return true;
    }
  }
  return false;
}

static void validate_name(validate *v, const qlog_record *record,
                          const qlog_event_info *info) {
  size_t len = validate_enter(v, quic_bytes_of("name", 4));
  char wants[QLOG_WANTS_MAX];
  quic_text t;

  if (!info) {
    if (validate_space(record->space)) {
      validate_tell(v, QLOG_RULE_EVENT_UNKNOWN, "", record->name, v->base);
    }
  } else if (!qlog_token_is(record->space, info->schema) ||
             !qlog_token_is(record->name, info->name)) {
    quic_text_init(&t, wants, sizeof(wants));
    quic_text_printf(&t, "%s:%s", info->schema, info->name);
    validate_tell(v, QLOG_RULE_EVENT_OLD, quic_text_cstr(&t), record->name,
                  v->base);
  }
  validate_leave(v, len);
}

void qlog_validate_record(const qlog_record *record, qlog_violation_fn *fn,
                          void *user, quic_bytes *time) {
  const qlog_event_info *info =
      record->event ? qlog_event_info_of(record->event->type) : NULL;
  quic_bytes text = record->text;
  char event[QLOG_PATH_MAX];
  validate v;
  quic_text t;

  validate_init(&v, text, fn, user);
  v.type = info ? record->event->type : QLOG_EVENT_TYPES;
  quic_text_init(&t, event, sizeof(event));
  quic_text_untrusted(&t, record->space, 0);
  quic_text_char(&t, ':');
  quic_text_untrusted(&t, record->name, 0);
  v.event = quic_text_cstr(&t);
  validate_name(&v, record, info);
  while (text.len && (text.data[0] == ' ' || text.data[0] == '\n' ||
                      text.data[0] == '\t' || text.data[0] == '\r')) {
    text = quic_bytes_of(text.data + 1, text.len - 1);
  }
  if (text.len && text.data[0] == '[') {
    validate_row(&v, text);
  } else if (text.len) {
    validate_text(&v, text, QLOG_SCHEMA_EVENT);
  }
  *time = v.time;
}

/* --- heads ----------------------------------------------------------------
 */

/* validate_version checks what is told of the file's head, where that is not at
   hand as a whole. */
static void validate_version(validate *v, quic_bytes version) {
  static const char wanted[] = "urn:ietf:params:qlog:file:contained";
  size_t len = validate_enter(v, quic_bytes_of("file_schema", 11));

  if (version.len == 0) {
    validate_tell(v, QLOG_RULE_FIELD_MISSING, wanted, version, v->base);
  } else if (version.len < 4 || memcmp(version.data, "urn:", 4) != 0) {
    validate_tell(v, QLOG_RULE_FIELD_OLD, "file_schema", version, v->base);
  } else if (!qlog_token_is(version, wanted)) {
    validate_tell(v, QLOG_RULE_VALUE_OWN, wanted, version, v->base);
  }
  validate_leave(v, len);
}

void qlog_validate_head(const qlog_validate_head_in *in, qlog_violation_fn *fn,
                        void *user) {
  const char *layout = qlog_layout_name(in->layout);
  size_t len;
  validate v;

  validate_init(&v, in->head, fn, user);
  if (in->layout == QLOG_LAYOUT_SEQUENCE) {
    validate_text(&v, in->head, QLOG_SCHEMA_FILE_HEAD);
    return;
  }
  if (in->layout != QLOG_LAYOUT_CONTAINED) {
    validate_tell(&v, QLOG_RULE_LAYOUT, "a JSON text, or a sequence of such",
                  quic_bytes_of(layout, strlen(layout)), v.base);
    return;
  }
  validate_version(&v, in->version);
  len = validate_enter(&v, quic_bytes_of("traces[]", 8));
  validate_text(&v, in->head, QLOG_SCHEMA_TRACE);
  validate_leave(&v, len);
}
