/* gzip (RFC 1952) by zlib. */

#include "qlogview/unpack.h"

#ifdef H3KIT_ZLIB

#include <limits.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* largest window, gzip's head and tail */

typedef struct gzip {
  const quic_mem *mem;
  z_stream z;
  bool ended; /* a member; the next octets begin another */
} gzip;

static voidpf gzip_alloc(voidpf user, uInt items, uInt size) {
  return quic_mem_resize(user, NULL, items, size);
}

static void gzip_release(voidpf user, voidpf ptr) {
  quic_mem_free(user, ptr);
}

static void gzip_end(void *state) {
  gzip *g = state;

  if (g) {
    (void)inflateEnd(&g->z);
    quic_mem_free(g->mem, g);
  }
}

static void *gzip_begin(const quic_mem *mem) {
  gzip *g = quic_mem_zalloc(mem, sizeof(*g));

  if (!g) {
    return NULL;
  }
  g->mem = mem;
  g->z.zalloc = gzip_alloc;
  g->z.zfree = gzip_release;
  g->z.opaque = (voidpf)(uintptr_t)mem;
  if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
    quic_mem_free(mem, g);
    return NULL;
  }
  return g;
}

static qv_unpacked gzip_step(void *state, quic_bytes *in, uint8_t *out,
                             size_t cap, size_t *len) {
  gzip *g = state;
  int rv;

  *len = 0;
  if (g->ended) {
    if (in->len == 0) {
      return QV_UNPACKED_END;
    }
    if (inflateReset(&g->z) != Z_OK) {
      return QV_UNPACKED_BAD;
    }
    g->ended = false;
  }
  g->z.next_in = (Bytef *)(uintptr_t)in->data;
  g->z.avail_in = in->len > UINT_MAX ? UINT_MAX : (uInt)in->len;
  g->z.next_out = out;
  g->z.avail_out = cap > UINT_MAX ? UINT_MAX : (uInt)cap;
  rv = inflate(&g->z, Z_NO_FLUSH);
  in->len -= (size_t)(g->z.next_in - in->data);
  in->data = g->z.next_in;
  *len = (size_t)(g->z.next_out - out);
  if (rv == Z_STREAM_END) {
    g->ended = true;
    return QV_UNPACKED_END;
  }
  return rv == Z_OK || rv == Z_BUF_ERROR ? QV_UNPACKED_MORE : QV_UNPACKED_BAD;
}

static const char *gzip_why(void *state) {
  const gzip *g = state;

  return g->z.msg ? g->z.msg : "damaged";
}

const qv_unpacker qv_gzip = {"gzip",    {0x1f, 0x8b}, 2,       gzip_begin,
                             gzip_step, gzip_why,     gzip_end};

#else

const qv_unpacker qv_gzip = {
    .name = "gzip", .magic = {0x1f, 0x8b}, .magic_len = 2};

#endif
