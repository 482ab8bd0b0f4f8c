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

/* text_next returns where |c| is next from |p| on, |end| when nowhere, given
   that it was at |known| when last looked for. */
static const uint8_t *text_next(const uint8_t *known, const uint8_t *p,
                                const uint8_t *end, uint8_t c) {
  if (!known || known < p) {
    known = memchr(p, c, (size_t)(end - p));
  }
  return known ? known : end;
}

int slice_texts(qlog_slicer *s, quic_bytes chunk, const uint8_t *p) {
  const uint8_t *start = p, *end = chunk.data + chunk.len;
  const uint8_t *feed, *separator;
  int rv = 0;

  if (p == end) {
    return 0;
  }
  if (s->line_feed && text_ends(s, s->before, *p)) {
    rv = text_emit(s, chunk, p, p);
  }
  s->line_feed = false;
  feed = text_next(NULL, p, end, '\n');
  separator = text_next(NULL, p, end, RS);
  while (rv == 0 && p < end) {
    feed = text_next(feed, p, end, '\n');
    separator = text_next(separator, p, end, RS);
    if (separator < feed) {
      rv = text_emit(s, chunk, start, separator);
      text_separated(s);
      start = p = separator + 1;
    } else {
      p = feed < end ? feed + 1 : end;
      if (p < end && text_ends(s, text_before(s, start, p), *p)) {
        rv = text_emit(s, chunk, start, p);
        start = p;
      }
    }
  }
  return rv ? rv : text_stash(s, chunk, start);
}
