#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static void *mem_resize_default(void *user, void *ptr, size_t size) {
  (void)user;
  if (size == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, size);
}

const quic_mem *quic_mem_default(void) {
  static const quic_mem mem = {NULL, mem_resize_default};

  return &mem;
}

void *quic_mem_alloc(const quic_mem *mem, size_t size) {
  return mem->resize(mem->user, NULL, size ? size : 1);
}

void *quic_mem_zalloc(const quic_mem *mem, size_t size) {
  void *p = quic_mem_alloc(mem, size);

  if (p) {
    memset(p, 0, size);
  }
  return p;
}

void *quic_mem_resize(const quic_mem *mem, void *ptr, size_t count,
                      size_t size) {
  if (size && count > SIZE_MAX / size) {
    return NULL;
  }
  size *= count;
  return mem->resize(mem->user, ptr, size > 0 ? size : 1);
}

int quic_mem_grow(const quic_mem *mem, void **items, size_t *cap, size_t need,
                  size_t size) {
  size_t want = *cap ? *cap : 4;
  void *p;

  if (need <= *cap) {
    return 0;
  }
  while (want < need) {
    if (want > SIZE_MAX / 2) {
      return QUIC_ERR_NOMEM;
    }
    want *= 2;
  }
  p = quic_mem_resize(mem, *items, want, size);
  if (!p) {
    return QUIC_ERR_NOMEM;
  }
  *items = p;
  *cap = want;
  return 0;
}

void quic_mem_free(const quic_mem *mem, void *ptr) {
  if (ptr) {
    mem->resize(mem->user, ptr, 0);
  }
}
