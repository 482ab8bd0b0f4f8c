/* The look into TLS 1.3: RFC 8446, with the messages of RFC 9001 appendix A. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/octets.h"
#include "wire/tlspeek.h"

/* RFC 9001 A.2 and A.3: whole messages */
static const char client_hello[] =
    "010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69"
    "484c00000413011302010000c000000010000e00000b6578616d706c652e636f6dff0100"
    "0100000a00080006001d0017001800100007000504616c706e0005000501000000000033"
    "00260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994"
    "ec74d748002b0003020304000d0010000e0403050306030203080408050806002d000201"
    "01001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff080110"
    "0104800075300901100f088394c8f03e51570806048000ffff";
static const char server_hello[] =
    "020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a04"
    "5a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081"
    "287c834d5311bcf32bb9da1a002b00020304";
/* HelloRetryRequest: secp256r1, supported_versions */
static const char retry_request[] =
    "020000340303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8"
    "339c00130200000c003300020017002b00020304";
/* EncryptedExtensions: ALPN h3, 0xffa5 of two octets, early_data */
static const char encrypted[] =
    "08000015 0013 00100005000302 6833 ffa50002abcd 002a0000";

static quic_bytes open_message(const char *hex, uint8_t *buf, size_t cap,
                               uint8_t type) {
  quic_bytes in = octets_hex(hex, buf, cap);
  quic_tls_message m;
  quic_reader rd;

  quic_reader_init(&rd, in.data, in.len);
  assert_int_equal(quic_tls_message_next(&m, &rd), 0);
  assert_int_equal(m.type, type);
  assert_int_equal(m.wire_len, in.len);
  assert_int_equal(quic_tls_message_next(&m, &rd), QUIC_ERR_END);
  return quic_bytes_of(in.data + 4, in.len - 4);
}

static void assert_text(quic_bytes b, const char *text) {
  assert_true(quic_bytes_eq(b, quic_bytes_of(text, strlen(text))));
}

static void test_client_hello(void **state) {
  uint8_t buf[512];
  quic_bytes body =
      open_message(client_hello, buf, sizeof(buf), QUIC_TLS_CLIENT_HELLO);
  quic_tls_hello h;
  quic_reader rd;
  quic_bytes name;

  (void)state;
  assert_int_equal(quic_tls_peek_client_hello(&h, body), 0);
  assert_int_equal(h.legacy_version, 0x0303);
  assert_int_equal(h.random.data[0], 0xeb);
  assert_int_equal(h.random.len, 32);
  assert_int_equal(h.session_id.len, 0);
  assert_int_equal(h.cipher_suites.len, 4);
  assert_text(h.sni, "example.com");
  assert_int_equal(h.groups.len, 6);
  assert_int_equal(h.key_shares.len, 36);
  assert_int_equal(h.supported_versions.len, 2);
  assert_int_equal(h.signature_algorithms.len, 14);
  assert_int_equal(h.tparams.len, 50);
  assert_int_equal(h.tparam_extension, 0x39);
  assert_false(h.early_data);
  assert_false(h.psk);
  assert_false(h.ech);
  quic_reader_init(&rd, h.alpn.data, h.alpn.len);
  assert_true(quic_tls_alpn_next(&rd, &name));
  assert_text(name, "alpn");
  assert_false(quic_tls_alpn_next(&rd, &name));
}

static void test_server_hello(void **state) {
  uint8_t buf[512];
  quic_bytes body =
      open_message(server_hello, buf, sizeof(buf), QUIC_TLS_SERVER_HELLO);
  quic_tls_hello h;

  (void)state;
  assert_int_equal(quic_tls_peek_server_hello(&h, body), 0);
  assert_int_equal(h.cipher_suite, 0x1301);
  assert_int_equal(h.key_share_group, 0x1d);
  assert_int_equal(h.supported_versions.len, 2);
  assert_false(h.hello_retry_request);
  body = open_message(retry_request, buf, sizeof(buf), QUIC_TLS_SERVER_HELLO);
  assert_int_equal(quic_tls_peek_server_hello(&h, body), 0);
  assert_true(h.hello_retry_request);
  assert_int_equal(h.cipher_suite, 0x1302);
  assert_int_equal(h.key_share_group, 0x17);
}

static void test_encrypted_extensions(void **state) {
  uint8_t buf[64];
  quic_bytes body =
      open_message(encrypted, buf, sizeof(buf), QUIC_TLS_ENCRYPTED_EXTENSIONS);
  quic_tls_hello h;

  (void)state;
  assert_int_equal(quic_tls_peek_encrypted_extensions(&h, body), 0);
  assert_text(h.alpn, "\x02h3");
  assert_int_equal(h.tparam_extension, 0xffa5);
  assert_int_equal(h.tparams.len, 2);
  assert_true(h.early_data);
}

