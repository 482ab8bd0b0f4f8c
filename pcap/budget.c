#include "pcap/budget.h"

#include <stdint.h>
#include <string.h>

/* In front of each block stands its size, in as many octets as keep the block
   aligned for everything. */
#define BUDGET_HEAD 16

static void *budget_resize(void *user, void *ptr, size_t size) {
  qd_budget *b = user;
  uint8_t *block = ptr ? (uint8_t *)ptr - BUDGET_HEAD : NULL;
  size_t old = 0;

  if (block) {
    memcpy(&old, block, sizeof(old));
  }
  if (size == 0) {
    quic_mem_free(b->base, block);
    b->used -= block ? old + BUDGET_HEAD : 0;
    return NULL;
  }
  if (size > SIZE_MAX - BUDGET_HEAD) {
    return NULL;
  }
  block = quic_mem_resize(b->base, block, size + BUDGET_HEAD, 1);
  if (!block) {
    return NULL;
  }
  memcpy(block, &size, sizeof(size));
  b->used += size + BUDGET_HEAD - (ptr ? old + BUDGET_HEAD : 0);
  return block + BUDGET_HEAD;
}

void qd_budget_init(qd_budget *b, const quic_mem *base) {
  b->mem = (quic_mem){.user = b, .resize = budget_resize};
  b->base = base;
  b->used = 0;
}
