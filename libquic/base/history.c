#include "base/history.h"

#define HISTORY_SIZE_MAX (UINT64_C(1) << 40)

/* Octets of one stream that lie together in the ring.  The runs of a stream
   are linked from the newest to the oldest, which is by falling offset.  |jump|
   leads further back, such that any run is found in logarithmic time (Myers'
   skew-binary jump pointers). */
struct quic_history_run {
  uint64_t offset; /* in the stream */
  uint64_t len;
  uint64_t start; /* of the octets, as |written| counts */
  uint64_t prev;  /* run numbers; 0: none */
  uint64_t jump;
  uint64_t depth; /* runs of the stream up to this one */
};

int quic_history_init(quic_history *h, const quic_mem *mem, uint64_t size) {
  uint64_t rounded = QUIC_HISTORY_RUN;

  memset(h, 0, sizeof(*h));
  if (size > HISTORY_SIZE_MAX || size > SIZE_MAX / 2) {
    return QUIC_ERR_INVALID;
  }
  while (rounded < size) {
    rounded *= 2;
  }
  h->mem = mem;
  h->size = rounded;
  h->run_count = rounded / QUIC_HISTORY_RUN;
  h->data = quic_mem_alloc(mem, (size_t)h->size);
  h->runs = quic_mem_resize(mem, NULL, (size_t)h->run_count,
                            sizeof(quic_history_run));
  if (!h->data || !h->runs) {
    quic_history_free(h);
    return QUIC_ERR_NOMEM;
  }
  return 0;
}

void quic_history_free(quic_history *h) {
  quic_mem_free(h->mem, h->data);
  quic_mem_free(h->mem, h->runs);
  h->data = NULL;
  h->runs = NULL;
}

/* history_run returns run |number|, or NULL when it gave way. */
static quic_history_run *history_run(const quic_history *h, uint64_t number) {
  if (number == 0 || h->next - number >= h->run_count) {
    return NULL;
  }
  return &h->runs[number & (h->run_count - 1)];
}

/* history_oldest: octets of the ring before that were overwritten. */
static uint64_t history_oldest(const quic_history *h) {
  return h->written > h->size ? h->written - h->size : 0;
}

/* history_begin makes an empty run of |stream| at |offset|. */
static quic_history_run *
history_begin(quic_history *h, quic_history_stream *stream, uint64_t offset) {
  quic_history_run run = {.offset = offset, .start = h->written};
  const quic_history_run *prev = history_run(h, stream->newest);
  quic_history_run *made;

  if (prev) {
    const quic_history_run *far = history_run(h, prev->jump);
    const quic_history_run *farther = far ? history_run(h, far->jump) : NULL;

    run.prev = stream->newest;
    run.depth = prev->depth + 1;
    run.jump =
        farther && prev->depth - far->depth == far->depth - farther->depth
            ? far->jump
            : run.prev;
  }
  h->next++;
  made = &h->runs[h->next & (h->run_count - 1)];
  *made = run;
  stream->newest = h->next;
  return made;
}

void quic_history_add(quic_history *h, quic_history_stream *stream,
                      uint64_t offset, quic_bytes data) {
  quic_history_run *run = history_run(h, stream->newest);
  uint64_t end = run ? run->offset + run->len : 0;
  uint64_t at, first;

  if (run && offset < end) {
    uint64_t n = end - offset < data.len ? end - offset : data.len;

    data = quic_bytes_of(data.data + n, data.len - (size_t)n);
    offset += n;
  }
  if (data.len == 0) {
    return;
  }
  if (data.len > h->size) { /* only the end would stay */
    uint64_t n = data.len - h->size;

    data = quic_bytes_of(data.data + n, (size_t)h->size);
    offset += n;
  }
  if (!run || stream->newest != h->next || offset != end) {
    run = history_begin(h, stream, offset);
  }
  at = h->written & (h->size - 1);
  first = h->size - at < data.len ? h->size - at : data.len;
  memcpy(h->data + at, data.data, (size_t)first);
  memcpy(h->data, data.data + first, data.len - (size_t)first);
  h->written += data.len;
  run->len += data.len;
}

/* history_differs compares |data| at |offset| with what |run| still has. */
static bool history_differs(const quic_history *h, const quic_history_run *run,
                            uint64_t offset, quic_bytes data) {
  uint64_t oldest = history_oldest(h);
  uint64_t gone = run->start < oldest ? oldest - run->start : 0;
  uint64_t from, to, at, first;

  if (gone >= run->len) {
    return false;
  }
  from = run->offset + gone > offset ? run->offset + gone : offset;
  to = run->offset + run->len < offset + data.len ? run->offset + run->len
                                                  : offset + data.len;
  if (from >= to) {
    return false;
  }
  at = (run->start + (from - run->offset)) & (h->size - 1);
  first = h->size - at < to - from ? h->size - at : to - from;
  data.data += from - offset;
  return memcmp(h->data + at, data.data, (size_t)first) != 0 ||
         memcmp(h->data, data.data + first, (size_t)(to - from - first)) != 0;
}

bool quic_history_conflicts(const quic_history *h,
                            const quic_history_stream *stream, uint64_t offset,
                            quic_bytes data) {
  const quic_history_run *run = history_run(h, stream->newest);
  uint64_t end = offset + data.len;
  unsigned steps = 0;

  if (data.len == 0) {
    return false;
  }
  while (run && run->offset >= end && steps++ < QUIC_HISTORY_STEPS) {
    const quic_history_run *jump = history_run(h, run->jump);

    run = jump && jump->offset >= end ? jump : history_run(h, run->prev);
  }
  /* Each of these but the last has an octet of |data|. */
  while (run && run->offset < end && run->offset + run->len > offset) {
    if (history_differs(h, run, offset, data)) {
      return true;
    }
    run = history_run(h, run->prev);
  }
  return false;
}
