#include "qlog/plain.h"
#include "qlog/slice_parts.h"

static slice_level json_level(const qlog_slicer *s) {
  return (slice_level)s->levels[s->nlevels - 1];
}

static void json_push(qlog_slicer *s, slice_level level, slice_mode mode) {
  s->levels[s->nlevels++] = (uint8_t)level;
  s->mode = mode;
}

/* json_keep appends octets of a head to the head that they are of. */
static int json_keep(qlog_slicer *s, const uint8_t *from, const uint8_t *to) {
  return slice_keep(s, s->in_element ? &s->trace : &s->head, from, to);
}

int slice_json_start(qlog_slicer *s, uint64_t at) {
  static const uint8_t brace = '{';

  s->head_at = at;
  slice_clear(&s->head);
  slice_clear(&s->trace);
  s->nlevels = 0;
  json_push(s, SLICE_FILE, SLICE_KEYS);
  return json_keep(s, &brace, &brace + 1);
}

/* json_replay reads what was taken for a head as a stream of texts, which the
   octets that follow belong to. */
static int json_replay(qlog_slicer *s) {
  quic_bytes head = qlog_slicer_head(s);
  uint64_t offset = s->offset;
  int rv;

  s->mode = SLICE_TEXTS;
  s->layout = QLOG_LAYOUT_NDJSON;
  s->lines = true;
  if (s->head.over) {
    return slice_refuse(s, "not JSON: the first text is too large and broken");
  }
  s->offset = s->head_at;
  rv = slice_texts(s, head, head.data);
  s->offset = offset;
  return rv;
}

/* json_bad tells that something at hand cannot be read. */
static int json_bad(qlog_slicer *s, const char *why) {
  qlog_slice slice = {.kind = QLOG_SLICE_EVENT, .offset = s->at, .why = why};

  slice.text = quic_bytes_of("", 0);
  return s->fn(s->user, &slice);
}

/* json_broken: a head cannot go on with the octet at hand. */
static int json_broken(qlog_slicer *s, const char *why) {
  if (!s->decided) {
    return json_replay(s);
  }
  slice_resume(s);
  return json_bad(s, why);
}

/* json_events: what is read is one JSON text, and here are events. */
static int json_events(qlog_slicer *s, bool trace) {
  int rv = 0;

  if (!s->decided) {
    s->decided = true;
    s->layout = QLOG_LAYOUT_CONTAINED;
    rv = slice_tell(s, QLOG_SLICE_CONTAINED);
  }
  if (rv == 0 && trace && !s->told) {
    s->told = true;
    rv = slice_tell(s, QLOG_SLICE_TRACE);
  }
  if (trace) {
    s->events_nlevels = s->nlevels;
    memcpy(s->events_levels, s->levels, sizeof(s->levels));
    s->events_element = s->in_element;
  }
  return rv;
}

/* json_trace_end: an element of "traces" is one without events, too. */
static int json_trace_end(qlog_slicer *s) {
  int rv = 0;

  if (s->in_element && !s->told) {
    s->told = true;
    rv = slice_tell(s, QLOG_SLICE_TRACE);
  }
  if (rv == 0 && s->told) {
    s->told = false;
    rv = slice_tell(s, QLOG_SLICE_TRACE_END);
  }
  return rv;
}

/* json_first_text: the first text is over and held no events, so it is the
   first of a stream. */
static int json_first_text(qlog_slicer *s) {
  qlog_slice slice = {.kind = QLOG_SLICE_TEXT, .offset = s->head_at};

  slice.text = qlog_slicer_head(s);
  if (s->head.over) {
    slice.why = "larger than a head may be";
    slice.text.len = QLOG_SLICE_SHOWN;
  }
  s->mode = SLICE_TEXTS;
  s->layout = QLOG_LAYOUT_NDJSON;
  s->lines = !memchr(slice.text.data, '\n', slice.text.len);
  return s->fn(s->user, &slice);
}

/* json_close ends the object or array that is open. */
static int json_close(qlog_slicer *s) {
  slice_level level = json_level(s);
  int rv = 0;

  s->nlevels--;
  switch (level) {
  case SLICE_FILE:
    if (!s->decided) {
      return json_first_text(s);
    }
    s->mode = SLICE_AFTER;
    rv = json_trace_end(s);
    return rv ? rv : slice_tell(s, QLOG_SLICE_CONTAINED_END);
  case SLICE_TRACE:
    rv = json_trace_end(s);
    s->mode = s->in_element ? SLICE_ELEMENTS : SLICE_KEYS;
    s->in_element = false;
    return rv;
  default:
    s->mode = SLICE_KEYS;
    return 0;
  }
}

