#include "qlog/slice.h"

#include <stdio.h>

#include "qlog/plain.h"
#include "qlog/slice_parts.h"
#include "qlog/token.h"

#define RS 0x1e

int qlog_slicer_new(qlog_slicer **out, const quic_mem *mem, size_t record_max,
                    qlog_slice_fn *fn, void *user) {
  qlog_slicer *s = quic_mem_zalloc(mem, sizeof(*s));

  if (!s) {
    return QUIC_ERR_NOMEM;
  }
  s->mem = mem;
  s->fn = fn;
  s->user = user;
  s->record.max = record_max < QLOG_SLICE_SHOWN ? QLOG_SLICE_SHOWN : record_max;
  s->head.max = s->trace.max = QLOG_HEAD_MAX;
  *out = s;
  return 0;
}

void qlog_slicer_del(qlog_slicer *s) {
  if (!s) {
    return;
  }
  quic_mem_free(s->mem, s->record.data);
  quic_mem_free(s->mem, s->replay.data);
  quic_mem_free(s->mem, s->head.data);
  quic_mem_free(s->mem, s->trace.data);
  quic_mem_free(s->mem, s);
}

int slice_keep(qlog_slicer *s, slice_buf *buf, const uint8_t *from,
               const uint8_t *to) {
  size_t n = (size_t)(to - from);

  if (n == 0 || buf->over) {
    return 0;
  }
  if (n > buf->max - buf->len) {
    buf->over = true;
    if (buf->len >= QLOG_SLICE_SHOWN) {
      return 0;
    }
    n = n < QLOG_SLICE_SHOWN - buf->len ? n : QLOG_SLICE_SHOWN - buf->len;
  }
  if (buf->len + n > buf->cap &&
      quic_mem_grow(s->mem, (void **)&buf->data, &buf->cap, buf->len + n, 1) !=
          0) {
    return QUIC_ERR_NOMEM;
  }
  memcpy(buf->data + buf->len, from, n);
  buf->len += n;
  return 0;
}

void slice_clear(slice_buf *buf) {
  buf->len = 0;
  buf->over = false;
}

/* slice_trim takes the white space around |slice->text| away. */
static void slice_trim(qlog_slice *slice) {
  const uint8_t *p = slice->text.data, *end = p + slice->text.len;
  const uint8_t *start = qlog_plain_spaces(p, end);

  while (end > start && qlog_plain_space(end[-1])) {
    end--;
  }
  slice->offset += (uint64_t)(start - p);
  slice->text = quic_bytes_of(start, (size_t)(end - start));
}

/* slice_learn remembers how good records begin: with a bracket, white space,
   and in objects the first key. */
static void slice_learn(qlog_slicer *s, const qlog_slice *slice) {
  const uint8_t *start = slice->text.data, *end = start + slice->text.len, *p;

  if (slice->kind != QLOG_SLICE_EVENT || slice->text.len == 0) {
    return;
  }
  if (s->opener == 0 && (*start == '{' || *start == '[')) {
    s->opener = *start;
  }
  if (s->bad != SIZE_MAX) {
    return;
  }
  s->good++;
  s->longest = slice->text.len > s->longest ? slice->text.len : s->longest;
  if (s->nsign || (*start != '{' && *start != '[')) {
    return;
  }
  s->opener = *start;
  p = qlog_plain_spaces(start + 1, end);
  if (*start == '{') {
    if (p == end || *p != '"') {
      return;
    }
    p = qlog_plain(p + 1, end);
    if (p == end || *p++ != '"') {
      return;
    }
  }
  if (p - start > QLOG_SLICE_SIGN) {
    return;
  }
  s->nsign = (uint8_t)(p - start);
  memcpy(s->sign, start, s->nsign);
}