typedef int peek(quic_tls_hello *h, quic_bytes body);

/* Every prefix is SHORT, and has what the last one had and more. */
static void test_prefixes(void **state) {
  static const struct {
    const char *hex;
    uint8_t type;
    peek *peek;
  } rows[] = {
      {client_hello, QUIC_TLS_CLIENT_HELLO, quic_tls_peek_client_hello},
      {server_hello, QUIC_TLS_SERVER_HELLO, quic_tls_peek_server_hello},
      {retry_request, QUIC_TLS_SERVER_HELLO, quic_tls_peek_server_hello},
      {encrypted, QUIC_TLS_ENCRYPTED_EXTENSIONS,
       quic_tls_peek_encrypted_extensions},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[512];
    quic_bytes body = open_message(rows[i].hex, buf, sizeof(buf), rows[i].type);
    size_t seen = 0;

    for (size_t len = 0; len < body.len; len++) {
      uint8_t *cut = octets_exact(body.data, len);
      quic_tls_hello h;
      size_t now;

      assert_int_equal(rows[i].peek(&h, quic_bytes_of(cut, len)),
                       QUIC_ERR_SHORT);
      if (rows[i].type != QUIC_TLS_ENCRYPTED_EXTENSIONS) {
        assert_int_equal(h.random.len, len >= 34 ? 32 : 0);
        assert_int_equal(h.hello_retry_request,
                         rows[i].hex == retry_request && len >= 34);
      }
      if (rows[i].type == QUIC_TLS_CLIENT_HELLO) {
        /* the SNI ends 65 octets into the body */
        assert_int_equal(h.sni.len, len >= 65 ? 11 : 0);
      }
      now = h.random.len + h.cipher_suites.len + h.extensions.len + h.sni.len +
            h.alpn.len + h.tparams.len;
      assert_true(now >= seen);
      seen = now;
      free(cut);
    }
  }
}

static void test_messages(void **state) {
  uint8_t buf[16];
  quic_bytes in = octets_hex("0800000201020b000003aa", buf, sizeof(buf));
  quic_tls_message m;
  quic_reader rd;

  (void)state;
  quic_reader_init(&rd, in.data, in.len);
  assert_int_equal(quic_tls_message_next(&m, &rd), 0);
  assert_int_equal(m.body.len, 2);
  assert_int_equal(quic_reader_offset(&rd), 6);
  assert_int_equal(quic_tls_message_next(&m, &rd), QUIC_ERR_AGAIN);
  assert_int_equal(m.type, QUIC_TLS_CERTIFICATE);
  assert_int_equal(m.body.len, 1);
  assert_int_equal(m.wire_len, 7);
  assert_int_equal(quic_reader_offset(&rd), 6);
  quic_reader_init(&rd, in.data + 6, 3);
  assert_int_equal(quic_tls_message_next(&m, &rd), QUIC_ERR_AGAIN);
  assert_int_equal(m.type, QUIC_TLS_CERTIFICATE);
  assert_int_equal(m.body.len, 0);
  quic_reader_init(&rd, in.data, 0);
  assert_int_equal(quic_tls_message_next(&m, &rd), QUIC_ERR_END);
  assert_string_equal(quic_tls_message_name(1), "ClientHello");
  assert_string_equal(quic_tls_message_name(20), "Finished");
  assert_string_equal(quic_tls_message_name(99), "unknown");
}

static void test_certificate(void **state) {
  uint8_t buf[64];
  /* context of 1 octet; certificates of 3 and 2, the first with an extension */
  quic_bytes in = octets_hex("01ee 000010 000003 aabbcc 0001 11 000002 dd ee"
                             " 0000",
                             buf, sizeof(buf));
  quic_bytes der;

  (void)state;
  assert_int_equal(quic_tls_peek_certificate(in, 0, &der), 0);
  assert_int_equal(der.len, 3);
  assert_int_equal(der.data[0], 0xaa);
  assert_int_equal(quic_tls_peek_certificate(in, 1, &der), 0);
  assert_int_equal(der.len, 2);
  assert_int_equal(quic_tls_peek_certificate(in, 2, &der), QUIC_ERR_END);
  assert_int_equal(der.len, 0);
  for (size_t len = 0; len < in.len; len++) {
    uint8_t *cut = octets_exact(in.data, len);
    quic_bytes part = quic_bytes_of(cut, len);

    assert_int_equal(quic_tls_peek_certificate(part, 0, &der),
                     len >= 11 ? 0 : QUIC_ERR_SHORT);
    assert_int_equal(quic_tls_peek_certificate(part, 1, &der),
                     len >= 19 ? 0 : QUIC_ERR_SHORT);
    assert_int_equal(quic_tls_peek_certificate(part, 2, &der), QUIC_ERR_SHORT);
    free(cut);
  }
}

