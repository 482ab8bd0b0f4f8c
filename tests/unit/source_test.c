#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/writer.h"
#include "pcap/source.h"
#include "tests/support/failmem.h"

#define FILE_MAX (4u << 20)

static const quic_capture_format format = {.nanoseconds = true};

static char path[64];
static uint8_t *octets; /* of the file */
static quic_writer wr;

static int set_up(void **state) {
  int fd;

  strcpy(path, "/tmp/h3kit-source.XXXXXX");
  fd = mkstemp(path);
  *state = path;
  octets = malloc(FILE_MAX);
  quic_writer_init(&wr, octets, FILE_MAX);
  return fd < 0 || !octets ? -1 : close(fd);
}

static int tear_down(void **state) {
  (void)state;
  free(octets);
  return unlink(path);
}

static quic_bytes data_of(size_t len, uint8_t n) {
  static uint8_t data[QUIC_CAPTURE_PACKET_MAX];

  memset(data, n, len);
  return quic_bytes_of(data, len);
}

/* The blocks of a capture, into |octets|. */
static void put_head(void) {
  assert_int_equal(quic_capture_write_section(&wr, &format, "test"), 0);
  assert_int_equal(quic_capture_write_interface(&wr, &format, 1, 0), 0);
}

static void put_packet(uint8_t n, size_t len) {
  assert_int_equal(quic_capture_write_packet(&wr, &format, 0, n * QUIC_SECOND,
                                             data_of(len, n), (uint32_t)len),
                   0);
}

static void put_secrets(const char *text) {
  assert_int_equal(
      quic_capture_write_secrets(&wr, &format, QUIC_CAPTURE_SECRETS_TLS,
                                 quic_bytes_of(text, strlen(text))),
      0);
}

/* A block of a type that nobody knows. */
static void put_unknown(uint32_t len) {
  quic_writer_uint_le(&wr, 0x0bad, 4);
  quic_writer_uint_le(&wr, len, 4);
  quic_writer_fill(&wr, 0, len - 12);
  quic_writer_uint_le(&wr, len, 4);
}

static void store(size_t len) {
  FILE *f = fopen(path, "w");

  assert_non_null(f);
  assert_false(wr.failed);
  assert_int_equal(fwrite(octets, 1, len, f), len);
  assert_int_equal(fclose(f), 0);
}

static void next_packet(qd_source *src, uint8_t n, size_t len) {
  quic_capture_record rec;

  assert_int_equal(qd_source_next(src, &rec), 0);
  assert_int_equal(rec.kind, QUIC_CAPTURE_PACKET);
  assert_int_equal(rec.number, n);
  assert_int_equal(rec.time, n * QUIC_SECOND);
  assert_int_equal(rec.data.len, len);
  assert_int_equal(rec.data.data[0], n);
  assert_int_equal(rec.data.data[len - 1], n);
}

static void next_end(qd_source *src) {
  quic_capture_record rec;

  assert_int_equal(qd_source_next(src, &rec), QUIC_ERR_END);
  assert_int_equal(qd_source_next(src, &rec), QUIC_ERR_END);
}

static void plain_file(void **state) {
  qd_source *src;

  (void)state;
  put_head();
  put_packet(1, 60);
  put_packet(2, 1500);
  store(quic_writer_len(&wr));
  assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
  assert_true(qd_source_seekable(src));
  assert_int_equal(qd_source_size(src), quic_writer_len(&wr));
  next_packet(src, 1, 60);
  assert_true(qd_source_position(src) < qd_source_size(src));
  next_packet(src, 2, 1500);
  next_end(src);
  assert_int_equal(qd_source_position(src), qd_source_size(src));
  qd_source_close(src);
}

/* Records that cross the window's end, and one larger than the window. */
static void large_records(void **state) {
  qd_source *src;

  (void)state;
  put_head();
  for (uint8_t n = 1; n <= 9; n++) {
    put_packet(n, 200001);
  }
  put_unknown(2000000);
  put_packet(10, 60);
  store(quic_writer_len(&wr));
  assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
  for (uint8_t n = 1; n <= 9; n++) {
    next_packet(src, n, 200001);
  }
  next_packet(src, 10, 60);
  next_end(src);
  qd_source_close(src);
}

