#include "qlog/scratch.h"

#include <stdint.h>

#define SCRATCH_ALIGN sizeof(uint64_t)
#define SCRATCH_FIRST ((size_t)4096)

struct qlog_scratch_block {
  qlog_scratch_block *next;
  size_t cap;
  uint64_t octets[];
};

void qlog_scratch_init(qlog_scratch *s, const quic_mem *mem) {
  s->mem = mem;
  s->blocks = NULL;
  s->used = 0;
  s->failed = false;
}

static void scratch_free_after(const qlog_scratch *s,
                               qlog_scratch_block *block) {
  while (block) {
    qlog_scratch_block *next = block->next;

    quic_mem_free(s->mem, block);
    block = next;
  }
}

void qlog_scratch_free(qlog_scratch *s) {
  scratch_free_after(s, s->blocks);
  qlog_scratch_init(s, s->mem);
}

void qlog_scratch_reset(qlog_scratch *s) {
  qlog_scratch_block *newest = s->blocks;

  s->used = 0;
  s->failed = false;
  if (!newest) {
    return;
  }
  /* The newest is the largest: it may do for all the next time. */
  if (newest->next) {
    scratch_free_after(s, newest->next);
    newest->next = NULL;
  }
  if (newest->cap > QLOG_SCRATCH_KEEP) {
    qlog_scratch_free(s);
  }
}

bool qlog_scratch_much(const qlog_scratch *s) {
  return s->blocks && (s->blocks->next || s->used > QLOG_SCRATCH_MUCH);
}

static size_t scratch_round(size_t n) {
  return (n + SCRATCH_ALIGN - 1) & ~(SCRATCH_ALIGN - 1);
}

/* scratch_grow adds a block for |n| octets, twice as large as the newest. */
static bool scratch_grow(qlog_scratch *s, size_t n) {
  size_t cap = s->blocks ? s->blocks->cap : SCRATCH_FIRST / 2;
  qlog_scratch_block *block = NULL;

  cap = cap <= SIZE_MAX / 4 ? 2 * cap : cap;
  cap = cap > n ? cap : n;
  if (cap <= SIZE_MAX - sizeof(*block)) {
    block = (qlog_scratch_block *)quic_mem_alloc(s->mem, sizeof(*block) + cap);
  }
  if (!block) {
    s->failed = true;
    return false;
  }
  block->next = s->blocks;
  block->cap = cap;
  s->blocks = block;
  s->used = 0;
  return true;
}

void *qlog_scratch_take(qlog_scratch *s, size_t n) {
  uint8_t *p;

  if (n > SIZE_MAX - SCRATCH_ALIGN) {
    s->failed = true;
    return NULL;
  }
  n = scratch_round(n);
  if ((!s->blocks || s->blocks->cap - s->used < n) && !scratch_grow(s, n)) {
    return NULL;
  }
  p = (uint8_t *)s->blocks->octets + s->used;
  s->used += n;
  return p;
}

void *qlog_scratch_list(qlog_scratch *s, size_t count, size_t size) {
  if (size && count > SIZE_MAX / size) {
    s->failed = true;
    return NULL;
  }
  return qlog_scratch_take(s, count * size);
}

void qlog_scratch_trim(qlog_scratch *s, size_t n, size_t used) {
  s->used -= scratch_round(n) - scratch_round(used);
}
