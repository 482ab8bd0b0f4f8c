#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "qlog/scan.h"
#include "qlog/slice.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

/* What comes of a value at the start of a text, and how far it goes. */
static const struct {
  const char *text;
  qlog_scan_result result;
  size_t len;
} scans[] = {
    {"{} ", QLOG_SCAN_END, 2},
    {"[1,[2,{\"]\":\"}\\\"\"}]],", QLOG_SCAN_END, 19},
    {"\"a\\\\\"b", QLOG_SCAN_END, 5},
    {"12,", QLOG_SCAN_END, 2},
    {"null]", QLOG_SCAN_END, 4},
    {"-1.5e+3\n", QLOG_SCAN_END, 7},
    {"[1,]", QLOG_SCAN_END, 4},
    {"", QLOG_SCAN_MORE, 0},
    {"12", QLOG_SCAN_MORE, 2},
    {"{\"a\":[", QLOG_SCAN_MORE, 6},
    {"\"a\\", QLOG_SCAN_MORE, 3},
    {"[\"\x7f\xff", QLOG_SCAN_MORE, 4},
    {"{]", QLOG_SCAN_BROKEN, 1},
    {"[1}", QLOG_SCAN_BROKEN, 2},
    {"[[]}", QLOG_SCAN_BROKEN, 3},
    {"{\"a\":1,{", QLOG_SCAN_BROKEN, 7},
    {"{\"a\":{}{", QLOG_SCAN_BROKEN, 7},
    {"[{}{", QLOG_SCAN_BROKEN, 3},
    {"[\"a\"[", QLOG_SCAN_BROKEN, 4},
    {"[\"a\nb\"", QLOG_SCAN_BROKEN, 3},
    {"[hello", QLOG_SCAN_BROKEN, 1},
    {"}", QLOG_SCAN_BROKEN, 0},
    {":", QLOG_SCAN_BROKEN, 0},
    {"12x", QLOG_SCAN_BROKEN, 2},
    {"nu\"", QLOG_SCAN_BROKEN, 2},
};

static void test_scan(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
    size_t len = strlen(scans[i].text);
    uint8_t *exact = octets_exact(scans[i].text, len);

    for (size_t piece = 1; piece <= len + 1; piece++) {
      const uint8_t *p = exact;
      qlog_scan_result result = QLOG_SCAN_MORE;
      qlog_scan scan;

      qlog_scan_start(&scan);
      while (result == QLOG_SCAN_MORE && p < exact + len) {
        size_t left = (size_t)(exact + len - p);

        result = qlog_scan_run(&scan, &p, p + (left < piece ? left : piece));
      }
      if (result != scans[i].result || (size_t)(p - exact) != scans[i].len ||
          (result == QLOG_SCAN_BROKEN) != (scan.why != NULL)) {
        fail_msg("%s: %d at %zu", scans[i].text, result, (size_t)(p - exact));
      }
    }
    free(exact);
  }
}

/* Below 64 levels brackets are counted, no more. */
static void test_scan_deep(void **state) {
  enum { DEEP = 1000 };
  char text[2 * DEEP + 1];
  const uint8_t *p = (const uint8_t *)text;
  qlog_scan scan;

  (void)state;
  memset(text, '[', DEEP);
  memset(text + DEEP, ']', DEEP);
  text[2 * DEEP] = ',';
  qlog_scan_start(&scan);
  assert_int_equal(qlog_scan_run(&scan, &p, p + 2 * DEEP + 1), QLOG_SCAN_END);
  assert_ptr_equal(p, text + 2 * DEEP);
}

typedef struct world {
  quic_text text;
  char buf[4096];
  qlog_slicer *slicer;
  int rv; /* what the next call returns */
} world;

static int take(void *user, const qlog_slice *s) {
  static const char *const kinds[] = {"text", "event",     "trace",
                                      "end",  "contained", "over"};
  world *w = user;

  quic_text_printf(&w->text, "%s", kinds[s->kind]);
  if (s->kind == QLOG_SLICE_TEXT || s->kind == QLOG_SLICE_EVENT) {
    quic_text_printf(&w->text, "@%d%s%s ", (int)s->offset,
                     s->separated ? "s" : "", s->last ? "l" : "");
    quic_text_mem(&w->text, (const char *)s->text.data, s->text.len);
  }
  if (s->why) {
    quic_text_printf(&w->text, " (%s)", s->why);
  }
  quic_text_str(&w->text, "|");
  return w->rv;
}