/* Wherever a file is cut: what is before is all there. */
static void cut_file(void **state) {
  size_t first, whole;

  (void)state;
  put_head();
  put_packet(1, 60);
  first = quic_writer_len(&wr);
  put_packet(2, 60);
  whole = quic_writer_len(&wr);
  for (size_t len = first; len <= whole; len++) {
    quic_capture_record rec;
    qd_source *src;
    int rv;

    store(len);
    assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
    next_packet(src, 1, 60);
    rv = qd_source_next(src, &rec);
    assert_int_equal(rv, len == first   ? QUIC_ERR_END
                         : len == whole ? 0
                                        : QUIC_ERR_SHORT);
    if (rv == QUIC_ERR_SHORT) {
      char offset[32];

      snprintf(offset, sizeof(offset), "offset %zu", first);
      assert_non_null(strstr(qd_source_error(src), path));
      assert_non_null(strstr(qd_source_error(src), offset));
    }
    qd_source_close(src);
  }
}

static void no_capture(void **state) {
  quic_capture_record rec;
  qd_source *src;

  (void)state;
  quic_writer_bytes(&wr, quic_bytes_of("#!/bin/sh\nexit 0\n# more\n", 24));
  store(24);
  assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
  assert_int_equal(qd_source_next(src, &rec), QUIC_ERR_UNSUPPORTED);
  assert_non_null(strstr(qd_source_error(src), path));
  qd_source_close(src);
  store(0);
  assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
  assert_int_equal(qd_source_next(src, &rec), QUIC_ERR_UNSUPPORTED);
  qd_source_close(src);
}

static void no_file(void **state) {
  qd_source *src;

  (void)state;
  assert_int_equal(
      qd_source_open(&src, quic_mem_default(), "/nonexistent/x.pcap"),
      QUIC_ERR_INVALID);
  assert_string_equal(qd_source_error(src),
                      "/nonexistent/x.pcap: No such file or directory");
  qd_source_close(src);
  assert_int_equal(qd_source_open(&src, quic_mem_default(), "/tmp"),
                   QUIC_ERR_INVALID);
  assert_string_equal(qd_source_error(src), "/tmp: is a directory");
  qd_source_close(src);
  qd_source_close(NULL);
}

/* Secrets. */

typedef struct collected {
  char text[256];
  size_t n;
} collected;

static void on_secrets(void *user, const quic_capture_record *rec) {
  collected *all = user;

  assert_int_equal(rec->kind, QUIC_CAPTURE_SECRETS);
  strncat(all->text, (const char *)rec->data.data, rec->data.len);
  all->n++;
}

/* They are found behind packets, in later sections, and behind blocks that
   nobody reads; then the reading starts over. */
static void secrets_first(void **state) {
  collected all = {"", 0};
  quic_capture_record rec;
  qd_source *src;

  (void)state;
  put_head();
  put_secrets("one ");
  put_packet(1, 200000);
  put_unknown(1500000);
  put_secrets("two ");
  put_head();
  put_packet(2, 60);
  put_secrets("three");
  store(quic_writer_len(&wr));
  assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
  assert_int_equal(qd_source_secrets(src, on_secrets, &all), 0);
  assert_int_equal(all.n, 3);
  assert_string_equal(all.text, "one two three");
  assert_int_equal(qd_source_position(src), 0);
  assert_int_equal(qd_source_next(src, &rec), 0);
  assert_int_equal(rec.kind, QUIC_CAPTURE_SECRETS);
  next_packet(src, 1, 200000);
  assert_int_equal(qd_source_next(src, &rec), 0);
  assert_int_equal(rec.kind, QUIC_CAPTURE_SECRETS);
  next_packet(src, 2, 60);
  qd_source_close(src);
}

/* What is broken is reported by the reading, not by the scan. */
static void secrets_in_cut_file(void **state) {
  size_t first, whole;

  (void)state;
  put_head();
  put_secrets("one ");
  first = quic_writer_len(&wr);
  put_packet(1, 60);
  put_secrets("two ");
  whole = quic_writer_len(&wr);
  for (size_t len = first; len < whole; len++) {
    collected all = {"", 0};
    quic_capture_record rec;
    qd_source *src;
    int rv;

    store(len);
    assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
    assert_int_equal(qd_source_secrets(src, on_secrets, &all), 0);
    assert_int_equal(all.n, 1);
    do {
      rv = qd_source_next(src, &rec);
    } while (rv == 0);
    assert_true(rv == QUIC_ERR_SHORT || rv == QUIC_ERR_END);
    qd_source_close(src);
  }
}

