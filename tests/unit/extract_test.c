/* Content of messages as files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcap/export.h"
#include "pcap/request.h"
#include "pcap/trace.h"
#include "tests/support/failmem.h"

typedef struct fixture {
  char root[64]; /* a directory of the test's own */
  char dir[96];
  qd_output *out;
  qd_trace trace;
} fixture;

static void begin(fixture *fx, bool late) {
  qd_output_settings set = {.mem = quic_mem_default()};

  memset(&fx->trace, 0, sizeof(fx->trace));
  assert_int_equal(qd_output_extract_new(&fx->out, &set, fx->dir, late), 0);
}

static int setup(void **state) {
  fixture *fx = calloc(1, sizeof(*fx));

  assert_non_null(fx);
  snprintf(fx->root, sizeof(fx->root), "/tmp/h3kit-extract.XXXXXX");
  assert_non_null(mkdtemp(fx->root));
  snprintf(fx->dir, sizeof(fx->dir), "%s/out", fx->root);
  *state = fx;
  return 0;
}

static int teardown(void **state) {
  fixture *fx = *state;
  char command[128];

  snprintf(command, sizeof(command), "rm -rf '%s'", fx->root);
  assert_int_equal(system(command), 0);
  free(fx);
  return 0;
}

/* ask makes a request whose response can be told. */
static void ask(qd_request *rq, uint64_t number, const char *path) {
  const quic_mem *mem = quic_mem_default();
  qd_fields *fs = &rq->side[QD_CLIENT].fields;

  qd_request_init(rq);
  rq->protocol = "h3";
  rq->number = number;
  rq->stream_id = (number - 1) * 4;
  rq->status = 200;
  rq->has_status = true;
  if (path) {
    assert_int_equal(qd_fields_add(fs, mem, quic_bytes_of(":method", 7),
                                   quic_bytes_of("GET", 3)),
                     0);
    assert_int_equal(qd_fields_add(fs, mem, quic_bytes_of(":authority", 10),
                                   quic_bytes_of("a.org", 5)),
                     0);
    assert_int_equal(qd_fields_add(fs, mem, quic_bytes_of(":path", 5),
                                   quic_bytes_of(path, strlen(path))),
                     0);
  }
}

static void answer(fixture *fx, qd_request *rq, qd_side side,
                   const void *octets, size_t len) {
  rq->side[side].body += len;
  fx->out->body(fx->out, &fx->trace, rq, side, quic_bytes_of(octets, len));
}

static void done(fixture *fx, qd_request *rq, bool fin) {
  rq->side[QD_CLIENT].fin = rq->side[QD_SERVER].fin = fin;
  fx->out->request(fx->out, &fx->trace, rq);
  qd_request_free(rq, quic_mem_default());
}

static void whole(fixture *fx, uint64_t number, const char *path,
                  const char *octets) {
  qd_request rq;

  ask(&rq, number, path);
  answer(fx, &rq, QD_SERVER, octets, strlen(octets));
  done(fx, &rq, true);
}

static void finish(fixture *fx) {
  fx->out->finish(fx->out);
}

