/* Names that a capture chooses do no harm. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/rng.h"
#include "cli/safename.h"
#include "tests/support/octets.h"

static quic_bytes str(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static const char *name_of(quic_bytes authority, quic_bytes path,
                           const char *suffix, uint64_t number,
                           const char *part) {
  static char buf[1024];
  cli_safename name;
  quic_text t;

  cli_safename_init(&name, authority, path, suffix);
  quic_text_init(&t, buf, sizeof(buf));
  cli_safename_text(&name, number, part, &t);
  return quic_text_cstr(&t);
}

static void test_names(void **state) {
  static const struct {
    const char *authority, *path, *suffix;
    uint64_t number;
    const char *want;
  } rows[] = {
      {"example.org", "/a/b.js", "", 1, "example.org_a_b.js"},
      {"example.org", "/a/b.js", "", 0, "example.org_a_b.js"},
      {"example.org", "/a/b.js", "", 2, "example.org_a_b-2.js"},
      {"example.org", "/a/b.js", ".request", 12,
       "example.org_a_b-12.js.request"},
      {"example.org:8443", "/", "", 1, "example.org_8443"},
      {"example.org", "/", "", 3, "example.org-3"},
      {"example.org", "/dir/", "", 1, "example.org_dir"},
      {"example.org", "*", "", 1, "example.org"},
      {"example.org", "/?q=a b&c", "", 1, "example.org__q=a_b_c"},
      {"", "/index.tsv", "", 1, "_index.tsv"},
      {"", "index.tsv", "", 1, "index.tsv"},
      {"", "www.example. AAAA", "", 1, "www.example._AAAA"},
      {"", "", "", 1, "unnamed"},
      {"", "", ".request", 2, "unnamed-2.request"},
      {"..", "/../../etc/passwd", "", 1, "_._._._etc_passwd"},
      {".hidden", "/x", "", 1, "_hidden_x"},
      {"-rf", "/x", "", 1, "_rf_x"},
      {"~root", "/x", "", 1, "_root_x"},
      {"a", "/....", "", 1, "a"},
      {"a", "/b....c", "", 1, "a_b.c"},
      {"a", "/b.", "", 1, "a_b"},
      {"a", "/$(reboot);`x`|\"'\\", "", 1, "a___reboot___x"},
      {"a", "/\n\r\t\x1b[31m", "", 1, "a______31m"},
      {"\xc3\xa4.de", "/%2e%2e%2f", "", 1, "__.de_%2e%2e%2f"},
      {"[::1]:443", "/x.tar.gz", "", 2, "___1__443_x.tar-2.gz"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_string_equal(name_of(str(rows[i].authority), str(rows[i].path),
                                rows[i].suffix, rows[i].number, ""),
                        rows[i].want);
  }
}

static void check_safe(const char *name) {
  size_t len = strlen(name);

  assert_in_range(len, 1, CLI_SAFENAME_MAX);
  assert_null(strstr(name, ".."));
  assert_null(strchr("-.~", name[0]));
  for (size_t i = 0; i < len; i++) {
    assert_true((name[i] >= '0' && name[i] <= '9') ||
                (name[i] >= 'a' && name[i] <= 'z') ||
                (name[i] >= 'A' && name[i] <= 'Z') ||
                strchr("-._+=,@%~", name[i]));
  }
}

/* A long name keeps both ends, and all that may be added still fits. */
static void test_long(void **state) {
  char path[3000];
  const char *name;

  (void)state;
  memset(path, 'x', sizeof(path));
  memcpy(path, "/first/", 7);
  memcpy(path + 500, "/last.tar.gz", 12);
  name = name_of(str("example.org"), quic_bytes_of(path, 512), ".request",
                 UINT64_MAX, ".part567");
  check_safe(name);
  assert_int_equal(strlen(name), CLI_SAFENAME_MAX);
  assert_memory_equal(name, "example.org_first_x", 19);
  assert_non_null(strstr(name, "last.tar-18446744073709551615.gz.request"));
  for (size_t len = 0; len <= sizeof(path); len += 7) {
    check_safe(name_of(quic_bytes_of(path, sizeof(path) - len),
                       quic_bytes_of(path, len), ".request", UINT64_MAX,
                       ".part567"));
  }
}

/* Any octets make a safe name, in blocks of their exact size. */
static void test_any(void **state) {
  static const char odd[] = "./.-~\0\n\xff%_A";
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int round = 0; round < 20000; round++) {
    uint8_t octets[96];
    size_t len = (size_t)(quic_rng_u64(&rng) % sizeof(octets));
    size_t cut = len ? (size_t)(quic_rng_u64(&rng) % (len + 1)) : 0;
    uint8_t *exact;

    for (size_t i = 0; i < len; i++) {
      uint64_t r = quic_rng_u64(&rng);

      octets[i] = r & 256 ? (uint8_t)odd[r % (sizeof(odd) - 1)] : (uint8_t)r;
    }
    exact = octets_exact(octets, len);
    check_safe(name_of(quic_bytes_of(exact, cut),
                       quic_bytes_of(exact + cut, len - cut), "", 1, ""));
    free(exact);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_long),
      cmocka_unit_test(test_any),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
