#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/sink.h"

static cli_sink sink;

/* What is written is what was appended, however it falls on the buffer. */
static void whole_text(void **state) {
  FILE *f = tmpfile();
  size_t n = 0;
  char line[64], got[64];

  (void)state;
  assert_non_null(f);
  cli_sink_init(&sink, fileno(f));
  while (n < 3 * CLI_SINK_BUFFER) {
    int len = snprintf(line, sizeof(line), "line %zu\n", n);

    quic_text_str(&sink.text, line);
    n += (size_t)len;
  }
  assert_int_equal(quic_text_pos(&sink.text), n);
  assert_true(lseek(fileno(f), 0, SEEK_END) < (off_t)n);
  assert_int_equal(cli_sink_flush(&sink), 0);
  assert_int_equal(lseek(fileno(f), 0, SEEK_END), n);
  assert_int_equal(cli_sink_flush(&sink), 0);
  assert_int_equal(lseek(fileno(f), 0, SEEK_END), n);
  rewind(f);
  for (n = 0; fgets(got, sizeof(got), f); n += strlen(got)) {
    snprintf(line, sizeof(line), "line %zu\n", n);
    assert_string_equal(got, line);
  }
  assert_true(n > 3 * CLI_SINK_BUFFER - 64);
  fclose(f);
}

/* The first error stands, and nothing is written after it. */
static void first_error(void **state) {
  int fds[2];
  char octet;

  (void)state;
  assert_int_equal(pipe(fds), 0);
  cli_sink_init(&sink, fds[0]); /* not open for writing */
  quic_text_str(&sink.text, "lost");
  assert_int_equal(cli_sink_flush(&sink), EBADF);
  sink.fd = fds[1];
  quic_text_str(&sink.text, "lost, too");
  assert_int_equal(cli_sink_flush(&sink), EBADF);
  assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  assert_int_equal(read(fds[0], &octet, 1), -1);
  assert_int_equal(errno, EAGAIN);
  close(fds[0]);
  close(fds[1]);
}

static void reader_gone(void **state) {
  int fds[2];

  (void)state;
  signal(SIGPIPE, SIG_IGN);
  assert_int_equal(pipe(fds), 0);
  close(fds[0]);
  cli_sink_init(&sink, fds[1]);
  for (size_t i = 0; i < 2 * CLI_SINK_BUFFER / 8; i++) {
    quic_text_str(&sink.text, "12345678");
  }
  assert_int_equal(sink.error, EPIPE);
  assert_int_equal(cli_sink_flush(&sink), EPIPE);
  close(fds[1]);
}

static void full_device(void **state) {
  int fd = open("/dev/full", O_WRONLY);

  (void)state;
  if (fd < 0) {
    skip();
  }
  cli_sink_init(&sink, fd);
  quic_text_str(&sink.text, "text");
  assert_int_equal(sink.error, 0);
  assert_int_equal(cli_sink_flush(&sink), ENOSPC);
  close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_text),
      cmocka_unit_test(first_error),
      cmocka_unit_test(reader_gone),
      cmocka_unit_test(full_device),
  };

  return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
