#include <stdlib.h>

#include "qlog/read.h"
#include "wire/varint.h"

static void ack_add(qlog_convert *c, uint64_t a, uint64_t b) {
  uint64_t low = a < b ? a : b, high = a < b ? b : a;

  if (high > QUIC_VARINT_MAX || c->ranges_left == 0) {
    qlog_read_bad(c);
    return;
  }
  if (c->nranges == c->ranges_cap &&
      quic_mem_grow(c->mem, (void **)&c->ranges, &c->ranges_cap, c->nranges + 1,
                    sizeof(*c->ranges)) != 0) {
    c->scratch.failed = true;
    return;
  }
  c->ranges_left--;
  c->ranges[c->nranges].start = low;
  c->ranges[c->nranges++].end = high;
}

static bool ack_number(qlog_convert *c, const qlog_tokens *t, qlog_token token,
                       uint64_t *out) {
  if ((token == QLOG_TOKEN_NUMBER || token == QLOG_TOKEN_STRING) &&
      qlog_token_u64(t->text, out)) {
    return true;
  }
  qlog_read_bad(c);
  return false;
}

/* ack_range takes [a] or [a, b], the bracket of which was just returned; what
   has more or other members is left out. */
static bool ack_range(qlog_convert *c, qlog_tokens *t) {
  uint64_t v[2] = {0, 0};
  size_t n = 0;
  bool good = true;
  qlog_token token;

  while ((token = qlog_tokens_next(t)) != QLOG_TOKEN_ARRAY_END) {
    if (token == QLOG_TOKEN_OBJECT || token == QLOG_TOKEN_ARRAY ||
        token == QLOG_TOKEN_ERROR) {
      if (!qlog_tokens_skip(t, token, NULL)) {
        return false;
      }
      good = false;
    } else if (n == 2 || !ack_number(c, t, token, &v[n++])) {
      good = false;
    }
  }
  if (good && n > 0) {
    ack_add(c, v[0], v[n - 1]);
  } else if (n == 0) {
    qlog_read_bad(c);
  }
  return true;
}

/* ack_number_usual takes the plain integer at |p|.  Returns what follows, NULL
   when something else is there. */
static inline const uint8_t *ack_number_usual(const uint8_t *p,
                                              const uint8_t *end, uint64_t *v) {
  uint8_t behind;

  p = qlog_plain_number(p, end, v, &behind);
  return p && behind == 0 ? p : NULL;
}

/* ack_usual takes ranges as nearly all are written, "[7]" or "[7,9]", as far as
   that goes. */
static void ack_usual(qlog_convert *c, qlog_tokens *t) {
  const uint8_t *p;

  while (t->depth < QLOG_DEPTH_MAX && (p = qlog_tokens_at(t)) != NULL &&
         *p == '[') {
    uint64_t a, b;

    p = ack_number_usual(p + 1, t->end, &a);
    b = a;
    if (p && *p == ',') {
      p = ack_number_usual(p + 1, t->end, &b);
    }
    if (!p || *p != ']') {
      return;
    }
    ack_add(c, a, b);
    qlog_tokens_done(t, p + 1);
  }
}

bool qlog_read_ranges(qlog_convert *c, qlog_tokens *t) {
  qlog_token token;
  uint64_t v;

  c->nranges = 0;
  ack_usual(c, t);
  while ((token = qlog_tokens_next(t)) != QLOG_TOKEN_ARRAY_END) {
    if (token == QLOG_TOKEN_ARRAY) {
      if (!ack_range(c, t)) {
        return false;
      }
    } else if (token == QLOG_TOKEN_OBJECT || token == QLOG_TOKEN_ERROR) {
      if (!qlog_tokens_skip(t, token, NULL)) {
        return false;
      }
      qlog_read_bad(c);
    } else if (ack_number(c, t, token, &v)) {
      ack_add(c, v, v);
    }
  }
  return true;
}

static int ack_descending(const void *a, const void *b) {
  const quic_range *x = (const quic_range *)a, *y = (const quic_range *)b;

  return x->end < y->end ? 1 : x->end > y->end ? -1 : 0;
}

/* ack_order brings the largest range to the front; nearly always they ascend or
   descend already. */
static void ack_order(quic_range *r, size_t n) {
  bool ascending = true, descending = true;

  for (size_t i = 1; i < n; i++) {
    ascending = ascending && r[i - 1].end < r[i].end;
    descending = descending && r[i - 1].end > r[i].end;
  }
  if (descending) {
    return;
  }
  if (!ascending) {
    qsort(r, n, sizeof(*r), ack_descending);
    return;
  }
  for (size_t i = 0; i < n / 2; i++) {
    quic_range swap = r[i];

    r[i] = r[n - 1 - i];
    r[n - 1 - i] = swap;
  }
}

/* ack_join makes one of ranges that touch; returns how many are left. */
static size_t ack_join(quic_range *r, size_t n) {
  size_t last = 0;

  for (size_t i = 1; i < n; i++) {
    if (r[i].end + 1 >= r[last].start) {
      r[last].start = r[i].start < r[last].start ? r[i].start : r[last].start;
    } else {
      r[++last] = r[i];
    }
  }
  return last + 1;
}

bool qlog_read_ack(qlog_convert *c, quic_frame *f) {
  quic_range *r = c->ranges;
  size_t n = c->nranges, cap;
  quic_writer wr;
  uint8_t *p;

  if (n == 0) {
    return false;
  }
  ack_order(r, n);
  n = ack_join(r, n);
  f->u.ack.largest = r[0].end;
  f->u.ack.first_range = r[0].end - r[0].start;
  f->u.ack.range_count = n - 1;
  if (n == 1) {
    return true;
  }
  cap = (n - 1) * 16; /* two varints each */
  p = (uint8_t *)qlog_scratch_take(&c->scratch, cap);
  if (!p) {
    return false;
  }
  quic_writer_init(&wr, p, cap);
  for (size_t i = 1; i < n; i++) {
    quic_writer_varint(&wr, r[i - 1].start - r[i].end - 2);
    quic_writer_varint(&wr, r[i].end - r[i].start);
  }
  f->u.ack.ranges = quic_bytes_of(p, quic_writer_len(&wr));
  qlog_scratch_trim(&c->scratch, cap, quic_writer_len(&wr));
  return true;
}
