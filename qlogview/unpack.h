#ifndef QV_UNPACK_H
#define QV_UNPACK_H

/* Unpackers: one for each packing, each alone in knowing its library. */

#include "base/bytes.h"
#include "base/mem.h"

#define QV_UNPACK_MAGIC 4 /* octets that tell a packing */

/* What a step did. */
typedef enum qv_unpacked {
  QV_UNPACKED_MORE, /* wants input, or has more output */
  QV_UNPACKED_END,  /* of a stream; another may follow */
  QV_UNPACKED_BAD   /* no such stream */
} qv_unpacked;

typedef struct qv_unpacker {
  const char *name; /* "gzip" */
  uint8_t magic[QV_UNPACK_MAGIC];
  size_t magic_len;
  /* |begin| returns the state, NULL without memory.  NULL: not built in. */
  void *(*begin)(const quic_mem *mem);
  /* |step| unpacks from |*in|, which it shortens, to |out| of |cap| octets and
     stores how many came in |*len|. */
  qv_unpacked (*step)(void *state, quic_bytes *in, uint8_t *out, size_t cap,
                      size_t *len);
  const char *(*why)(void *state); /* after BAD: a clause */
  void (*end)(void *state);
} qv_unpacker;

extern const qv_unpacker qv_gzip, qv_zstd;

#endif /* !defined(QV_UNPACK_H) */