/* holds fails unless file |name| of the directory has these octets. */
static void holds(const fixture *fx, const char *name, const void *octets,
                  size_t len) {
  static char got[70000];
  char path[512];
  struct stat st;
  FILE *f;

  snprintf(path, sizeof(path), "%s/%s", fx->dir, name);
  f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fread(got, 1, sizeof(got), f), len);
  assert_memory_equal(got, octets, len);
  assert_int_equal(fstat(fileno(f), &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  fclose(f);
}

static bool is_there(const fixture *fx, const char *name) {
  char path[512];
  struct stat st;

  snprintf(path, sizeof(path), "%s/%s", fx->dir, name);
  return lstat(path, &st) == 0;
}

static const char head[] =
    "connection\tstream\tmessage\tstatus\tmethod\turl\tcontent-type\t"
    "content-encoding\toctets\tmissing\tcomplete\tfile\n";

static void test_files(void **state) {
  fixture *fx = *state;
  qd_request rq;
  struct stat st;
  char index[1024];

  begin(fx, false);
  assert_int_equal(stat(fx->dir, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0700);
  whole(fx, 1, "/x.js", "one");
  whole(fx, 2, "/x.js", "two");
  whole(fx, 3, "/empty", "");
  ask(&rq, 4, "/up");
  rq.has_status = false;
  assert_int_equal(qd_fields_add(&rq.side[QD_CLIENT].fields, quic_mem_default(),
                                 quic_bytes_of("content-type", 12),
                                 quic_bytes_of("a\tb", 3)),
                   0);
  answer(fx, &rq, QD_CLIENT, "up", 2);
  assert_true(is_there(fx, "a.org_up.request.part"));
  done(fx, &rq, true);
  finish(fx);
  assert_int_equal(fx->out->error, 0);
  holds(fx, "a.org_x.js", "one", 3);
  holds(fx, "a.org_x-2.js", "two", 3);
  holds(fx, "a.org_up.request", "up", 2);
  assert_false(is_there(fx, "a.org_empty"));
  assert_false(is_there(fx, "index.tsv.part"));
  snprintf(
      index, sizeof(index), "%s%s%s%s", head,
      "0\t0\tresponse\t200\tGET\ta.org/x.js\t-\t-\t3\t0\tyes\ta.org_x.js\n",
      "0\t4\tresponse\t200\tGET\ta.org/x.js\t-\t-\t3\t0\tyes\t"
      "a.org_x-2.js\n",
      "0\t12\trequest\t-\tGET\ta.org/up\ta\\x09b\t-\t2\t0\tyes\t"
      "a.org_up.request\n");
  holds(fx, "index.tsv", index, strlen(index));
  snprintf(index, sizeof(index), "extracted 3 files, 8 octets, into %s",
           fx->dir);
  assert_string_equal(fx->out->note, index);
  fx->out->del(fx->out);
}

/* What is there already is not touched, links least of all. */
static void test_no_overwriting(void **state) {
  fixture *fx = *state;
  char path[512], victim[512];
  FILE *f;

  snprintf(victim, sizeof(victim), "%s/victim", fx->root);
  f = fopen(victim, "w");
  assert_non_null(f);
  assert_true(fputs("mine", f) >= 0);
  fclose(f);
  begin(fx, false);
  snprintf(path, sizeof(path), "%s/a.org_x", fx->dir);
  assert_int_equal(symlink(victim, path), 0);
  snprintf(path, sizeof(path), "%s/a.org_x-2.part", fx->dir);
  assert_int_equal(symlink(victim, path), 0);
  snprintf(path, sizeof(path), "%s/a.org_x-3", fx->dir);
  assert_int_equal(mkdir(path, 0700), 0);
  whole(fx, 1, "/x", "theirs");
  finish(fx);
  assert_int_equal(fx->out->error, 0);
  holds(fx, "a.org_x-4", "theirs", 6);
  fx->out->del(fx->out);
  f = fopen(victim, "r");
  assert_non_null(f);
  assert_non_null(fgets(path, sizeof(path), f));
  assert_string_equal(path, "mine");
  fclose(f);
  begin(fx, false);
  whole(fx, 1, "/x", "again");
  finish(fx);
  holds(fx, "a.org_x-5", "again", 5);
  assert_true(is_there(fx, "index-2.tsv"));
  fx->out->del(fx->out);
}

/* Somebody takes the name while the file is written. */
static void test_late_collision(void **state) {
  fixture *fx = *state;
  char path[512];
  qd_request rq;

  begin(fx, false);
  ask(&rq, 1, "/x");
  answer(fx, &rq, QD_SERVER, "ours", 4);
  snprintf(path, sizeof(path), "%s/a.org_x", fx->dir);
  assert_int_equal(symlink("/nowhere", path), 0);
  done(fx, &rq, true);
  finish(fx);
  assert_int_equal(fx->out->error, 0);
  holds(fx, "a.org_x-2", "ours", 4);
  fx->out->del(fx->out);
}

/* Holes are left where they were, and the file stays a part. */
static void test_incomplete(void **state) {
  fixture *fx = *state;
  qd_request rq;

  begin(fx, false);
  ask(&rq, 1, "/hole");
  answer(fx, &rq, QD_SERVER, "ab", 2);
  rq.side[QD_SERVER].lost = 3;
  answer(fx, &rq, QD_SERVER, "cd", 2);
  done(fx, &rq, true);
  ask(&rq, 2, "/open");
  answer(fx, &rq, QD_SERVER, "ab", 2);
  done(fx, &rq, false);
  ask(&rq, 3, "/reset");
  answer(fx, &rq, QD_SERVER, "ab", 2);
  rq.side[QD_SERVER].reset_code = 0x10c;
  done(fx, &rq, true);
  ask(&rq, 4, "/short");
  assert_int_equal(qd_fields_add(&rq.side[QD_SERVER].fields, quic_mem_default(),
                                 quic_bytes_of("content-length", 14),
                                 quic_bytes_of("3", 1)),
                   0);
  answer(fx, &rq, QD_SERVER, "ab", 2);
  done(fx, &rq, true);
  ask(&rq, 5, "/huge");
  rq.side[QD_SERVER].lost = UINT64_C(1) << 61;
  answer(fx, &rq, QD_SERVER, "ab", 2);
  done(fx, &rq, true);
  finish(fx);
  assert_int_equal(fx->out->error, 0);
  holds(fx, "a.org_hole.part", "ab\0\0\0cd", 7);
  holds(fx, "a.org_open.part", "ab", 2);
  holds(fx, "a.org_reset.part", "ab", 2);
  holds(fx, "a.org_short.part", "ab", 2);
  holds(fx, "a.org_huge.part", "", 0);
  assert_false(is_there(fx, "a.org_hole"));
  assert_non_null(strstr(fx->out->note, "; 5 of them not complete (.part)"));
  fx->out->del(fx->out);
}

/* More files at one time than may be open, octets of all of them mixed. */
static void test_many(void **state) {
  enum { FILES = 200, ROUNDS = 5 };
  static qd_request rqs[FILES];
  fixture *fx = *state;
  char name[64], octets[ROUNDS * 3 + 1];

  begin(fx, false);
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof(name), "/f%d", i);
    ask(&rqs[i], (uint64_t)i + 1, name);
  }
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < FILES; i++) {
      snprintf(octets, sizeof(octets), "%03d", i);
      answer(fx, &rqs[i], QD_SERVER, octets, 3);
    }
  }
  for (int i = 0; i < FILES; i++) {
    done(fx, &rqs[i], true);
  }
  finish(fx);
  assert_int_equal(fx->out->error, 0);
  for (int i = 0; i < FILES; i++) {
    for (int round = 0; round < ROUNDS; round++) {
      snprintf(name, sizeof(name), "%03d", i);
      memcpy(octets + 3 * round, name, 3);
    }
    snprintf(name, sizeof(name), "a.org_f%d", i);
    holds(fx, name, octets, sizeof(octets) - 1);
  }
  fx->out->del(fx->out);
}