#define RANDOM                                                                 \
  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_malformed(void **state) {
  static const struct {
    const char *hex;
    int rv;
    size_t alpn;
  } rows[] = {
      {"0303" RANDOM "21", QUIC_ERR_MALFORMED, 0}, /* session id of 33 */
      {"0303" RANDOM "00 0003 130113 0100 0000", QUIC_ERR_MALFORMED, 0},
      {"0303" RANDOM "00 0000 0100 0000", QUIC_ERR_MALFORMED, 0},
      {"0303" RANDOM "00 0002 1301 0100 0000", 0, 0},
      {"0303" RANDOM "00 0002 1301 0100 0000 ff", QUIC_ERR_MALFORMED, 0},
      /* an SNI that is too long does not hide the ALPN */
      {"0303" RANDOM "00 0002 1301 0100 0012 0000 0005 0003 00 0009"
       "0010 0005 0003 026833",
       QUIC_ERR_MALFORMED, 3},
      /* ALPN twice: the first stands */
      {"0303" RANDOM "00 0002 1301 0100 0013 0010 0005 0003 026833"
       "0010 0006 0004 03616263",
       QUIC_ERR_MALFORMED, 3},
      /* an extension longer than all of them */
      {"0303" RANDOM "00 0002 1301 0100 0005 0010 0005 00", QUIC_ERR_MALFORMED,
       0},
      /* unknown ones are no matter */
      {"0303" RANDOM "00 0002 1301 0100 0009 1a1a 0001 00 1a1a 0000", 0, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[128];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    uint8_t *exact = octets_exact(in.data, in.len);
    quic_tls_hello h;

    assert_int_equal(
        quic_tls_peek_client_hello(&h, quic_bytes_of(exact, in.len)),
        rows[i].rv);
    assert_int_equal(h.random.len, 32);
    assert_int_equal(h.alpn.len, rows[i].alpn);
    free(exact);
  }
}

static void test_alpn(void **state) {
  uint8_t buf[16];
  quic_bytes in = octets_hex("026833 00 0141 056869", buf, sizeof(buf));
  quic_reader rd;
  quic_bytes name;

  (void)state;
  quic_reader_init(&rd, in.data, in.len);
  assert_true(quic_tls_alpn_next(&rd, &name));
  assert_text(name, "h3");
  assert_false(quic_tls_alpn_next(&rd, &name)); /* an empty name */
  quic_reader_init(&rd, in.data + 4, in.len - 4);
  assert_true(quic_tls_alpn_next(&rd, &name));
  assert_text(name, "A");
  assert_false(quic_tls_alpn_next(&rd, &name)); /* longer than the list */
}

/* Damaged messages must neither crash nor read outside. */
static void test_damaged(void **state) {
  uint8_t buf[512];
  quic_bytes body =
      open_message(client_hello, buf, sizeof(buf), QUIC_TLS_CLIENT_HELLO);
  quic_rng rng;
  int sound = 0;

  (void)state;
  quic_rng_init(&rng, 6);
  for (int i = 0; i < 20000; i++) {
    uint8_t *bad = octets_exact(body.data, body.len);
    quic_bytes in = quic_bytes_of(bad, body.len);
    quic_tls_hello h;
    quic_bytes der;

    for (int k = 0; k < 3; k++) {
      bad[quic_rng_below(&rng, body.len)] = (uint8_t)quic_rng_u64(&rng);
    }
    sound += quic_tls_peek_client_hello(&h, in) == 0;
    sound += quic_tls_peek_server_hello(&h, in) == 0;
    sound += quic_tls_peek_encrypted_extensions(&h, in) == 0;
    sound += quic_tls_peek_certificate(in, 0, &der) == 0;
    free(bad);
  }
  assert_in_range(sound, 1, 79999);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_client_hello),
      cmocka_unit_test(test_server_hello),
      cmocka_unit_test(test_encrypted_extensions),
      cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_certificate),
      cmocka_unit_test(test_malformed),
      cmocka_unit_test(test_alpn),
      cmocka_unit_test(test_damaged),
  };

  return cmocka_run_group_tests_name("tlspeek", tests, NULL, NULL);
}