static void secrets_of_pcap(void **state) {
  collected all = {"", 0};
  qd_source *src;

  (void)state;
  assert_int_equal(quic_capture_write_pcap_header(&wr, &format, 1, 65535), 0);
  for (uint8_t n = 1; n <= 3; n++) {
    assert_int_equal(quic_capture_write_pcap_packet(
                         &wr, &format, n * QUIC_SECOND, data_of(70, n), 70),
                     0);
  }
  store(quic_writer_len(&wr));
  assert_int_equal(qd_source_open(&src, quic_mem_default(), path), 0);
  assert_int_equal(qd_source_secrets(src, on_secrets, &all), 0);
  assert_int_equal(all.n, 0);
  for (uint8_t n = 1; n <= 3; n++) {
    next_packet(src, n, 70);
  }
  next_end(src);
  qd_source_close(src);
}

/* Pipes. */

#define TRICKLE 150 /* octets at a time */

typedef struct trickle {
  int fd;
  size_t sent, calls;
} trickle;

/* trickle_on_idle writes a little more each time that the reader waits. */
static void trickle_on_idle(void *user) {
  trickle *tr = user;
  size_t left = quic_writer_len(&wr) - tr->sent;
  size_t n = left < TRICKLE ? left : TRICKLE;

  tr->calls++;
  if (n == 0) {
    close(tr->fd);
    return;
  }
  assert_int_equal(write(tr->fd, octets + tr->sent, n), n);
  tr->sent += n;
}

static void slow_pipe(void **state) {
  trickle tr = {0, 0, 0};
  quic_capture_record rec;
  char name[32];
  qd_source *src;
  int fds[2];

  (void)state;
  put_head();
  put_packet(1, 60);
  put_secrets("one ");
  put_packet(2, 301);
  assert_int_equal(pipe(fds), 0);
  tr.fd = fds[1];
  snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
  assert_int_equal(qd_source_open(&src, quic_mem_default(), name), 0);
  close(fds[0]);
  assert_false(qd_source_seekable(src));
  assert_int_equal(qd_source_size(src), 0);
  qd_source_idle(src, trickle_on_idle, &tr);
  next_packet(src, 1, 60);
  /* A record comes as soon as it is there. */
  assert_true(tr.sent < quic_writer_len(&wr));
  assert_int_equal(qd_source_next(src, &rec), 0);
  assert_int_equal(rec.kind, QUIC_CAPTURE_SECRETS);
  next_packet(src, 2, 301);
  next_end(src);
  assert_true(tr.calls >= quic_writer_len(&wr) / TRICKLE);
  qd_source_close(src);
}

static void standard_input(void **state) {
  int keep = dup(STDIN_FILENO);
  qd_source *src;
  int fds[2];

  (void)state;
  put_head();
  put_packet(1, 60);
  assert_int_equal(pipe(fds), 0);
  assert_int_equal(write(fds[1], octets, quic_writer_len(&wr) - 1),
                   quic_writer_len(&wr) - 1);
  close(fds[1]);
  assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  close(fds[0]);
  assert_int_equal(qd_source_open(&src, quic_mem_default(), "-"), 0);
  {
    quic_capture_record rec;

    assert_int_equal(qd_source_next(src, &rec), QUIC_ERR_SHORT);
  }
  assert_non_null(strstr(qd_source_error(src), "standard input"));
  qd_source_close(src);
  dup2(keep, STDIN_FILENO);
  close(keep);
}

static int run_all(const quic_mem *mem, void *user) {
  quic_capture_record rec;
  qd_source *src;
  int rv = qd_source_open(&src, mem, path);

  (void)user;
  while (rv == 0) {
    rv = qd_source_next(src, &rec);
  }
  qd_source_close(src);
  return rv == QUIC_ERR_END ? 0 : rv;
}

static void out_of_memory(void **state) {
  failmem fm;

  (void)state;
  put_head();
  put_secrets("one ");
  put_packet(1, 60);
  put_unknown(1500000);
  store(quic_writer_len(&wr));
  if (!failmem_sweep(&fm, run_all, NULL)) {
    fail_msg("%s", fm.text);
  }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(plain_file),          TEST(large_records),   TEST(cut_file),
      TEST(no_capture),          TEST(no_file),         TEST(secrets_first),
      TEST(secrets_in_cut_file), TEST(secrets_of_pcap), TEST(slow_pipe),
      TEST(standard_input),      TEST(out_of_memory),
  };

  return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