int slice_emit(qlog_slicer *s, qlog_slice_kind kind, quic_bytes chunk,
               const uint8_t *from, const uint8_t *to, bool last,
               const char *why) {
  qlog_slice slice = {.kind = kind, .last = last, .why = why};
  bool over = (size_t)(to - from) > s->record.max;
  int rv;

  slice.whole = true;
  if (s->record.len == 0 && !over) {
    slice.text = quic_bytes_of(from, (size_t)(to - from));
    slice.offset = s->offset + (uint64_t)(from - chunk.data);
  } else {
    if (s->record.len == 0) {
      s->record_at = s->offset + (uint64_t)(from - chunk.data);
    }
    rv = slice_keep(s, &s->record, from, to);
    if (rv != 0) {
      return rv;
    }
    slice.text = quic_bytes_of(s->record.data, s->record.len);
    slice.offset = s->record_at;
    if (s->record.over) {
      slice.why = "larger than a record may be";
      slice.whole = false;
      if (slice.text.len > QLOG_SLICE_SHOWN) {
        slice.text.len = QLOG_SLICE_SHOWN;
      }
    }
  }
  slice_trim(&slice);
  rv = 0;
  if (slice.text.len || slice.why) {
    slice.separated = s->separated;
    s->separated = false;
    slice.whole = slice.whole && slice.text.len;
    s->bad = slice.why ? 0 : SIZE_MAX;
    rv = s->fn(s->user, &slice);
    slice_learn(s, &slice);
  }
  slice_clear(&s->record);
  return rv;
}

int slice_tell(qlog_slicer *s, qlog_slice_kind kind) {
  qlog_slice slice = {.kind = kind, .offset = s->offset};

  return s->fn(s->user, &slice);
}

int slice_refuse(qlog_slicer *s, const char *what) {
  s->problem = what;
  return QUIC_ERR_UNSUPPORTED;
}

/* How other files begin. */
static const struct {
  uint8_t magic[4];
  uint8_t len;
  const char *what;
} slice_magics[] = {
    {{0x1f, 0x8b}, 2, "gzip data"},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstd data"},
    {{0x0a, 0x0d, 0x0d, 0x0a}, 4, "a pcapng capture"},
    {{0xd4, 0xc3, 0xb2, 0xa1}, 4, "a pcap capture"},
    {{0xa1, 0xb2, 0xc3, 0xd4}, 4, "a pcap capture"},
    {{0x4d, 0x3c, 0xb2, 0xa1}, 4, "a pcap capture"},
    {{0xa1, 0xb2, 0x3c, 0x4d}, 4, "a pcap capture"},
};

/* slice_alien names what |s->begin| begins instead of a qlog. */
static int slice_alien(qlog_slicer *s) {
  for (size_t i = 0; i < sizeof(slice_magics) / sizeof(slice_magics[0]); i++) {
    if (s->nmagic >= slice_magics[i].len &&
        memcmp(s->magic, slice_magics[i].magic, slice_magics[i].len) == 0) {
      return slice_refuse(s, slice_magics[i].what);
    }
  }
  if (s->nbegin && s->begin[0] == '[') {
    return slice_refuse(s, memmem(s->begin, s->nbegin, "\"_index\"", 8)
                               ? "tshark's JSON"
                               : "a JSON array");
  }
  snprintf(s->problem_text, sizeof(s->problem_text),
           "not JSON: not a value at octet %llu",
           (unsigned long long)s->begin_at);
  return slice_refuse(s, s->problem_text);
}

static bool slice_word(uint8_t c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
         c == '_' || c == '$' || c == '.';
}

/* slice_assigned tells whether |s->begin| is JavaScript up to the value that it
   assigns: "var x =". */
static bool slice_assigned(const qlog_slicer *s) {
  size_t n = s->nbegin;

  while (n > 0 && qlog_plain_space(s->begin[n - 1])) {
    n--;
  }
  return n > 0 && s->begin[n - 1] == '=' && s->begin[0] != '[';
}

