/* The table of versions. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/octets.h"
#include "wire/version.h"

static void test_rows(void **state) {
  const quic_version *v;
  size_t n = 0;

  (void)state;
  for (; (v = quic_version_at(n)) != NULL; n++) {
    assert_non_null(v->name);
    assert_true(strlen(v->name) + sizeof(" 0x00000000") <= QUIC_VERSION_TEXT);
    for (size_t i = 0; i < n; i++) {
      assert_int_not_equal(quic_version_at(i)->number, v->number);
    }
    /* A row finds itself, so none hides behind a family. */
    assert_ptr_equal(quic_version_find(v->number), v);
    if (v->kind != QUIC_VERSION_KIND_QUIC) {
      assert_null(v->salt);
      assert_null(v->labels);
      assert_int_equal(v->tparam_extension, 0);
      continue;
    }
    assert_non_null(v->salt);
    assert_non_null(v->labels);
    assert_true((v->retry_key == NULL) == v->retry_odcid);
    assert_true((v->retry_key == NULL) == (v->retry_nonce == NULL));
    assert_int_equal(1u << v->type_codes[0] | 1u << v->type_codes[1] |
                         1u << v->type_codes[2] | 1u << v->type_codes[3],
                     0x0f);
  }
  assert_true(n > 60);
  assert_null(quic_version_at(n + 100));
}

static void test_v1_v2(void **state) {
  static const uint8_t codes_v2[] = {1, 2, 3, 0};
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  const quic_version *v2 = quic_version_find(QUIC_VERSION_2);
  uint8_t buf[20];

  (void)state;
  /* RFC 9001 §5.2, §5.8 */
  octets_hex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", buf, sizeof(buf));
  assert_memory_equal(v1->salt, buf, 20);
  octets_hex("be0c690b9f66575a1d766b54e368c84e", buf, sizeof(buf));
  assert_memory_equal(v1->retry_key, buf, 16);
  octets_hex("461599d35d632bf2239825bb", buf, sizeof(buf));
  assert_memory_equal(v1->retry_nonce, buf, 12);
  /* RFC 9369 §3 */
  octets_hex("0dede3def700a6db819381be6e269dcbf9bd2ed9", buf, sizeof(buf));
  assert_memory_equal(v2->salt, buf, 20);
  octets_hex("8fb4b01b56ac48e260fbcbcead7ccc92", buf, sizeof(buf));
  assert_memory_equal(v2->retry_key, buf, 16);
  octets_hex("d86969bc2d7c6d9990efb04a", buf, sizeof(buf));
  assert_memory_equal(v2->retry_nonce, buf, 12);
  assert_memory_equal(v2->type_codes, codes_v2, 4);
  assert_string_equal(v1->labels->update, "quic ku");
  assert_string_equal(v2->labels->key, "quicv2 key");
  assert_string_equal(v2->labels->hp, "quicv2 hp");
}

static void test_drafts(void **state) {
  static const struct {
    uint32_t number;
    uint8_t salt;      /* its first octet */
    uint8_t retry_key; /* likewise; 0: none */
    uint16_t extension;
    bool fixed16, packed, odcid;
  } rows[] = {
      {0xff000015, 0x7f, 0x00, 0xffa5, true, true, true},
      {0xff000016, 0x7f, 0x00, 0xffa5, true, false, true},
      {0xff000017, 0xc3, 0x00, 0xffa5, true, false, true},
      {0xff000018, 0xc3, 0x00, 0xffa5, true, false, true},
      {0xff000019, 0xc3, 0x4d, 0xffa5, true, false, false},
      {0xff00001a, 0xc3, 0x4d, 0xffa5, true, false, false},
      {0xff00001b, 0xc3, 0x4d, 0xffa5, false, false, false},
      {0xff00001c, 0xc3, 0x4d, 0xffa5, false, false, false},
      {0xff00001d, 0xaf, 0xcc, 0xffa5, false, false, false},
      {0xff000020, 0xaf, 0xcc, 0xffa5, false, false, false},
      {0xff000021, 0x38, 0xbe, 0x39, false, false, false},
      {0xff000022, 0x38, 0xbe, 0x39, false, false, false},
      {0xfaceb001, 0x7f, 0x00, 0xffa5, true, false, true},
      {0xfaceb002, 0xc3, 0x4d, 0xffa5, false, false, false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const quic_version *v = quic_version_find(rows[i].number);

    assert_int_equal(v->kind, QUIC_VERSION_KIND_QUIC);
    assert_int_equal(v->salt[0], rows[i].salt);
    assert_int_equal(v->retry_key ? v->retry_key[0] : 0, rows[i].retry_key);
    assert_int_equal(v->tparam_extension, rows[i].extension);
    assert_int_equal(v->tparam_fixed16, rows[i].fixed16);
    assert_int_equal(v->packed_cid_lengths, rows[i].packed);
    assert_int_equal(v->retry_odcid, rows[i].odcid);
  }
  for (uint32_t d = 0; d <= 34; d++) {
    assert_int_equal(quic_version_find(0xff000000 + d)->kind,
                     d < 21 ? QUIC_VERSION_KIND_NAMED : QUIC_VERSION_KIND_QUIC);
  }
}

static void test_text(void **state) {
  static const struct {
    uint32_t number;
    const char *text;
  } rows[] = {
      {0x00000000, "negotiation"},
      {0x00000001, "v1"},
      {0x6b3343cf, "v2"},
      {0xff00001d, "draft-29"},
      {0xff000000, "draft-00"},
      {0x51303433, "Q043"},
      {0x51303530, "Q050"},
      {0x54303531, "T051"},
      {0x51313233, "gQUIC 0x51313233"},
      {0x0a0a0a0a, "greased 0x0a0a0a0a"},
      {0x1a2a3a4a, "greased 0x1a2a3a4a"},
      {0xfaceb002, "mvfst-27"},
      {0x4547471d, "quant 0x4547471d"},
      {0x12345678, "0x12345678"},
  };
  char out[QUIC_VERSION_TEXT];

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_string_equal(quic_version_text(rows[i].number, out), rows[i].text);
  }
  assert_null(quic_version_find(0x12345678));
  assert_null(quic_version_find(0));
  assert_ptr_equal(quic_version_find(0x1a2a3a4a),
                   quic_version_find(0xfafafafa));
  assert_int_equal(quic_version_find(0xfafafafa)->number, 0x0a0a0a0a);
  assert_int_equal(quic_version_find(0x51303536)->kind,
                   QUIC_VERSION_KIND_GQUIC);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_v1_v2),
      cmocka_unit_test(test_drafts),
      cmocka_unit_test(test_text),
  };

  return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
