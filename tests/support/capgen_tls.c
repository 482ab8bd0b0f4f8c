#include "tests/support/capgen_tls.h"

#include <stdlib.h>

#include "tests/vectors/cert.h"
#include "wire/tlspeek.h"

#define GROUP_X25519 0x001d
#define GROUP_P256 0x0017
#define KEY_LEN 32 /* an X25519 share */

/* Vectors with a length in front are written by leaving room for it.  |width|
   octets; tls_end fills in what came since. */
static size_t tls_begin(quic_writer *wr, size_t width) {
  quic_writer_fill(wr, 0, width);
  return quic_writer_len(wr);
}

static void tls_end(quic_writer *wr, size_t start, size_t width) {
  size_t len = quic_writer_len(wr) - start;

  if (wr->failed) {
    abort();
  }
  for (size_t i = 1; i <= width; i++, len >>= 8) {
    wr->base[start - i] = (uint8_t)len;
  }
}

static size_t tls_message(quic_writer *wr, uint8_t type) {
  quic_writer_u8(wr, type);
  return tls_begin(wr, 3);
}

static size_t tls_extension(quic_writer *wr, uint16_t id) {
  quic_writer_u16(wr, id);
  return tls_begin(wr, 2);
}

static void tls_random(quic_writer *wr, quic_rng *rng, size_t n) {
  uint8_t *p = quic_writer_take(wr, n);

  if (!p) {
    abort();
  }
  quic_rng_fill(rng, p, n);
}

static void tls_u16_list(quic_writer *wr, uint16_t extension,
                         const uint16_t *list) {
  size_t ext = tls_extension(wr, extension);
  size_t body = tls_begin(wr, 2);

  for (; *list; list++) {
    quic_writer_u16(wr, *list);
  }
  tls_end(wr, body, 2);
  tls_end(wr, ext, 2);
}

static void tls_sni(quic_writer *wr, quic_bytes name) {
  size_t ext = tls_extension(wr, 0);
  size_t list = tls_begin(wr, 2);
  size_t host;

  quic_writer_u8(wr, 0);
  host = tls_begin(wr, 2);
  quic_writer_bytes(wr, name);
  tls_end(wr, host, 2);
  tls_end(wr, list, 2);
  tls_end(wr, ext, 2);
}

/* tls_alpn offers all names of |names|, or the first. */
static void tls_alpn(quic_writer *wr, const char *names, bool all) {
  size_t ext = tls_extension(wr, 16);
  size_t list = tls_begin(wr, 2);

  for (bool more = true; more;) {
    size_t n = strcspn(names, ",");

    quic_writer_u8(wr, (uint8_t)n);
    quic_writer_bytes(wr, quic_bytes_of(names, n));
    more = all && names[n] == ',';
    names += n + 1;
  }
  tls_end(wr, list, 2);
  tls_end(wr, ext, 2);
}

static void tls_tparams(quic_writer *wr, const capgen_hello_spec *spec) {
  size_t ext = tls_extension(wr, spec->tparam_extension);

  quic_writer_bytes(wr, spec->tparams);
  tls_end(wr, ext, 2);
}

static void tls_share(quic_writer *wr, quic_rng *rng) {
  quic_writer_u16(wr, GROUP_X25519);
  quic_writer_u16(wr, KEY_LEN);
  tls_random(wr, rng, KEY_LEN);
}

/* early_data, then pre_shared_key with one ticket and its binder, which is the
   last extension (RFC 8446 §4.2.11). */
static void tls_psk(quic_writer *wr, quic_rng *rng) {
  size_t ext = tls_extension(wr, 41);
  size_t list = tls_begin(wr, 2);

  quic_writer_u16(wr, 48);
  tls_random(wr, rng, 48);
  quic_writer_u32(wr, 0x12345678); /* obfuscated age */
  tls_end(wr, list, 2);
  list = tls_begin(wr, 2);
  quic_writer_u8(wr, 32);
  tls_random(wr, rng, 32);
  tls_end(wr, list, 2);
  tls_end(wr, ext, 2);
}

static void tls_client_extensions(quic_writer *wr, quic_rng *rng,
                                  const capgen_hello_spec *spec) {
  static const uint16_t groups[] = {GROUP_X25519, GROUP_P256, 0};
  static const uint16_t signatures[] = {0x0403, 0x0804, 0x0401, 0};
  size_t ext, list;

  if (spec->sni_raw.len || spec->sni) {
    tls_sni(wr, spec->sni_raw.len
                    ? spec->sni_raw
                    : quic_bytes_of(spec->sni, strlen(spec->sni)));
  }
  tls_u16_list(wr, 10, groups);
  tls_u16_list(wr, 13, signatures);
  if (spec->alpn) {
    tls_alpn(wr, spec->alpn, true);
  }
  ext = tls_extension(wr, 43); /* supported_versions: TLS 1.3 */
  quic_writer_uint(wr, 0x020304, 3);
  tls_end(wr, ext, 2);
  ext = tls_extension(wr, 45); /* psk_key_exchange_modes */
  quic_writer_u16(wr, 0x0101);
  tls_end(wr, ext, 2);
  ext = tls_extension(wr, 51);
  list = tls_begin(wr, 2);
  tls_share(wr, rng);
  tls_end(wr, list, 2);
  tls_end(wr, ext, 2);
  tls_tparams(wr, spec);
  if (spec->pad) {
    ext = tls_extension(wr, 21);
    quic_writer_fill(wr, 0, spec->pad);
    tls_end(wr, ext, 2);
  }
  if (spec->early) {
    ext = tls_extension(wr, 42);
    tls_end(wr, ext, 2);
    tls_psk(wr, rng);
  }
}

