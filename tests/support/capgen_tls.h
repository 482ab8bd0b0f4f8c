#ifndef TESTS_SUPPORT_CAPGEN_TLS_H
#define TESTS_SUPPORT_CAPGEN_TLS_H

/* TLS 1.3 handshake messages (RFC 8446) that are well-formed and mean nothing:
   keys, signatures and MACs are random octets. */

#include "base/rng.h"
#include "base/writer.h"

typedef struct capgen_hello_spec {
  quic_bytes random;      /* 32 octets */
  const uint16_t *suites; /* ClientHello: closed by 0; ServerHello: the first */
  const char *sni;        /* NULL = none */
  quic_bytes sni_raw;     /* instead of |sni|, any octets */
  const char *alpn;       /* names with commas between; NULL = none */
  quic_bytes tparams;     /* the extension's body */
  uint16_t tparam_extension;
  bool early; /* early_data and pre_shared_key */
  size_t pad; /* octets of a padding extension; 0 = none */
} capgen_hello_spec;

/* Each appends one message. */
void capgen_tls_client_hello(quic_writer *wr, quic_rng *rng,
                             const capgen_hello_spec *spec);
void capgen_tls_server_hello(quic_writer *wr, quic_rng *rng,
                             const capgen_hello_spec *spec);
void capgen_tls_encrypted_extensions(quic_writer *wr,
                                     const capgen_hello_spec *spec);
void capgen_tls_certificate(quic_writer *wr);
void capgen_tls_certificate_verify(quic_writer *wr, quic_rng *rng);
void capgen_tls_finished(quic_writer *wr, quic_rng *rng, size_t hash_len);
void capgen_tls_ticket(quic_writer *wr, quic_rng *rng);

#endif /* !defined(TESTS_SUPPORT_CAPGEN_TLS_H) */
