#include "qpack/error.h"

#include <stddef.h>

static const qpack_error error_rows[QPACK_REASONS] = {
#define QPACK_REASON(name, code, section, clause)                              \
  {QPACK_REASON_##name, code, section, clause, 0},
#include "qpack/error.def"
#undef QPACK_REASON
};

int qpack_error_set(qpack_error *err, qpack_reason reason, uint64_t offset) {
  *err = error_rows[reason];
  err->offset = offset;
  if (err->code) {
    return QUIC_ERR_PROTOCOL;
  }
  switch (reason) {
  case QPACK_REASON_NONE:
    return 0;
  case QPACK_REASON_MEMORY:
    return QUIC_ERR_NOMEM;
  default:
    return QUIC_ERR_LIMIT;
  }
}

const char *qpack_error_name(uint64_t code) {
  static const char *const names[] = {"QPACK_DECOMPRESSION_FAILED",
                                      "QPACK_ENCODER_STREAM_ERROR",
                                      "QPACK_DECODER_STREAM_ERROR"};

  return code >= QPACK_DECOMPRESSION_FAILED &&
                 code <= QPACK_DECODER_STREAM_ERROR
             ? names[code - QPACK_DECOMPRESSION_FAILED]
             : NULL;
}