static int json_keys(qlog_slicer *s, const uint8_t **p) {
  uint8_t c = **p;
  int rv = 0;

  if (c != ',' && c != '"' && c != '}' && !qlog_plain_space(c)) {
    return json_broken(s, "the head is broken: not a key");
  }
  rv = json_keep(s, *p, *p + 1);
  ++*p;
  if (c == '}') {
    s->loose += s->comma;
  }
  s->comma = c == ',' || (s->comma && qlog_plain_space(c));
  if (rv == 0 && c == '"') {
    s->key_len = 0;
    s->key_escape = false;
    s->mode = SLICE_KEY;
  } else if (rv == 0 && c == '}') {
    rv = json_close(s);
  }
  return rv;
}

/* json_stray tells whether what looks like an element of "traces" begins as
   records do: then the list of these did not end. */
static bool json_stray(const qlog_slicer *s) {
  return s->in_element && s->nsign > 1 && s->trace.len == s->nsign &&
         memcmp(s->trace.data, s->sign, s->nsign) == 0;
}

static int json_key(qlog_slicer *s, const uint8_t **p) {
  uint8_t c = **p;
  int rv;

  if (c < 0x20) {
    return json_broken(s, "the head is broken: a control character in a key");
  }
  if (s->key_escape) {
    s->key_escape = false;
  } else if (c == '\\') {
    s->key_escape = true;
  } else if (c == '"') {
    s->mode = SLICE_COLON;
  }
  if (s->mode == SLICE_KEY && s->key_len < sizeof(s->key)) {
    s->key[s->key_len++] = c;
  }
  ++*p;
  rv = json_keep(s, *p - 1, *p);
  if (rv == 0 && s->mode == SLICE_COLON && json_stray(s)) {
    slice_resume(s);
    rv = slice_again(s, s->nsign);
    return rv ? rv : json_bad(s, "a record outside of the events");
  }
  return rv;
}

static int json_colon(qlog_slicer *s, const uint8_t **p) {
  uint8_t c = **p;

  if (c != ':' && !qlog_plain_space(c)) {
    return json_broken(s, "the head is broken: a key without a colon");
  }
  if (c == ':') {
    s->mode = SLICE_VALUE;
  }
  ++*p;
  return json_keep(s, *p - 1, *p);
}

static bool json_key_is(const qlog_slicer *s, const char *name) {
  return s->key_len == strlen(name) && memcmp(s->key, name, s->key_len) == 0;
}

/* json_foreign: a member that other files of JSON begin with. */
static const char *json_foreign(const qlog_slicer *s, uint8_t c) {
  if (s->decided || json_level(s) != SLICE_FILE || c != '{') {
    return NULL;
  }
  if (json_key_is(s, "constants")) {
    return "a Chrome netlog";
  }
  return json_key_is(s, "log") ? "a HAR file" : NULL;
}

/* json_value enters what holds events; all other values are of the head. */
static int json_value(qlog_slicer *s, const uint8_t **p) {
  bool file = json_level(s) == SLICE_FILE;
  uint8_t c = **p;
  const char *foreign = json_foreign(s, c);
  int rv = 0;

  if (foreign) {
    return slice_refuse(s, foreign);
  }
  if (c == '[' && json_key_is(s, "events")) {
    json_push(s, SLICE_EVENTS, SLICE_ELEMENTS);
    rv = json_events(s, true);
  } else if (c == '[' && file &&
             (json_key_is(s, "traces") || json_key_is(s, "connections"))) {
    json_push(s, SLICE_TRACES, SLICE_ELEMENTS);
    rv = json_events(s, false);
  } else if (c == '{' && file &&
             (json_key_is(s, "trace") || json_key_is(s, "traces"))) {
    json_push(s, SLICE_TRACE, SLICE_KEYS);
  } else if (!qlog_plain_space(c)) {
    qlog_scan_start(&s->scan);
    s->mode = SLICE_SKIP;
    return 0;
  }
  ++*p;
  return rv ? rv : json_keep(s, *p - 1, *p);
}

static int json_skip(qlog_slicer *s, const uint8_t **p, const uint8_t *end) {
  const uint8_t *start = *p;
  qlog_scan_result result = qlog_scan_run(&s->scan, p, end);
  int rv = json_keep(s, start, *p);

  s->at += (uint64_t)(*p - start);
  if (rv == 0 && result == QLOG_SCAN_END) {
    s->mode = SLICE_KEYS;
  } else if (rv == 0 && result == QLOG_SCAN_BROKEN) {
    rv = json_broken(s, "the head is broken: brackets or quotation marks");
  }
  return rv;
}

