/* Zstandard (RFC 8878) by libzstd. */

#include "qlogview/unpack.h"

#ifdef H3KIT_ZSTD

#include <zstd.h>

#define ZSTD_WINDOW_LOG 27 /* 128 MB: what zstd(1) itself takes unasked */

typedef struct zstd {
  const quic_mem *mem;
  ZSTD_DStream *stream;
  const char *why;
} zstd;

static void zstd_end(void *state) {
  zstd *s = state;

  if (s) {
    ZSTD_freeDStream(s->stream);
    quic_mem_free(s->mem, s);
  }
}

static void *zstd_begin(const quic_mem *mem) {
  zstd *s = quic_mem_zalloc(mem, sizeof(*s));

  if (!s) {
    return NULL;
  }
  s->mem = mem;
  s->stream = ZSTD_createDStream();
  if (!s->stream || ZSTD_isError(ZSTD_DCtx_setParameter(
                        s->stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG))) {
    zstd_end(s);
    return NULL;
  }
  return s;
}

static qv_unpacked zstd_step(void *state, quic_bytes *in, uint8_t *out,
                             size_t cap, size_t *len) {
  zstd *s = state;
  ZSTD_inBuffer from = {in->data, in->len, 0};
  ZSTD_outBuffer to = {out, cap, 0};
  size_t rv = ZSTD_decompressStream(s->stream, &to, &from);

  in->data += from.pos;
  in->len -= from.pos;
  *len = to.pos;
  if (ZSTD_isError(rv)) {
    s->why = ZSTD_getErrorName(rv);
    return QV_UNPACKED_BAD;
  }
  return rv == 0 ? QV_UNPACKED_END : QV_UNPACKED_MORE;
}

static const char *zstd_why(void *state) {
  return ((const zstd *)state)->why;
}

const qv_unpacker qv_zstd = {
    "zstd",  {0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_begin, zstd_step, zstd_why,
    zstd_end};

#else

const qv_unpacker qv_zstd = {
    .name = "zstd", .magic = {0x28, 0xb5, 0x2f, 0xfd}, .magic_len = 4};

#endif
