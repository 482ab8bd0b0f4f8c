#include "crypto/suite.h"

#define SUITE_ROWS (sizeof(suite_rows) / sizeof(suite_rows[0]))
#define SUITE_NO_LIMIT (UINT64_C(1) << 62) /* every packet number there is */
#define SUITE_CCM_LIMIT 2965820            /* 2^21.5, rounded down */

/* Limits: RFC 9001 §6.6.  TLS_AES_128_CCM_8_SHA256 is not for QUIC (§5.3). */
static const quic_suite suite_rows[] = {
    {0x1301, QUIC_AEAD_AES_128_GCM, QUIC_HASH_SHA256, 16, 32, UINT64_C(1) << 23,
     UINT64_C(1) << 52, 400, "TLS_AES_128_GCM_SHA256"},
    {0x1302, QUIC_AEAD_AES_256_GCM, QUIC_HASH_SHA384, 32, 48, UINT64_C(1) << 23,
     UINT64_C(1) << 52, 500, "TLS_AES_256_GCM_SHA384"},
    {0x1303, QUIC_AEAD_CHACHA20_POLY1305, QUIC_HASH_SHA256, 32, 32,
     SUITE_NO_LIMIT, UINT64_C(1) << 36, 4400, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x1304, QUIC_AEAD_AES_128_CCM, QUIC_HASH_SHA256, 16, 32, SUITE_CCM_LIMIT,
     SUITE_CCM_LIMIT, 2900, "TLS_AES_128_CCM_SHA256"},
};

const quic_suite *quic_suite_find(uint16_t id) {
  for (size_t i = 0; i < SUITE_ROWS; i++) {
    if (suite_rows[i].id == id) {
      return &suite_rows[i];
    }
  }
  return NULL;
}

const quic_suite *quic_suite_at(size_t i) {
  return i < SUITE_ROWS ? &suite_rows[i] : NULL;
}