/* json_elements is between the elements of "traces" or "events". */
static int json_elements(qlog_slicer *s, const uint8_t **p) {
  uint8_t c = **p;
  int rv;

  if (qlog_plain_space(c) || c == ',') {
    s->comma = s->comma || c == ',';
    ++*p;
    return 0;
  }
  if (c == '}' && json_level(s) == SLICE_EVENTS) {
    ++*p;
    return json_bad(s, "a bracket that closes nothing");
  }
  if (c == '}') { /* closes the object around a list without an end */
    static const uint8_t bracket = ']';

    rv = json_close(s);
    return rv ? rv : json_keep(s, &bracket, &bracket + 1);
  }
  if (c == ']') {
    s->loose += s->comma;
    s->comma = false;
    rv = json_close(s);
    ++*p;
    return rv ? rv : json_keep(s, *p - 1, *p);
  }
  s->comma = false;
  if (json_level(s) == SLICE_EVENTS) {
    qlog_scan_start(&s->scan);
    s->mode = SLICE_RECORD;
    return 0;
  }
  if (c == '[' && s->nsign && s->sign[0] == c) {
    return json_broken(s, "a record outside of the events");
  }
  if (c != '{') {
    qlog_scan_start(&s->scan);
    s->mode = SLICE_ELEMENT;
    return 0;
  }
  slice_clear(&s->trace);
  s->in_element = true;
  json_push(s, SLICE_TRACE, SLICE_KEYS);
  ++*p;
  return json_keep(s, *p - 1, *p);
}

static int json_element(qlog_slicer *s, const uint8_t **p, const uint8_t *end) {
  const uint8_t *start = *p;
  qlog_scan_result result = qlog_scan_run(&s->scan, p, end);

  s->at += (uint64_t)(*p - start);
  if (result == QLOG_SCAN_BROKEN) {
    return json_broken(s, "the head is broken: not a trace");
  }
  if (result == QLOG_SCAN_END) {
    s->mode = SLICE_ELEMENTS;
  }
  return 0;
}

static int json_record(qlog_slicer *s, quic_bytes chunk, const uint8_t **p) {
  const uint8_t *start = *p, *end = chunk.data + chunk.len;
  qlog_scan_result result = qlog_scan_run(&s->scan, p, end);

  if (result == QLOG_SCAN_MORE) {
    if (s->record.len == 0 && !s->record.over) {
      s->record_at = s->offset + (uint64_t)(start - chunk.data);
    }
    return slice_keep(s, &s->record, start, *p);
  }
  s->mode = SLICE_ELEMENTS;
  if (result == QLOG_SCAN_BROKEN) {
    s->mode = SLICE_RESYNC;
    s->sign_at = s->row_at = 0;
    s->line = true;
  }
  return slice_take(s, chunk, start, *p, false, s->scan.why);
}

static int json_after(qlog_slicer *s, const uint8_t **p) {
  uint8_t c = **p;

  if (c != '{' && c != ';' && !qlog_plain_space(c)) {
    s->mode = SLICE_LOST;
    if (c == ',' || c == ']' || c == '}') {
      slice_resume(s); /* the end was none */
    }
    return json_bad(s, "something behind the end of the JSON text");
  }
  ++*p;
  return c == '{' ? slice_json_start(s, s->at) : 0;
}

static int json_step(qlog_slicer *s, quic_bytes chunk, const uint8_t **p) {
  const uint8_t *end = chunk.data + chunk.len;

  switch (s->mode) {
  case SLICE_KEYS:
    return json_keys(s, p);
  case SLICE_KEY:
    return json_key(s, p);
  case SLICE_COLON:
    return json_colon(s, p);
  case SLICE_VALUE:
    return json_value(s, p);
  case SLICE_SKIP:
    return json_skip(s, p, end);
  case SLICE_ELEMENTS:
    return json_elements(s, p);
  case SLICE_ELEMENT:
    return json_element(s, p, end);
  case SLICE_RECORD:
    return json_record(s, chunk, p);
  case SLICE_RESYNC:
    return slice_resync(s, p);
  case SLICE_AFTER:
    return json_after(s, p);
  default:
    *p = end;
    return 0;
  }
}

int slice_json(qlog_slicer *s, quic_bytes chunk, const uint8_t **p) {
  int rv = 0;

  while (rv == 0 && *p < chunk.data + chunk.len && s->mode != SLICE_TEXTS) {
    s->at = s->offset + (uint64_t)(*p - chunk.data);
    rv = json_step(s, chunk, p);
  }
  return rv;
}

int slice_json_finish(qlog_slicer *s) {
  static const uint8_t nothing;
  quic_bytes none = {&nothing, 0};
  int rv = 0;

  if (!s->decided) {
    return json_replay(s);
  }
  if (s->mode == SLICE_AFTER || s->mode == SLICE_LOST) {
    return 0;
  }
  s->cut = true;
  while (rv == 0 && s->mode == SLICE_RECORD) {
    s->mode = SLICE_RESYNC;
    rv = slice_take(s, none, &nothing, &nothing, true,
                    "the file ends inside a record");
  }
  return rv;
}
