/* The registries of names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/names.h"

static const char *tls_alert(uint64_t v) {
  return quic_name_tls_alert((uint8_t)v);
}

static const char *cipher_suite(uint64_t v) {
  return quic_name_cipher_suite((uint16_t)v);
}

static const char *group(uint64_t v) {
  return quic_name_group((uint16_t)v);
}

static const char *signature(uint64_t v) {
  return quic_name_signature((uint16_t)v);
}

static const char *tls_extension(uint64_t v) {
  return quic_name_tls_extension((uint16_t)v);
}

static void test_numbers(void **state) {
  static const struct {
    const char *(*find)(uint64_t);
    uint64_t value;
    const char *name;
  } rows[] = {
      {quic_name_transport_error, 0x00, "NO_ERROR"},
      {quic_name_transport_error, 0x03, "FLOW_CONTROL_ERROR"},
      {quic_name_transport_error, 0x0a, "PROTOCOL_VIOLATION"},
      {quic_name_transport_error, 0x10, "NO_VIABLE_PATH"},
      {quic_name_transport_error, 0x11, "VERSION_NEGOTIATION_ERROR"},
      {quic_name_transport_error, 0x12, NULL},
      {quic_name_transport_error, 0x3e77, "NO_CID_AVAILABLE_FOR_PATH"},
      {quic_name_transport_error, 0xff, NULL},
      {quic_name_transport_error, 0x100, "CRYPTO_ERROR"},
      {quic_name_transport_error, 0x1ff, "CRYPTO_ERROR"},
      {quic_name_transport_error, 0x200, NULL},
      {tls_alert, 0, "close_notify"},
      {tls_alert, 42, "bad_certificate"},
      {tls_alert, 120, "no_application_protocol"},
      {tls_alert, 1, NULL},
      {quic_name_h3_error, 0x100, "H3_NO_ERROR"},
      {quic_name_h3_error, 0x10c, "H3_REQUEST_CANCELLED"},
      {quic_name_h3_error, 0x110, "H3_VERSION_FALLBACK"},
      {quic_name_h3_error, 0x33, "H3_DATAGRAM_ERROR"},
      {quic_name_h3_error, 0x200, "QPACK_DECOMPRESSION_FAILED"},
      {quic_name_h3_error, 0x202, "QPACK_DECODER_STREAM_ERROR"},
      {quic_name_h3_error, 0x170d7b68, "WT_SESSION_GONE"},
      {quic_name_h3_error, 0x52e4a40fa8db, "WT_APPLICATION_ERROR"},
      {quic_name_h3_error, 0x52e4a40fa8f9, "GREASE"},
      {quic_name_h3_error, 0x52e5ac983162, "WT_APPLICATION_ERROR"},
      {quic_name_h3_error, 0x21, "GREASE"},
      {quic_name_h3_error, 0x111, NULL},
      {quic_name_h3_error, 0, NULL},
      {quic_name_doq_error, 0, "DOQ_NO_ERROR"},
      {quic_name_doq_error, 5, "DOQ_UNSPECIFIED_ERROR"},
      {quic_name_doq_error, 6, NULL},
      {quic_name_h3_setting, 0x01, "SETTINGS_QPACK_MAX_TABLE_CAPACITY"},
      {quic_name_h3_setting, 0x06, "SETTINGS_MAX_FIELD_SECTION_SIZE"},
      {quic_name_h3_setting, 0x08, "SETTINGS_ENABLE_CONNECT_PROTOCOL"},
      {quic_name_h3_setting, 0x33, "SETTINGS_H3_DATAGRAM"},
      {quic_name_h3_setting, 0x40, "GREASE"},
      {quic_name_h3_setting, 0x09, NULL},
      {quic_name_h3_setting, 0x14e9cd29, "SETTINGS_WT_MAX_SESSIONS"},
      {quic_name_capsule, 0x00, "DATAGRAM"},
      {quic_name_capsule, 0x03, "ROUTE_ADVERTISEMENT"},
      {quic_name_capsule, 0x2843, "CLOSE_WEBTRANSPORT_SESSION"},
      {quic_name_capsule, 0x78ae, "DRAIN_WEBTRANSPORT_SESSION"},
      {quic_name_capsule, 0x190b4d3d, "WT_MAX_DATA"},
      {quic_name_capsule, 0x190b4d44, "WT_STREAMS_BLOCKED_UNI"},
      {quic_name_capsule, 0x17, "GREASE"},
      {quic_name_capsule, 0x40, "GREASE"},
      {quic_name_capsule, 0x04, NULL},
      {cipher_suite, 0x1301, "TLS_AES_128_GCM_SHA256"},
      {cipher_suite, 0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
      {cipher_suite, 0x0a0a, "GREASE"},
      {cipher_suite, 0x0a1a, NULL},
      {group, 0x001d, "x25519"},
      {group, 0x11ec, "X25519MLKEM768"},
      {group, 0x6399, "X25519Kyber768Draft00"},
      {group, 0xfafa, "GREASE"},
      {group, 0x0000, NULL},
      {signature, 0x0403, "ecdsa_secp256r1_sha256"},
      {signature, 0x0807, "ed25519"},
      {signature, 0x0000, NULL},
      {tls_extension, 0, "server_name"},
      {tls_extension, 0x39, "quic_transport_parameters"},
      {tls_extension, 0xffa5, "quic_transport_parameters_draft"},
      {tls_extension, 0xfe0d, "encrypted_client_hello"},
      {tls_extension, 40, NULL},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *name = rows[i].find(rows[i].value);

    if (rows[i].name) {
      assert_non_null(name);
      assert_string_equal(name, rows[i].name);
    } else {
      assert_null(name);
    }
  }
}

/* No number is listed twice under two names: the second would never show. */
static void test_all(void **state) {
  size_t alerts = 0, extensions = 0, suites = 0, groups = 0, signatures = 0;

  (void)state;
  for (uint32_t v = 0; v <= 0xffff; v++) {
    alerts += v <= 0xff && quic_name_tls_alert((uint8_t)v) != NULL;
    extensions += quic_name_tls_extension((uint16_t)v) != NULL;
    suites += quic_name_cipher_suite((uint16_t)v) != NULL;
    groups += quic_name_group((uint16_t)v) != NULL;
    signatures += quic_name_signature((uint16_t)v) != NULL;
  }
  /* rows of each table, and 16 greased values */
  assert_int_equal(alerts, 37);
  assert_int_equal(extensions, 71 + 16);
  assert_int_equal(suites, 33 + 16);
  assert_int_equal(groups, 39 + 16);
  assert_int_equal(signatures, 37 + 16);
}