/* slice_begin takes the octet |c| at |at| in front of everything. */
static int slice_begin(qlog_slicer *s, uint8_t c, uint64_t at) {
  static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

  if (at < sizeof(s->magic)) {
    s->magic[at] = c;
    s->nmagic++;
  }
  if (s->nbegin == 0) {
    if (qlog_plain_space(c) || (at < 3 && c == mark[at])) {
      return 0;
    }
    s->begin_at = at;
    if (c == RS) {
      s->mode = SLICE_TEXTS;
      s->layout = QLOG_LAYOUT_SEQUENCE;
      s->separated = true;
      return 0;
    }
  }
  if (c == '{' && (s->nbegin == 0 || slice_assigned(s))) {
    return slice_json_start(s, at);
  }
  s->begin[s->nbegin++] = c;
  if (s->nbegin < sizeof(s->begin) &&
      (s->begin[0] == '[' || s->nmagic < sizeof(s->magic) || slice_word(c) ||
       c == '=' || qlog_plain_space(c))) {
    return 0; /* JavaScript, tshark, or some magic number, perhaps */
  }
  return slice_alien(s);
}

int qlog_slicer_feed(qlog_slicer *s, quic_bytes octets) {
  const uint8_t *p = octets.data;
  int rv = 0;

  while (rv == 0 && octets.len && p < octets.data + octets.len) {
    if (s->mode == SLICE_TEXTS) {
      rv = slice_texts(s, octets, p);
      break;
    }
    if (s->mode == SLICE_BEGIN) {
      rv = slice_begin(s, *p, s->offset + (uint64_t)(p - octets.data));
      p++;
    } else {
      rv = slice_json(s, octets, &p);
    }
  }
  s->offset += octets.len;
  return rv;
}

int qlog_slicer_pause(qlog_slicer *s) {
  quic_bytes nothing = {(const uint8_t *)"", 0};
  qlog_token first;
  qlog_tokens t;

  if (s->mode != SLICE_TEXTS || !s->line_feed || s->record.len == 0 ||
      s->record.over) {
    return 0;
  }
  qlog_tokens_init(&t, quic_bytes_of(s->record.data, s->record.len));
  first = qlog_tokens_next(&t);
  if (first != QLOG_TOKEN_OBJECT || !qlog_tokens_skip(&t, first, NULL) ||
      qlog_tokens_next(&t) != QLOG_TOKEN_END) {
    return 0;
  }
  s->line_feed = false;
  s->before = 0;
  return slice_emit(s, QLOG_SLICE_TEXT, nothing, nothing.data, nothing.data,
                    false, NULL);
}

int qlog_slicer_finish(qlog_slicer *s) {
  quic_bytes nothing = {(const uint8_t *)"", 0};
  int rv = 0;

  if (s->mode == SLICE_BEGIN) {
    return s->nbegin ? slice_alien(s) : 0;
  }
  if (s->mode != SLICE_TEXTS) {
    rv = slice_json_finish(s);
  }
  if (rv == 0 && s->mode == SLICE_TEXTS) {
    rv = slice_emit(s, QLOG_SLICE_TEXT, nothing, nothing.data, nothing.data,
                    true, NULL);
  }
  return rv;
}

void qlog_slicer_bad(qlog_slicer *s, size_t at) {
  s->bad = at;
}

const char *qlog_slicer_problem(const qlog_slicer *s) {
  return s->problem;
}

qlog_layout qlog_slicer_layout(const qlog_slicer *s) {
  return s->layout;
}

quic_bytes qlog_slicer_head(const qlog_slicer *s) {
  return quic_bytes_of(s->head.data, s->head.len);
}

quic_bytes qlog_slicer_trace_head(const qlog_slicer *s) {
  return quic_bytes_of(s->trace.data, s->trace.len);
}

bool qlog_slicer_cut(const qlog_slicer *s) {
  return s->cut;
}

bool qlog_slicer_lines(const qlog_slicer *s) {
  return s->lines;
}

uint64_t qlog_slicer_loose(const qlog_slicer *s) {
  return s->loose;
}
