/* Real qlogs: what is converted has the same events, and converted once more is
   the same file.  H3KIT_CORPUS says where they are. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/exported.h"

#define PATHS_MAX 1024

static char *paths[PATHS_MAX];
static size_t npaths;

static int path_found(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
  (void)st;
  (void)ftw;
  if (type == FTW_F && strstr(path, "qlog") && !strstr(path, ".md") &&
      npaths < PATHS_MAX) {
    paths[npaths] = strdup(path);
    assert_non_null(paths[npaths]);
    npaths++;
  }
  return 0;
}

/* line_body returns a line of a description behind time and group. */
static const char *line_body(const char *line) {
  return strchr(strchr(line, ' ') + 1, ' ');
}

/* shown is where a difference begins to be shown, with a little before it. */
static int shown(size_t at) {
  return at > 40 ? (int)at - 40 : 0;
}

/* same tells whether two descriptions are the same line by line, the groups
   aside where traces were joined, and shows where the first ones part. */
static bool same(const char *a, const char *b, bool joined, const char *path) {
  for (size_t line = 1; *a && *b; line++) {
    const char *at = joined ? line_body(a) : a, *bt = joined ? line_body(b) : b;
    size_t n = 0;

    while (at[n] == bt[n] && at[n] != '\n') {
      n++;
    }
    if (at[n] != bt[n]) {
      print_message("%s: line %zu\n  %.160s\n  %.160s\n", path, line,
                    at + shown(n), bt + shown(n));
      return false;
    }
    a = at + n + 1;
    b = bt + n + 1;
  }
  if (*a || *b) {
    print_message("%s: one has more events\n", path);
  }
  return !*a && !*b;
}

static bool check(const char *path, bool compat) {
  qv_options opt = {.mode = QV_CONVERT, .quiet = true, .compat = compat};
  exported once, twice;
  uint32_t traces = 0;
  char *before = exported_described_file(path, &traces), *after;
  bool good;

  if (!before) {
    return true; /* not one that can be read */
  }
  exported_file(&once, quic_mem_default(), &opt, path);
  assert_int_equal(once.status, 0);
  after = exported_described(once.text, once.len);
  good = same(before, after, traces > 1, path);
  exported_run(&twice, quic_mem_default(), &opt, once.text, once.len);
  if (twice.len != once.len || memcmp(twice.text, once.text, once.len) != 0) {
    print_message("%s: another file when converted again\n", path);
    good = false;
  }
  exported_free(&twice);
  exported_free(&once);
  free(after);
  free(before);
  return good;
}

static void corpus(bool compat) {
  const char *folder = getenv("H3KIT_CORPUS");
  size_t bad = 0;

  folder = folder ? folder : "../shared/corpus";
  npaths = 0;
  if (access(folder, R_OK) != 0) {
    print_message("SKIP: no corpus at %s\n", folder);
    skip();
  }
  assert_int_equal(nftw(folder, path_found, 16, FTW_PHYS), 0);
  for (size_t i = 0; i < npaths; i++) {
    /* It has a phrase that is no UTF-8, for which 0.3 has no field. */
    bad += !(compat && strstr(paths[i], "every_event")) &&
           !check(paths[i], compat);
    free(paths[i]);
  }
  print_message("%zu files\n", npaths);
  assert_int_equal(bad, 0);
}

static void test_newest(void **state) {
  (void)state;
  corpus(false);
}

static void test_compat(void **state) {
  (void)state;
  corpus(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_newest),
                                     cmocka_unit_test(test_compat)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
