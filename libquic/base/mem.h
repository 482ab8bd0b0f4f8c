#ifndef QUIC_BASE_MEM_H
#define QUIC_BASE_MEM_H

/* The allocator that is handed to every constructor. */

#include <stddef.h>

typedef struct quic_mem {
  void *user;
  /* realloc-like: |ptr| NULL allocates, |size| 0 frees and returns NULL.
     Returns NULL when out of memory, leaving |ptr| as it was. */
  void *(*resize)(void *user, void *ptr, size_t size);
} quic_mem;

/* quic_mem_default returns the process allocator, which is static. */
const quic_mem *quic_mem_default(void);

/* quic_mem_alloc returns |size| octets, not cleared, or NULL. */
void *quic_mem_alloc(const quic_mem *mem, size_t size);

/* quic_mem_zalloc returns |size| octets of zeros, or NULL. */
void *quic_mem_zalloc(const quic_mem *mem, size_t size);

/* quic_mem_resize grows or shrinks |ptr| to |count| * |size| octets; NULL when
   out of memory or when the product overflows (|ptr| stays valid). */
void *quic_mem_resize(const quic_mem *mem, void *ptr, size_t count,
                      size_t size);

/* quic_mem_grow makes room for |need| items of |size| octets in |*items|,
   doubling |*cap|.  Returns 0 or QUIC_ERR_NOMEM, |*items| then as it was. */
int quic_mem_grow(const quic_mem *mem, void **items, size_t *cap, size_t need,
                  size_t size);

/* quic_mem_free frees |ptr|; NULL is allowed. */
void quic_mem_free(const quic_mem *mem, void *ptr);

#endif /* !defined(QUIC_BASE_MEM_H) */
