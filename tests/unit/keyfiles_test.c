#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pcap/keyfiles.h"
#include "tests/support/failmem.h"

static char dir[64];
static char path[QD_KEYFILES_MAX + 1][96];
static qd_keyfiles *kf;

static int set_up(void **state) {
  strcpy(dir, "/tmp/h3kit-keyfiles.XXXXXX");
  *state = dir;
  if (!mkdtemp(dir)) {
    return -1;
  }
  for (size_t i = 0; i <= QD_KEYFILES_MAX; i++) {
    snprintf(path[i], sizeof(path[i]), "%s/%zu", dir, i);
  }
  return qd_keyfiles_new(&kf, quic_mem_default());
}

static int tear_down(void **state) {
  (void)state;
  qd_keyfiles_del(kf);
  for (size_t i = 0; i <= QD_KEYFILES_MAX; i++) {
    unlink(path[i]);
  }
  return rmdir(dir);
}

/* line_of writes the key log line of the client random that is all |n|. */
static const char *line_of(unsigned n) {
  static char line[256];
  char *p = line + sprintf(line, "CLIENT_TRAFFIC_SECRET_0 ");

  for (int i = 0; i < 64; i++) {
    p += sprintf(p, "%02x%s", n, i == 31 ? " " : "");
  }
  strcpy(p, "\n");
  return line;
}

static void put(const char *file, const char *mode, const char *text) {
  FILE *f = fopen(file, mode);

  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
  assert_int_equal(fclose(f), 0);
}

/* secret_of returns the first octet of the secret of random |n|, or -1. */
static int secret_of(unsigned n) {
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN];
  const quic_keylog_entry *entry;

  memset(random, (int)n, sizeof(random));
  entry = quic_keylog_find(qd_keyfiles_log(kf), random);
  return entry && entry->secrets[QUIC_KEYLOG_CLIENT_APP].len
             ? entry->secrets[QUIC_KEYLOG_CLIENT_APP].data[0]
             : -1;
}

static void growth(void **state) {
  (void)state;
  assert_false(qd_keyfiles_any(kf));
  put(path[0], "w", line_of(1));
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  assert_true(qd_keyfiles_any(kf));
  assert_int_equal(secret_of(1), 1);
  assert_false(qd_keyfiles_poll(kf));
  put(path[0], "a", line_of(2));
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(2), 2);
  assert_false(qd_keyfiles_poll(kf));
}

/* A line that is written in pieces is read when it ends. */
static void half_a_line(void **state) {
  char half[64];

  (void)state;
  snprintf(half, sizeof(half), "%s", line_of(3));
  put(path[0], "w", half);
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  assert_int_equal(secret_of(3), -1);
  put(path[0], "a", line_of(3) + strlen(half));
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(3), 3);
}

static void last_line_without_end(void **state) {
  char line[256];

  (void)state;
  snprintf(line, sizeof(line), "%s", line_of(4));
  line[strlen(line) - 1] = '\0';
  put(path[0], "w", line);
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  assert_int_equal(secret_of(4), -1);
  assert_int_equal(qd_keyfiles_finish(kf), 0);
  assert_int_equal(secret_of(4), 4);
}

/* Another file under the same name is read from its start. */
static void replaced(void **state) {
  (void)state;
  put(path[0], "w", line_of(1));
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  put(path[1], "w", line_of(2));
  assert_int_equal(rename(path[1], path[0]), 0);
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(1), 1);
  assert_int_equal(secret_of(2), 2);
  put(path[0], "a", line_of(3));
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(3), 3);
}

/* The old file's last line had no end: it is no part of the new file. */
static void replaced_in_a_line(void **state) {
  char line[256];

  (void)state;
  snprintf(line, sizeof(line), "%s", line_of(1));
  line[100] = '\0';
  put(path[0], "w", line);
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  put(path[1], "w", line_of(2));
  assert_int_equal(rename(path[1], path[0]), 0);
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(2), 2);
}

static void made_shorter(void **state) {
  char both[512];

  (void)state;
  snprintf(both, sizeof(both), "%s", line_of(1));
  strcat(both, line_of(2));
  put(path[0], "w", both);
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  put(path[0], "w", line_of(5));
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(5), 5);
}

static void absent(void **state) {
  (void)state;
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), QUIC_ERR_INVALID);
  assert_non_null(strstr(qd_keyfiles_error(kf), path[0]));
  assert_false(qd_keyfiles_any(kf));
  assert_int_equal(qd_keyfiles_add(kf, path[0], true), 0);
  assert_true(qd_keyfiles_any(kf));
  assert_false(qd_keyfiles_poll(kf));
  put(path[0], "w", line_of(1));
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(1), 1);
}

/* It goes away, and comes again. */
static void removed(void **state) {
  (void)state;
  put(path[0], "w", line_of(1));
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  assert_int_equal(unlink(path[0]), 0);
  assert_false(qd_keyfiles_poll(kf));
  put(path[0], "w", line_of(2));
  assert_true(qd_keyfiles_poll(kf));
  assert_int_equal(secret_of(2), 2);
}

static void directory(void **state) {
  (void)state;
  assert_int_equal(qd_keyfiles_add(kf, dir, true), QUIC_ERR_INVALID);
  assert_non_null(strstr(qd_keyfiles_error(kf), dir));
  /* One that takes the place of a file later is passed over. */
  put(path[0], "w", line_of(1));
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  unlink(path[0]);
  assert_int_equal(mkdir(path[0], 0700), 0);
  assert_false(qd_keyfiles_poll(kf));
  rmdir(path[0]);
}

