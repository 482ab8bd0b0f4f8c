#include "qlog/plain.h"
#include "qlog/slice_parts.h"

/* How events are found again behind one that is broken. */

void slice_resume(qlog_slicer *s) {
  if (s->events_nlevels == 0) {
    s->mode = SLICE_LOST;
    s->cut = true;
    return;
  }
  s->mode = SLICE_RESYNC;
  s->nlevels = s->events_nlevels;
  memcpy(s->levels, s->events_levels, sizeof(s->levels));
  s->in_element = s->events_element;
  s->told = true;
  s->sign_at = s->row_at = 0;
  s->line = true; /* a record may begin with the octet at hand */
}

int slice_again(qlog_slicer *s, uint8_t n) {
  const uint8_t *p = s->sign;

  qlog_scan_start(&s->scan);
  s->mode = SLICE_RECORD;
  if (n == 0) {
    return 0;
  }
  (void)qlog_scan_run(&s->scan, &p, s->sign + n);
  s->record_at = s->at + 1 - n;
  return slice_keep(s, &s->record, s->sign, s->sign + n);
}

/* resync_between follows the end of a row and the start of the next, "}],[",
   with white space anywhere; tells when |c| is the last octet of that. */
static bool resync_between(qlog_slicer *s, uint8_t c) {
  static const uint8_t between[] = {'}', ']', ',', '['};

  if (c == between[s->row_at]) {
    s->row_at++;
  } else if (!qlog_plain_space(c)) {
    s->row_at = c == '}';
  }
  if (s->row_at == sizeof(between)) {
    s->row_at = 0;
    return true;
  }
  return false;
}

int slice_resync(qlog_slicer *s, const uint8_t **p) {
  uint8_t c = **p;
  bool row = resync_between(s, c) || s->line;

  if (s->nsign > 1) {
    s->sign_at = c == s->sign[s->sign_at] ? s->sign_at + 1 : c == s->sign[0];
    if (s->sign_at == s->nsign) {
      ++*p;
      return slice_again(s, s->nsign);
    }
  } else if (s->opener == '{' ? c == '{' && !s->nsign : c == '[' && row) {
    return slice_again(s, 0);
  }
  s->line = c == '\n' || (s->line && qlog_plain_space(c));
  ++*p;
  return 0;
}

/* resync_line tells whether nothing but white space is between |end| and the
   line feed before it. */
static bool resync_line(const uint8_t *start, const uint8_t *end) {
  while (end > start && qlog_plain_space(end[-1])) {
    if (*--end == '\n') {
      return true;
    }
  }
  return false;
}

/* resync_second reads |text|, a record that turned out to be broken, a second
   time from its octet |at| on: a bracket that is missing makes records look
   like parts of the one in front of them.  What is read a second time is not
   read a third time. */
static int resync_second(qlog_slicer *s, quic_bytes text, uint64_t offset,
                         size_t at) {
  uint64_t before = s->offset;
  quic_bytes rest = {text.data + at, text.len - at};
  const uint8_t *p = rest.data;
  int rv;

  s->mode = SLICE_RESYNC;
  s->sign_at = s->row_at = 0;
  s->line = *p == '[' || resync_line(text.data, p);
  s->replayed = offset + text.len;
  s->offset = offset + at;
  rv = slice_json(s, rest, &p);
  s->offset = before;
  return rv;
}

/* resync_hidden tells whether the record that was just handed out may hide
   others. */
static bool resync_hidden(const qlog_slicer *s, quic_bytes text,
                          uint64_t offset) {
  return offset >= s->replayed && text.len > 1 && text.len <= s->record.max &&
         s->bad < text.len && text.len > s->longest;
}

/* resync_swap saves the buffer of the record at hand from the records that come
   of reading it a second time. */
static void resync_swap(qlog_slicer *s) {
  slice_buf buf = s->record;

  s->record = s->replay;
  s->record.max = buf.max;
  s->replay = buf;
}

int slice_take(qlog_slicer *s, quic_bytes chunk, const uint8_t *start,
               const uint8_t *p, bool last, const char *why) {
  quic_bytes text = quic_bytes_of(start, (size_t)(p - start));
  uint64_t offset = s->offset + (uint64_t)(start - chunk.data);
  size_t kept = s->record.len;
  bool over = s->record.over;
  slice_mode mode = s->mode;
  int rv = slice_emit(s, QLOG_SLICE_EVENT, chunk, start, p, last, why);

  if (kept) {
    text = quic_bytes_of(s->record.data, kept + text.len);
    offset = s->record_at;
  }
  if (rv == 0 && !over && resync_hidden(s, text, offset)) {
    uint64_t good = s->good;

    if (kept) {
      resync_swap(s);
    }
    rv = resync_second(s, text, offset, s->bad + !s->bad);
    if (s->good == good && s->mode != SLICE_RECORD) {
      slice_resume(s); /* whatever was found instead */
      s->mode = mode;
    }
  }
  return rv;
}