static int cut_mem(world *w, const char *text, size_t piece, size_t max,
                   const quic_mem *mem) {
  size_t len = strlen(text);
  int rv;

  quic_text_init(&w->text, w->buf, sizeof(w->buf));
  rv = qlog_slicer_new(&w->slicer, mem, max, take, w);
  for (size_t i = 0; rv == 0 && i < len; i += piece) {
    size_t n = len - i < piece ? len - i : piece;
    uint8_t *exact = octets_exact(text + i, n);

    rv = qlog_slicer_feed(w->slicer, quic_bytes_of(exact, n));
    free(exact);
  }
  return rv ? rv : qlog_slicer_finish(w->slicer);
}

static const struct {
  const char *text, *slices;
  qlog_layout layout;
  bool cut;
} files[] = {
    {"\x1e{}\n\x1e 1 \n\x1e\x1e[2]", "text@1s {}|text@6s 1|text@11sl [2]|",
     QLOG_LAYOUT_SEQUENCE, false},
    {"\x1e{}\n{}\n{\"a\":\n{}}\n{\n[\n{\n",
     "text@1s {}|text@4 {}|text@7 {\"a\":\n{}}|text@17l {\n[\n{|",
     QLOG_LAYOUT_SEQUENCE, false},
    {"\x1e{\"a\n{}\n", "text@1s {\"a|text@5l {}|", QLOG_LAYOUT_SEQUENCE, false},
    {"{\"a\":[1]}\n{\"b\":\n2}\r\n\n3",
     "text@0 {\"a\":[1]}|text@10 {\"b\":|"
     "text@16 2}|text@21l 3|",
     QLOG_LAYOUT_NDJSON, false},
    {"{\n}\n{\"b\":\n2}\n", "text@0 {\n}|text@4l {\"b\":\n2}|",
     QLOG_LAYOUT_NDJSON, false},
    {"{\"a\n{}\n", "text@0 {\"a|text@4l {}|", QLOG_LAYOUT_NDJSON, false},
    {"{\"a\":{\"b\":\n[", "text@0 {\"a\":{\"b\":|text@11l [|",
     QLOG_LAYOUT_NDJSON, false},
    {"{\"traces\":[{\"events\":[{\"t\":1}, 2 ,\"x\"],\"a\":{}},null,[{}]]}; \n",
     "contained|trace|event@22 {\"t\":1}|event@31 2|event@34 \"x\"|end|over|",
     QLOG_LAYOUT_CONTAINED, false},
    {"{\"events\":[[1],[2",
     "contained|trace|event@11 [1]|"
     "event@15l [2 (the file ends inside a record)|",
     QLOG_LAYOUT_CONTAINED, true},
    {"{\"trace\":{\"events\":[[1]],\"events\":[[2]]}",
     "contained|trace|event@20 [1]|event@35 [2]|end|", QLOG_LAYOUT_CONTAINED,
     true},
    {"{\"traces\":[{\"events\":[{\"t\":1},{\"t\":2,{\"t\":3}]},{\"a\":]",
     "contained|trace|event@22 {\"t\":1}|event@30 {\"t\":2, (a value where "
     "none "
     "can be)|event@37 {\"t\":3}|end|event@52  (the head is broken: "
     "brackets or quotation marks)|",
     QLOG_LAYOUT_CONTAINED, true},
    {"x = {\"events\":[]}", "contained|trace|end|over|", QLOG_LAYOUT_CONTAINED,
     false},
};

static void test_files(void **state) {
  static world w;

  (void)state;
  for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
    for (size_t piece = 1; piece <= strlen(files[i].text) + 1; piece++) {
      assert_int_equal(
          cut_mem(&w, files[i].text, piece, 1 << 20, quic_mem_default()), 0);
      assert_string_equal(quic_text_cstr(&w.text), files[i].slices);
      assert_int_equal(qlog_slicer_layout(w.slicer), files[i].layout);
      assert_int_equal(qlog_slicer_cut(w.slicer), files[i].cut);
      assert_null(qlog_slicer_problem(w.slicer));
      qlog_slicer_del(w.slicer);
    }
  }
}

