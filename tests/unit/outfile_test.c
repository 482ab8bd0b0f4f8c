#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/outfile.h"
#include "tests/support/failmem.h"

static char home[64];

/* A directory of its own for each test, which works in it. */
static int enter(void **state) {
  (void)state;
  strcpy(home, "/tmp/outfile_test-XXXXXX");
  return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static size_t count_files(const char *path, bool clear) {
  DIR *dir = opendir(path);
  const struct dirent *entry;
  size_t n = 0;

  assert_non_null(dir);
  while ((entry = readdir(dir)) != NULL) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      n++;
      if (clear && unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
        unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
      }
    }
  }
  closedir(dir);
  return n;
}

static int leave(void **state) {
  (void)state;
  count_files(home, true);
  return chdir("/") == 0 && rmdir(home) == 0 ? 0 : -1;
}

static const char *content(const char *path) {
  static char text[64];
  FILE *f = fopen(path, "r");
  size_t n;

  assert_non_null(f);
  n = fread(text, 1, sizeof(text) - 1, f);
  text[n] = '\0';
  fclose(f);
  return text;
}

static void put(const char *path, const char *text, bool follow) {
  cli_outfile *f;

  assert_int_equal(cli_outfile_new(&f, quic_mem_default(), path, follow), 0);
  quic_text_str(cli_outfile_text(f), text);
  assert_int_equal(cli_outfile_commit(f), 0);
  cli_outfile_del(f);
}

/* Nothing has the name before all is written, and nobody else may read it. */
static void whole_or_not(void **state) {
  cli_outfile *f;
  struct stat st;

  (void)state;
  assert_int_equal(cli_outfile_new(&f, quic_mem_default(), "a", true), 0);
  quic_text_str(cli_outfile_text(f), "new");
  assert_int_equal(access("a", F_OK), -1);
  assert_int_equal(count_files(home, false), 1);
  assert_int_equal(cli_outfile_commit(f), 0);
  cli_outfile_del(f);
  assert_string_equal(content("a"), "new");
  assert_int_equal(count_files(home, false), 1);
  assert_int_equal(stat("a", &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(cli_outfile_new(&f, quic_mem_default(), "a", true), 0);
  quic_text_str(cli_outfile_text(f), "given up");
  cli_outfile_del(f);
  assert_string_equal(content("a"), "new");
  assert_int_equal(count_files(home, false), 1);
}

static void umask_takes(void **state) {
  mode_t old = umask(0277);
  struct stat st;

  (void)state;
  put("a", "x", false);
  umask(old);
  assert_int_equal(stat("a", &st), 0);
  assert_int_equal(st.st_mode & 0777, 0400);
}

/* Names of the user lead where links do; names from a capture do not. */
static void links(void **state) {
  struct stat st;

  (void)state;
  assert_int_equal(mkdir("d", 0700), 0);
  put("d/real", "old", false);
  assert_int_equal(symlink("d/real", "link"), 0);
  put("link", "new", true);
  assert_string_equal(content("d/real"), "new");
  assert_int_equal(lstat("link", &st), 0);
  assert_true(S_ISLNK(st.st_mode));
  put("link", "mine", false);
  assert_string_equal(content("d/real"), "new");
  assert_string_equal(content("link"), "mine");
  assert_int_equal(lstat("link", &st), 0);
  assert_true(S_ISREG(st.st_mode));
  assert_int_equal(unlink("d/real"), 0);
}

/* Devices and pipes stay what they are. */
static void devices(void **state) {
  struct stat st;
  cli_outfile *f;

  (void)state;
  put("/dev/null", "gone", true);
  assert_int_equal(stat("/dev/null", &st), 0);
  assert_true(S_ISCHR(st.st_mode));
  assert_int_equal(cli_outfile_new(&f, quic_mem_default(), "/dev/full", true),
                   0);
  quic_text_str(cli_outfile_text(f), "no room");
  assert_int_equal(cli_outfile_error(f), 0);
  assert_int_equal(cli_outfile_commit(f), ENOSPC);
  assert_int_equal(cli_outfile_error(f), ENOSPC);
  cli_outfile_del(f);
}

static void failures(void **state) {
  static char longest[PATH_MAX + 8];
  const quic_mem *mem = quic_mem_default();
  cli_outfile *f;
  failmem fm;

  (void)state;
  assert_int_equal(mkdir("d", 0700), 0);
  assert_int_equal(cli_outfile_new(&f, mem, "", true), ENOENT);
  assert_null(f);
  assert_int_equal(cli_outfile_new(&f, mem, "none/a", true), ENOENT);
  assert_int_equal(cli_outfile_new(&f, mem, "d", true), EISDIR);
  assert_int_equal(cli_outfile_new(&f, mem, "d", false), EISDIR);
  memset(longest, 'a', sizeof(longest) - 1);
  assert_int_equal(cli_outfile_new(&f, mem, longest, true), ENAMETOOLONG);
  put("a", "x", false);
  assert_int_equal(cli_outfile_new(&f, mem, "a/b", true), ENOTDIR);
  assert_null(f);
  failmem_init(&fm);
  failmem_fail_nth(&fm, 1);
  assert_int_equal(cli_outfile_new(&f, &fm.mem, "b", true), ENOMEM);
  assert_null(f);
  assert_true(failmem_balanced(&fm));
  assert_int_equal(count_files(home, false), 2);
  /* A name that only the end finds taken. */
  assert_int_equal(cli_outfile_new(&f, mem, "c", true), 0);
  assert_int_equal(mkdir("c", 0700), 0);
  assert_int_equal(cli_outfile_commit(f), EISDIR);
  cli_outfile_del(f);
  assert_int_equal(count_files(home, false), 3);
  cli_outfile_del(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(whole_or_not, enter, leave),
      cmocka_unit_test_setup_teardown(umask_takes, enter, leave),
      cmocka_unit_test_setup_teardown(links, enter, leave),
      cmocka_unit_test_setup_teardown(devices, enter, leave),
      cmocka_unit_test_setup_teardown(failures, enter, leave),
  };

  return cmocka_run_group_tests_name("outfile", tests, NULL, NULL);
}