/* Many of one name, and large pieces. */
static void test_same_name(void **state) {
  static uint8_t large[66000], want[66002];
  fixture *fx = *state;
  qd_request rq;

  begin(fx, false);
  for (uint64_t i = 1; i <= 3000; i++) {
    whole(fx, i, "/same.txt", "x");
  }
  memset(large, 7, sizeof(large));
  ask(&rq, 4000, "/large");
  answer(fx, &rq, QD_SERVER, "ab", 2);
  answer(fx, &rq, QD_SERVER, large, sizeof(large));
  done(fx, &rq, true);
  finish(fx);
  holds(fx, "a.org_same.txt", "x", 1);
  holds(fx, "a.org_same-3000.txt", "x", 1);
  memcpy(want, "ab", 2);
  memset(want + 2, 7, sizeof(want) - 2);
  holds(fx, "a.org_large", want, sizeof(want));
  fx->out->del(fx->out);
}

/* The request became readable when its response was under way. */
static void test_late_fields(void **state) {
  fixture *fx = *state;
  qd_request rq, known;

  begin(fx, false);
  ask(&rq, 1, NULL);
  answer(fx, &rq, QD_SERVER, "ab", 2);
  assert_true(is_there(fx, "connection-0-stream-0.part"));
  ask(&known, 1, "/x");
  rq.side[QD_CLIENT].fields = known.side[QD_CLIENT].fields;
  done(fx, &rq, true);
  finish(fx);
  holds(fx, "a.org_x", "ab", 2);
  assert_false(is_there(fx, "connection-0-stream-0.part"));
  fx->out->del(fx->out);
}