static const char *alpn(const char *name) {
  return quic_name_alpn((const uint8_t *)name, strlen(name));
}

static const char *app_error(const char *name, uint64_t code) {
  return quic_name_app_error((const uint8_t *)name, strlen(name), code);
}

static void test_alpn(void **state) {
  static const struct {
    const char *alpn;
    const char *name;
  } rows[] = {
      {"h3", "HTTP/3"},
      {"h3-29", "HTTP/3 (draft)"},
      {"h3-Q050", "HTTP over Google QUIC"},
      {"h3-T051", "HTTP/3 over Google QUIC"},
      {"hq-interop", "HTTP/0.9 (interop)"},
      {"hq-29", "HTTP/0.9 (draft)"},
      {"doq", "DNS over QUIC"},
      {"doq-i02", "DNS over QUIC (draft)"},
      {"moq-00", "Media over QUIC"},
      {"moqt-14", "Media over QUIC"},
      {"siduck-00", "datagram echo test"},
      {"smb", "SMB"},
      {"h", NULL},
      {"h34", NULL},
      {"", NULL},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const char *name = alpn(rows[i].alpn);

    if (rows[i].name) {
      assert_non_null(name);
      assert_string_equal(name, rows[i].name);
    } else {
      assert_null(name);
    }
  }
}

static void test_app_error(void **state) {
  (void)state;
  assert_string_equal(app_error("h3", 0x100), "H3_NO_ERROR");
  assert_string_equal(app_error("h3-29", 0x10c), "H3_REQUEST_CANCELLED");
  assert_string_equal(app_error("doq", 2), "DOQ_PROTOCOL_ERROR");
  assert_null(app_error("doq", 0x100));
  assert_null(app_error("hq-interop", 0));
  assert_null(app_error("", 0x100));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_all),
      cmocka_unit_test(test_alpn),
      cmocka_unit_test(test_app_error),
  };

  return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
