/* TLS handshake messages, and Google QUIC's hello.  The first two octets choose
   how the input is read (a flight of messages, or the body of one) and where a
   body is cut. */

#include "base/reader.h"
#include "crypto/cert.h"
#include "tests/fuzz/fuzz.h"
#include "wire/chlo.h"
#include "wire/tlspeek.h"

#define TLS_CERTIFICATES_MAX 256 /* walked */
#define TLS_DESCRIBED_MAX 2      /* given to GnuTLS, which takes its time */
#define TLS_DER_MAX 4096         /* octets */

typedef int tls_peek(quic_tls_hello *hello, quic_bytes body);

static void tls_check_alpn(quic_bytes list) {
  quic_reader rd;
  quic_bytes name;

  quic_reader_init(&rd, list.data, list.len);
  while (quic_tls_alpn_next(&rd, &name)) {
    FUZZ_CHECK(name.len > 0 && name.len < 256 && fuzz_inside(list, name));
  }
}

static void tls_check_hello(const quic_tls_hello *h, quic_bytes body) {
  const quic_bytes *fields[] = {&h->random,
                                &h->session_id,
                                &h->cipher_suites,
                                &h->extensions,
                                &h->sni,
                                &h->alpn,
                                &h->supported_versions,
                                &h->groups,
                                &h->key_shares,
                                &h->signature_algorithms,
                                &h->tparams};

  for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
    FUZZ_CHECK(fuzz_inside(body, *fields[i]));
  }
  FUZZ_CHECK(h->random.len == 0 || h->random.len == QUIC_TLS_RANDOM_LEN);
  FUZZ_CHECK(h->session_id.len <= 32);
  FUZZ_CHECK(h->tparams.len == 0 || h->tparam_extension == 0x39 ||
             h->tparam_extension == 0xffa5);
  tls_check_alpn(h->alpn);
}

/* tls_hello peeks at |body| whole and cut to |at| octets. */
static void tls_hello(tls_peek *peek, quic_bytes body, size_t at) {
  quic_tls_hello hello, part;
  int rv = peek(&hello, body);
  uint8_t *cut;

  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_SHORT || rv == QUIC_ERR_MALFORMED);
  tls_check_hello(&hello, body);
  if (body.len == 0) {
    return;
  }
  at %= body.len;
  cut = fuzz_copy(quic_bytes_of(body.data, at));
  if (peek(&part, quic_bytes_of(cut, at)) != QUIC_ERR_SHORT) {
    FUZZ_CHECK(rv != 0);
  }
  tls_check_hello(&part, quic_bytes_of(cut, at));
  if (peek != quic_tls_peek_encrypted_extensions && at >= 34) {
    FUZZ_CHECK(quic_bytes_eq(part.random, hello.random) && part.random.len);
  }
  free(cut);
}

static void tls_check_text(const char *text, size_t cap) {
  FUZZ_CHECK(memchr(text, '\0', cap) != NULL);
}

static void tls_describe(quic_bytes der) {
  quic_cert cert;
  int rv = quic_cert_describe(&cert, der);

  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_MALFORMED);
  if (rv == 0) {
    tls_check_text(cert.subject, sizeof(cert.subject));
    tls_check_text(cert.issuer, sizeof(cert.issuer));
    tls_check_text(cert.names, sizeof(cert.names));
    tls_check_text(cert.key, sizeof(cert.key));
    tls_check_text(cert.signature, sizeof(cert.signature));
    tls_check_text(cert.serial, sizeof(cert.serial));
  }
}

static void tls_certificates(quic_bytes body) {
  const uint8_t *below = body.data;
  quic_bytes der;

  for (size_t i = 0; i < TLS_CERTIFICATES_MAX; i++) {
    int rv = quic_tls_peek_certificate(body, i, &der);

    if (rv != 0) {
      FUZZ_CHECK(rv == QUIC_ERR_END || rv == QUIC_ERR_SHORT);
      FUZZ_CHECK(der.len == 0);
      return;
    }
    FUZZ_CHECK(fuzz_inside(body, der));
    FUZZ_CHECK(der.len == 0 || der.data > below);
    below = der.len ? der.data : below;
    if (i < TLS_DESCRIBED_MAX && der.len && der.len <= TLS_DER_MAX) {
      uint8_t *copy = fuzz_copy(der);

      tls_describe(quic_bytes_of(copy, der.len));
      free(copy);
    }
  }
}

static void tls_chlo(quic_bytes input) {
  quic_bytes sni;

  if (quic_chlo_sni(input, &sni)) {
    FUZZ_CHECK(sni.len > 0 && fuzz_inside(input, sni));
  }
}

static void tls_body(uint8_t type, quic_bytes body, size_t at) {
  switch (type) {
  case QUIC_TLS_CLIENT_HELLO:
    tls_hello(quic_tls_peek_client_hello, body, at);
    break;
  case QUIC_TLS_SERVER_HELLO:
    tls_hello(quic_tls_peek_server_hello, body, at);
    break;
  case QUIC_TLS_ENCRYPTED_EXTENSIONS:
    tls_hello(quic_tls_peek_encrypted_extensions, body, at);
    break;
  case QUIC_TLS_CERTIFICATE:
    tls_certificates(body);
    break;
  default:
    tls_check_alpn(body);
    tls_chlo(body);
    break;
  }
}

static void tls_flight(quic_bytes input, size_t at) {
  quic_tls_message m;
  quic_reader rd;
  int rv;

  quic_reader_init(&rd, input.data, input.len);
  do {
    const uint8_t *start = rd.pos;

    rv = quic_tls_message_next(&m, &rd);
    FUZZ_CHECK(quic_tls_message_name(m.type)[0] != '\0');
    if (rv == 0) {
      FUZZ_CHECK((size_t)(rd.pos - start) == m.wire_len);
      FUZZ_CHECK(m.body.len + 4 == m.wire_len);
    } else {
      FUZZ_CHECK(rv == QUIC_ERR_END || rv == QUIC_ERR_AGAIN);
      FUZZ_CHECK((rv == QUIC_ERR_END) == (start == rd.end));
      FUZZ_CHECK(rd.pos == start);
    }
    if (rv != QUIC_ERR_END) {
      /* An exact copy: the next message must not be read as part of it. */
      uint8_t *body = fuzz_copy(m.body);

      FUZZ_CHECK(fuzz_inside(input, m.body));
      tls_body(m.type, quic_bytes_of(body, m.body.len), at);
      free(body);
    }
  } while (rv == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  quic_reader rd;
  uint8_t type, at, *copy;
  quic_bytes input;

  quic_reader_init(&rd, data, size);
  type = quic_reader_u8(&rd);
  at = quic_reader_u8(&rd);
  input = quic_reader_rest(&rd);
  copy = fuzz_copy(input);
  input.data = copy;
  if (type == 0) {
    tls_flight(input, at);
  } else {
    tls_body(type, input, at * 7u);
  }
  free(copy);
  return 0;
}
