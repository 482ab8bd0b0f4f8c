#include "qpack/history.h"

#include <string.h>

/* One sight closes this part of the gap to certainty. */
#define HISTORY_STEP 6

int qpack_history_init(qpack_history *h, const quic_mem *mem, size_t len,
                       uint32_t half) {
  size_t sets = 1;

  while (sets * QPACK_HISTORY_WAYS < len) {
    sets *= 2;
  }
  h->mem = mem;
  h->half = half;
  h->mask = sets - 1;
  h->items =
      quic_mem_zalloc(mem, sets * QPACK_HISTORY_WAYS * sizeof(h->items[0]));
  return h->items ? 0 : QUIC_ERR_NOMEM;
}

void qpack_history_free(qpack_history *h) {
  quic_mem_free(h->mem, h->items);
  h->items = NULL;
}

static qpack_history_item *history_set(const qpack_history *h, uint64_t key) {
  return &h->items[(key & h->mask) * QPACK_HISTORY_WAYS];
}

qpack_history_item *qpack_history_find(const qpack_history *h, uint64_t key) {
  qpack_history_item *set = history_set(h, key);

  for (size_t i = 0; i < QPACK_HISTORY_WAYS; i++) {
    if (set[i].key == key) {
      return &set[i];
    }
  }
  return NULL;
}

uint32_t qpack_history_rate(const qpack_history *h,
                            const qpack_history_item *item, uint64_t now) {
  return item ? (uint32_t)((uint64_t)item->rate * h->half /
                           (h->half + (now - item->last)))
              : 0;
}

qpack_history_item *qpack_history_see(qpack_history *h, uint64_t key,
                                      uint64_t now) {
  qpack_history_item *item = qpack_history_find(h, key);

  if (!item) {
    qpack_history_item *set = history_set(h, key);

    item = set;
    for (size_t i = 1; i < QPACK_HISTORY_WAYS; i++) {
      if (set[i].last < item->last) {
        item = &set[i];
      }
    }
    memset(item, 0, sizeof(*item));
    item->key = key;
    item->last = now;
  }
  item->rate = qpack_history_rate(h, item, now);
  item->rate += (QPACK_HISTORY_ONE - item->rate) / HISTORY_STEP;
  item->last = now;
  item->times += item->times < UINT32_MAX;
  return item;
}