/* write_later writes to the FIFO |file| from another process, which opens it
   after |ms| and pauses in the middle. */
static pid_t write_later(const char *file, unsigned ms) {
  pid_t pid = fork();
  const char *text;
  int fd;

  if (pid != 0) {
    return pid;
  }
  usleep(ms * 1000);
  fd = open(file, O_WRONLY);
  text = line_of(1);
  if (fd < 0 || write(fd, text, 50) != 50) {
    _exit(1);
  }
  usleep(50 * 1000);
  _exit(write(fd, text + 50, strlen(text) - 50) < 0);
}

static void check_fifo(unsigned ms) {
  pid_t pid;

  assert_int_equal(mkfifo(path[0], 0600), 0);
  pid = write_later(path[0], ms);
  if (ms == 0) {
    usleep(50 * 1000); /* it stands in open, which a reader ends */
  }
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  assert_int_equal(secret_of(1), 1);
  assert_false(qd_keyfiles_poll(kf));
}

static void fifo(void **state) {
  (void)state;
  check_fifo(0);
}

/* Its writer comes after us. */
static void fifo_writer_later(void **state) {
  (void)state;
  check_fifo(100);
}

/* As of <(command) in a shell. */
static void pipe_by_name(void **state) {
  char name[32];
  int fds[2];

  (void)state;
  assert_int_equal(pipe(fds), 0);
  assert_true(write(fds[1], line_of(7), strlen(line_of(7))) > 0);
  close(fds[1]);
  snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
  assert_int_equal(qd_keyfiles_add(kf, name, false), 0);
  assert_int_equal(secret_of(7), 7);
  close(fds[0]);
}

static void too_many(void **state) {
  (void)state;
  for (size_t i = 0; i < QD_KEYFILES_MAX; i++) {
    put(path[i], "w", line_of((unsigned)i + 1));
    assert_int_equal(qd_keyfiles_add(kf, path[i], false), 0);
  }
  assert_int_equal(qd_keyfiles_add(kf, path[QD_KEYFILES_MAX], true),
                   QUIC_ERR_LIMIT);
  assert_int_equal(secret_of(QD_KEYFILES_MAX), QD_KEYFILES_MAX);
}

static void names(void **state) {
  char buf[64];

  (void)state;
  put(path[0], "w", "");
  assert_int_equal(qd_keyfiles_add(kf, path[0], false), 0);
  assert_string_equal(qd_keyfiles_name(kf, 0, buf, sizeof(buf)), path[0]);
  assert_string_equal(qd_keyfiles_name(kf, QD_KEYFILES_MAX, buf, sizeof(buf)),
                      "secrets block 1");
}

static quic_capture_record block(uint64_t offset, uint32_t type, unsigned n) {
  static char text[256];
  quic_capture_record rec = {
      .kind = QUIC_CAPTURE_SECRETS, .offset = offset, .secrets_type = type};

  /* Without a line end: a block has no next line. */
  snprintf(text, sizeof(text), "%s", line_of(n));
  rec.data = quic_bytes_of(text, strlen(text) - 1);
  return rec;
}

static void secrets_blocks(void **state) {
  quic_capture_record rec = block(100, QUIC_CAPTURE_SECRETS_TLS, 1);
  uint64_t generation;

  (void)state;
  assert_int_equal(qd_keyfiles_secrets(kf, &rec), 0);
  assert_true(qd_keyfiles_any(kf));
  assert_int_equal(secret_of(1), 1);
  generation = quic_keylog_generation(qd_keyfiles_log(kf));
  /* The second reading of the file meets it again. */
  assert_int_equal(qd_keyfiles_secrets(kf, &rec), 0);
  assert_int_equal(quic_keylog_generation(qd_keyfiles_log(kf)), generation);
  assert_int_equal(
      quic_keylog_problem_count(qd_keyfiles_log(kf), QUIC_KEYLOG_DUPLICATE), 0);
  rec = block(400, 0x57474b4c, 2); /* WireGuard */
  assert_int_equal(qd_keyfiles_secrets(kf, &rec), 0);
  assert_int_equal(secret_of(2), -1);
  rec = block(800, QUIC_CAPTURE_SECRETS_TLS, 2);
  assert_int_equal(qd_keyfiles_secrets(kf, &rec), 0);
  assert_int_equal(secret_of(2), 2);
}

static int run_new(const quic_mem *mem, void *user) {
  qd_keyfiles *files;
  int rv = qd_keyfiles_new(&files, mem);

  (void)user;
  qd_keyfiles_del(files);
  return rv;
}

static void out_of_memory(void **state) {
  failmem fm;

  (void)state;
  if (!failmem_sweep(&fm, run_new, NULL)) {
    fail_msg("%s", fm.text);
  }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(growth),
      TEST(half_a_line),
      TEST(last_line_without_end),
      TEST(replaced),
      TEST(replaced_in_a_line),
      TEST(made_shorter),
      TEST(absent),
      TEST(removed),
      TEST(directory),
      TEST(fifo),
      TEST(fifo_writer_later),
      TEST(pipe_by_name),
      TEST(too_many),
      TEST(names),
      TEST(secrets_blocks),
      TEST(out_of_memory),
  };

  return cmocka_run_group_tests_name("keyfiles", tests, NULL, NULL);
}