void capgen_tls_client_hello(quic_writer *wr, quic_rng *rng,
                             const capgen_hello_spec *spec) {
  size_t msg = tls_message(wr, QUIC_TLS_CLIENT_HELLO);
  size_t list;

  quic_writer_u16(wr, 0x0303);
  quic_writer_bytes(wr, spec->random);
  quic_writer_u8(wr, 0); /* no session id (RFC 9001 §8.4) */
  list = tls_begin(wr, 2);
  for (const uint16_t *s = spec->suites; *s; s++) {
    quic_writer_u16(wr, *s);
  }
  tls_end(wr, list, 2);
  quic_writer_u16(wr, 0x0100); /* no compression */
  list = tls_begin(wr, 2);
  tls_client_extensions(wr, rng, spec);
  tls_end(wr, list, 2);
  tls_end(wr, msg, 3);
}

void capgen_tls_server_hello(quic_writer *wr, quic_rng *rng,
                             const capgen_hello_spec *spec) {
  size_t msg = tls_message(wr, QUIC_TLS_SERVER_HELLO);
  size_t list, ext;

  quic_writer_u16(wr, 0x0303);
  tls_random(wr, rng, 32);
  quic_writer_u8(wr, 0);
  quic_writer_u16(wr, spec->suites[0]);
  quic_writer_u8(wr, 0);
  list = tls_begin(wr, 2);
  ext = tls_extension(wr, 43);
  quic_writer_u16(wr, 0x0304);
  tls_end(wr, ext, 2);
  ext = tls_extension(wr, 51);
  tls_share(wr, rng);
  tls_end(wr, ext, 2);
  tls_end(wr, list, 2);
  tls_end(wr, msg, 3);
}

void capgen_tls_encrypted_extensions(quic_writer *wr,
                                     const capgen_hello_spec *spec) {
  size_t msg = tls_message(wr, QUIC_TLS_ENCRYPTED_EXTENSIONS);
  size_t list = tls_begin(wr, 2);

  if (spec->alpn) {
    tls_alpn(wr, spec->alpn, false);
  }
  tls_tparams(wr, spec);
  if (spec->early) {
    tls_end(wr, tls_extension(wr, 42), 2);
  }
  tls_end(wr, list, 2);
  tls_end(wr, msg, 3);
}

void capgen_tls_certificate(quic_writer *wr) {
  size_t msg = tls_message(wr, QUIC_TLS_CERTIFICATE);
  size_t list, der;

  quic_writer_u8(wr, 0); /* request context */
  list = tls_begin(wr, 3);
  der = tls_begin(wr, 3);
  quic_writer_bytes(wr, quic_bytes_of(cert_ecdsa, sizeof(cert_ecdsa)));
  tls_end(wr, der, 3);
  quic_writer_u16(wr, 0); /* no extensions */
  tls_end(wr, list, 3);
  tls_end(wr, msg, 3);
}

void capgen_tls_certificate_verify(quic_writer *wr, quic_rng *rng) {
  size_t msg = tls_message(wr, QUIC_TLS_CERTIFICATE_VERIFY);

  quic_writer_u16(wr, 0x0403);
  quic_writer_u16(wr, 70);
  tls_random(wr, rng, 70);
  tls_end(wr, msg, 3);
}

void capgen_tls_finished(quic_writer *wr, quic_rng *rng, size_t hash_len) {
  size_t msg = tls_message(wr, QUIC_TLS_FINISHED);

  tls_random(wr, rng, hash_len);
  tls_end(wr, msg, 3);
}

void capgen_tls_ticket(quic_writer *wr, quic_rng *rng) {
  size_t msg = tls_message(wr, QUIC_TLS_NEW_SESSION_TICKET);
  size_t list;

  quic_writer_u32(wr, 7200);
  quic_writer_u32(wr, 0x01020304);
  quic_writer_u16(wr, 0x0100); /* nonce of one octet */
  quic_writer_u16(wr, 48);
  tls_random(wr, rng, 48);
  list = tls_begin(wr, 2);
  quic_writer_u16(wr, 42);
  quic_writer_u16(wr, 4);
  quic_writer_u32(wr, UINT32_MAX); /* max_early_data_size (RFC 9001 §4.6.1) */
  tls_end(wr, list, 2);
  tls_end(wr, msg, 3);
}
