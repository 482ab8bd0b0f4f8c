#include "qlog/plain.h"
#include "qlog/slice_parts.h"

#define RS 0x1e

/* text_before returns the last octet of the record up to |end| that is no white
   space, 0 when there is none. */
static uint8_t text_before(const qlog_slicer *s, const uint8_t *start,
                           const uint8_t *end) {
  while (end > start && qlog_plain_space(end[-1])) {
    end--;
  }
  return end > start ? end[-1] : s->before;
}

/* text_ends tells whether a record ends with a line feed between |before| and
   |next|.  Without a separator, a brace begins a text at all places where JSON
   could not have it: the text before may be cut, but it is no part of it. */
static bool text_ends(const qlog_slicer *s, uint8_t before, uint8_t next) {
  if (s->lines) {
    return true;
  }
  return next == '{' && before != ',' && before != '[' && before != ':';
}

static int text_emit(qlog_slicer *s, quic_bytes chunk, const uint8_t *from,
                     const uint8_t *to) {
  s->before = 0;
  return slice_emit(s, QLOG_SLICE_TEXT, chunk, from, to, false, NULL);
}

/* text_stash keeps what is not complete. */
static int text_stash(qlog_slicer *s, quic_bytes chunk, const uint8_t *from) {
  const uint8_t *end = chunk.data + chunk.len;

  if (from == end) {
    return 0;
  }
  if (s->record.len == 0 && !s->record.over) {
    s->record_at = s->offset + (uint64_t)(from - chunk.data);
  }
  s->before = text_before(s, from, end);
  s->line_feed = end[-1] == '\n';
  return slice_keep(s, &s->record, from, end);
}

static void text_separated(qlog_slicer *s) {
  s->separated = true;
  if (s->layout == QLOG_LAYOUT_NDJSON) { /* the first one was missing */
    s->layout = QLOG_LAYOUT_SEQUENCE;
    s->lines = false;
  }
}

int slice_texts(qlog_slicer *s, quic_bytes chunk, const uint8_t *p) {
  const uint8_t *start = p, *end = chunk.data + chunk.len;
  int rv = 0;

  if (s->line_feed && p < end && text_ends(s, s->before, *p)) {
    rv = text_emit(s, chunk, p, p);
  }
  s->line_feed = false;
  while (rv == 0 && p < end) {
    const uint8_t *feed = memchr(p, '\n', (size_t)(end - p));
    const uint8_t *stop = feed ? feed : end;
    const uint8_t *separator = memchr(p, RS, (size_t)(stop - p));

    if (separator) {
      rv = text_emit(s, chunk, start, separator);
      text_separated(s);
      start = p = separator + 1;
    } else {
      p = feed ? feed + 1 : end;
      if (p < end && text_ends(s, text_before(s, start, p), *p)) {
        rv = text_emit(s, chunk, start, p);
        start = p;
      }
    }
  }
  return rv ? rv : text_stash(s, chunk, start);
}