static void assert_head(quic_bytes head, const char *want) {
  if (head.len != strlen(want) || memcmp(head.data, want, head.len) != 0) {
    fail_msg("%.*s instead of %s", (int)head.len, (const char *)head.data,
             want);
  }
}

/* Heads are what there is without the events. */
static void test_heads(void **state) {
  static const char text[] =
      "{\"a\": \"\\\"[\",\"traces\":[{\"b\":[1],\"events\":[{\"c\":1},{}],"
      "\"d\":2},{\"e\":3,\"events\" : [ ] ,\"f\":{}}],\"g\":4}";
  static world w;

  (void)state;
  for (size_t piece = 1; piece < sizeof(text); piece++) {
    assert_int_equal(cut_mem(&w, text, piece, 1 << 20, quic_mem_default()), 0);
    assert_head(qlog_slicer_head(w.slicer),
                "{\"a\": \"\\\"[\",\"traces\":[],\"g\":4}");
    assert_head(qlog_slicer_trace_head(w.slicer),
                "{\"e\":3,\"events\" : [] ,\"f\":{}}");
    qlog_slicer_del(w.slicer);
  }
}

/* A head that is too large is kept as far as it may, and events come. */
static void test_large_head(void **state) {
  size_t len = QLOG_HEAD_MAX + 1000;
  char *text = malloc(len + 1);
  static world w;

  (void)state;
  assert_non_null(text);
  memset(text, 'x', len);
  memcpy(text, "{\"a\":\"", 6);
  strcpy(text + len - 24, "\",\"events\":[{\"t\":1},7]}");
  assert_int_equal(cut_mem(&w, text, 65536, 1 << 20, quic_mem_default()), 0);
  assert_non_null(strstr(quic_text_cstr(&w.text), " {\"t\":1}|event"));
  assert_true(qlog_slicer_head(w.slicer).len <= QLOG_HEAD_MAX);
  qlog_slicer_del(w.slicer);
  free(text);
}

static void test_errors(void **state) {
  static world w;

  (void)state;
  w.rv = QUIC_ERR_CONFLICT;
  for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
    assert_int_equal(cut_mem(&w, files[i].text, 3, 1 << 20, quic_mem_default()),
                     QUIC_ERR_CONFLICT);
    qlog_slicer_del(w.slicer);
  }
  w.rv = 0;
}

static void test_foreign(void **state) {
  static const struct {
    const char *text, *problem;
  } foreign[] = {
      {"\x1f\x8b", "gzip data"},
      {"\x28\xb5\x2f\xfd", "zstd data"},
      {"\n\r\r\n\x1c", "a pcapng capture"},
      {"\xd4\xc3\xb2\xa1\x02", "a pcap capture"},
      {" {\"constants\":{", "a Chrome netlog"},
      {"{\"log\":{", "a HAR file"},
      {"[{\"_index\":1}]", "tshark's JSON"},
      {"[{}]", "a JSON array"},
      {"  hello, world", "not JSON: not a value at octet 2"},
      {"var x = 3;", "not JSON: not a value at octet 0"},
      {"7", "not JSON: not a value at octet 0"},
  };
  static world w;

  (void)state;
  for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
    for (size_t piece = 1; piece < 20; piece++) {
      assert_int_equal(
          cut_mem(&w, foreign[i].text, piece, 1 << 20, quic_mem_default()),
          QUIC_ERR_UNSUPPORTED);
      assert_string_equal(qlog_slicer_problem(w.slicer), foreign[i].problem);
      qlog_slicer_del(w.slicer);
    }
  }
}

static int slice_run(const quic_mem *mem, void *user) {
  static world w;
  int rv;

  w.slicer = NULL;
  rv = cut_mem(&w, user, 5, 1 << 20, mem);
  qlog_slicer_del(w.slicer);
  return rv;
}

static void test_nomem(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
    char *text = strdup(files[i].text);
    failmem fm;

    assert_non_null(text);
    if (failmem_sweep(&fm, slice_run, text) == 0) {
      fail_msg("%s: %s", text, fm.text);
    }
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scan),       cmocka_unit_test(test_scan_deep),
      cmocka_unit_test(test_files),      cmocka_unit_test(test_heads),
      cmocka_unit_test(test_large_head), cmocka_unit_test(test_errors),
      cmocka_unit_test(test_foreign),    cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