/* Nothing fits: one error, and nothing but parts stays behind. */
static void test_trouble(void **state) {
  fixture *fx = *state;
  char path[512];
  qd_request rq;

  /* Not a directory. */
  assert_int_equal(mkdir(fx->dir, 0700), 0);
  snprintf(path, sizeof(path), "%s/file", fx->dir);
  close(open(path, O_CREAT | O_WRONLY, 0600));
  snprintf(fx->dir, sizeof(fx->dir), "%s/out/file", fx->root);
  begin(fx, false);
  assert_int_equal(fx->out->error, ENOTDIR);
  assert_string_equal(fx->out->subject, fx->dir);
  fx->out->del(fx->out);
  /* Taken away while it is used. */
  snprintf(fx->dir, sizeof(fx->dir), "%s/gone", fx->root);
  begin(fx, false);
  ask(&rq, 1, "/x");
  answer(fx, &rq, QD_SERVER, "ab", 2);
  snprintf(path, sizeof(path), "rm -rf '%s'", fx->dir);
  assert_int_equal(system(path), 0);
  done(fx, &rq, true);
  assert_int_equal(fx->out->error, ENOENT);
  whole(fx, 2, "/y", "more");
  finish(fx);
  assert_int_equal(fx->out->error, ENOENT);
  assert_string_equal(fx->out->note, "");
  fx->out->del(fx->out);
}

/* The directory is made when it is needed, or goes again unless it was. */
static void test_unused(void **state) {
  fixture *fx = *state;

  begin(fx, true);
  assert_false(is_there(fx, ""));
  finish(fx);
  assert_false(is_there(fx, ""));
  fx->out->del(fx->out);
  begin(fx, true);
  whole(fx, 1, "/x", "x");
  finish(fx);
  holds(fx, "a.org_x", "x", 1);
  fx->out->del(fx->out);
  snprintf(fx->dir, sizeof(fx->dir), "%s/unread", fx->root);
  begin(fx, false);
  assert_true(is_there(fx, ""));
  fx->out->del(fx->out); /* the capture could not be read */
  assert_false(is_there(fx, ""));
}

static int run(const quic_mem *mem, void *user) {
  fixture *fx = user;
  qd_output_settings set = {.mem = mem};
  qd_request rq;
  int rv;

  memset(&fx->trace, 0, sizeof(fx->trace));
  rv = qd_output_extract_new(&fx->out, &set, fx->dir, false);
  if (rv != 0) {
    return rv;
  }
  ask(&rq, 1, "/x");
  answer(fx, &rq, QD_SERVER, "ab", 2);
  if (fx->out->error) {
    assert_int_equal(fx->out->error, ENOMEM);
    rv = QUIC_ERR_NOMEM;
  }
  done(fx, &rq, true);
  finish(fx);
  fx->out->del(fx->out);
  return rv;
}

static void test_memory(void **state) {
  failmem fm;

  assert_true(failmem_sweep(&fm, run, *state) > 2);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_files),      TEST(test_no_overwriting),
      TEST(test_incomplete), TEST(test_late_collision),
      TEST(test_many),       TEST(test_same_name),
      TEST(test_trouble),    TEST(test_late_fields),
      TEST(test_unused),     TEST(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
