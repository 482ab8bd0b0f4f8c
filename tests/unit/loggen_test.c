/* Generated qlogs: the same for a seed, JSON whatever the scenario, writer and
   ending, and with labels that an independent count of the log confirms. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/jsonvalid.h"
#include "tests/support/loggen.h"

typedef struct made {
  char *text;
  size_t len;
  loggen_label label;
} made;

static made make(const char *scenario, const char *writer, int vantage,
                 const char *ending, uint64_t seed) {
  loggen_spec spec = {scenario, writer, vantage, ending, seed};
  made m = {0};
  FILE *f = open_memstream(&m.text, &m.len);

  assert_non_null(f);
  assert_int_equal(loggen_make(&spec, f, &m.label), 0);
  fclose(f);
  assert_true(m.len > 0);
  return m;
}

static uint64_t fact(const made *m, const char *name) {
  for (size_t i = 0; i < m->label.nfacts; i++) {
    if (strcmp(m->label.facts[i].name, name) == 0) {
      return m->label.facts[i].value;
    }
  }
  fail_msg("no fact %s", name);
  return 0;
}

static size_t count(const made *m, const char *what) {
  size_t n = 0, len = strlen(what);

  for (const char *p = m->text; (p = strstr(p, what)); p += len) {
    n++;
  }
  return n;
}

static bool has(const char *const *list, size_t n, const char *key) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(list[i], key) == 0) {
      return true;
    }
  }
  return false;
}

static bool must(const made *m, const char *key) {
  return has(m->label.must, m->label.nmust, key);
}

static bool mustnot(const made *m, const char *key) {
  return has(m->label.mustnot, m->label.nmustnot, key);
}

/* --- the text ------------------------------------------------------------ */

static size_t valid_object(const char *text, size_t len) {
  return jsonvalid((quic_bytes){(const uint8_t *)text, len});
}

/* Every record is one JSON object; at most |spoilt| are not. */
static void check_records(const made *m, size_t spoilt) {
  const char *end = m->text + m->len, *p = m->text, *next;
  size_t bad = 0;

  for (; p < end; p = next) {
    assert_int_equal(*p, 0x1e);
    next = memchr(p + 1, 0x1e, (size_t)(end - p) - 1);
    next = next ? next : end;
    bad += next[-1] != '\n' || valid_object(p + 1, (size_t)(next - p) - 1) !=
                                   (size_t)(next - p) - 2;
  }
  if (bad > spoilt) {
    fail_msg("%s, %s, %s: %zu bad records", m->label.spec.scenario,
             m->label.spec.writer, m->label.spec.ending, bad);
  }
}

static void check_text(const made *m, const char *scenario) {
  bool cut = fact(m, "cut") != 0;
  bool garbage = strcmp(scenario, "log_garbage") == 0;

  if (m->text[0] == 0x1e) {
    check_records(m, (size_t)cut + garbage);
  } else if (!cut && !garbage) {
    assert_int_equal(valid_object(m->text, m->len), m->len - 1);
  } else {
    assert_int_not_equal(valid_object(m->text, m->len), m->len - 1);
  }
}

static void check_label(const made *m) {
  static const char *const keys[] = {
#define QUIC_FINDING(id, key, severity, title) key,
#include "analysis/finding.def"
#undef QUIC_FINDING
  };
  const loggen_label *l = &m->label;

  for (size_t i = 0; i < l->nmust; i++) {
    assert_true(has(keys, sizeof(keys) / sizeof(keys[0]), l->must[i]));
    assert_false(mustnot(m, l->must[i]));
  }
  for (size_t i = 0; i < l->nmustnot; i++) {
    assert_true(has(keys, sizeof(keys) / sizeof(keys[0]), l->mustnot[i]));
  }
}

static void test_every_scenario(void **state) {
  const char *scenario, *writer;

  (void)state;
  for (size_t w = 0; (writer = loggen_writer_at(w)); w++) {
    for (size_t i = 0; (scenario = loggen_scenario_at(i)); i++) {
      loggen_spec spec = {scenario, writer, (int)(i + w) % 2, NULL, 40 + i};
      made m;

      if (!loggen_can(&spec)) {
        continue;
      }
      m = make(scenario, writer, spec.vantage, NULL, spec.seed);
      check_text(&m, scenario);
      check_label(&m);
      free(m.text);
    }
  }
}

static void test_every_ending(void **state) {
  const char *ending, *writer;

  (void)state;
  for (size_t w = 0; (writer = loggen_writer_at(w)); w++) {
    for (size_t i = 0; (ending = loggen_ending_at(i)); i++) {
      for (int side = 0; side < LG_SIDES; side++) {
        loggen_spec spec = {"clean_requests", writer, side, ending, 90 + i};
        made m;

        if (!loggen_can(&spec)) {
          continue;
        }
        m = make(spec.scenario, writer, side, ending, spec.seed);
        check_text(&m, spec.scenario);
        check_label(&m);
        free(m.text);
      }
    }
  }
}

static void test_seed_decides(void **state) {
  const char *writer;

  (void)state;
  for (size_t w = 0; (writer = loggen_writer_at(w)); w++) {
    made a = make("loss_burst", writer, LG_SERVER, NULL, 5);
    made b = make("loss_burst", writer, LG_SERVER, NULL, 5);
    made c = make("loss_burst", writer, LG_SERVER, NULL, 6);

    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.text, b.text, a.len);
    assert_true(a.len != c.len || memcmp(a.text, c.text, a.len) != 0);
    free(a.text);
    free(b.text);
    free(c.text);
  }
}

static void test_refusals(void **state) {
  static const loggen_spec specs[] = {
      {"no such scenario", "draft14", LG_CLIENT, NULL, 1},
      {"clean", "no such writer", LG_CLIENT, NULL, 1},
      {"clean", "draft14", LG_CLIENT, "no such ending", 1},
      {"clean", "draft14", LG_SERVER, "unreachable", 1}};
  loggen_label label;

  (void)state;
  for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
    assert_false(loggen_can(&specs[i]));
    assert_int_equal(loggen_make(&specs[i], stderr, &label), -1);
  }
}

/* --- labels -------------------------------------------------------------- */

static void test_losses_are_counted(void **state) {
  made d = make("loss_burst", "draft14", LG_SERVER, NULL, 11);
  made n = make("loss_burst", "ngtcp2", LG_CLIENT, NULL, 12);
  made q = make("loss_burst", "quiche", LG_SERVER, NULL, 13);
  const char *total = NULL;

  (void)state;
  assert_true(fact(&d, "lost") >= 6);
  assert_int_equal(count(&d, "\"quic:packet_lost\""), fact(&d, "lost"));
  assert_true(must(&d, "loss_burst"));
  assert_int_equal(count(&n, "\"recovery:packet_lost\""), fact(&n, "lost"));
  assert_int_equal(count(&q, "packet_lost"), 0);
  for (const char *p = q.text; (p = strstr(p, "cf_lost_packets")); p++) {
    total = strstr(p, "\"total\":") + 8;
  }
  assert_non_null(total);
  assert_int_equal(strtoull(total, NULL, 10), fact(&q, "lost"));
  free(d.text);
  free(n.text);
  free(q.text);
}

/* The spiral, counted from the text: nothing is lost any more, the window stays
   at two packets, and the state changes as often as the label says. */
static void test_spiral_spins(void **state) {
  made m = make("death_spiral", "quiche", LG_SERVER, NULL, 17);
  const char *last = NULL;
  size_t changes = 0, windows = 0;

  (void)state;
  for (const char *p = m.text; (p = strstr(p, "cf_lost_packets")); p++) {
    last = p;
  }
  assert_non_null(last);
  for (const char *p = last; (p = strstr(p, "congestion_state_updated")); p++) {
    changes++;
  }
  for (const char *p = last; (p = strstr(p, "\"congestion_window\":")); p++) {
    windows++;
  }
  assert_true(fact(&m, "cycles") >= 40);
  assert_true(fact(&m, "cycle_changes") >= 40);
  assert_in_range(changes, fact(&m, "cycle_changes"),
                  fact(&m, "cycle_changes") + 4);
  assert_true(windows <= 2);
  assert_in_range(fact(&m, "cycles_per_rtt_milli"), 800, 1200);
  assert_true(must(&m, "death_spiral"));
  assert_true(mustnot(&m, "app_limited_freeze"));
  free(m.text);
}

static void test_clean_forbids(void **state) {
  made m = make("clean_bulk", "draft14", LG_SERVER, NULL, 3);

  (void)state;
  assert_int_equal(m.label.nmust, 0);
  assert_true(mustnot(&m, "death_spiral"));
  assert_true(mustnot(&m, "pto_storm"));
  assert_true(mustnot(&m, "flow_control_connection"));
  assert_true(mustnot(&m, "tls_alert"));
  assert_string_equal(m.label.close.class, "application_close");
  assert_string_equal(m.label.close.name, "H3_NO_ERROR");
  assert_string_equal(m.label.close.side, "client");
  free(m.text);
}

static void test_alert_is_told(void **state) {
  static const struct {
    const char *ending, *name, *side;
    uint64_t code;
  } rows[] = {{"tls_alert:40", "handshake_failure", "server", 0x128},
              {"tls_alert:42", "bad_certificate", "client", 0x12a},
              {"tls_alert:120", "no_application_protocol", "server", 0x178}};

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    made m = make("clean", "quiche", LG_CLIENT, rows[i].ending, i);

    assert_string_equal(m.label.close.class, "handshake_failure");
    assert_string_equal(m.label.close.name, rows[i].name);
    assert_string_equal(m.label.close.side, rows[i].side);
    assert_int_equal(m.label.close.code, rows[i].code);
    assert_true(must(&m, "tls_alert"));
    /* what quiche says of it, whatever the cause */
    assert_int_equal(count(&m, "Failed to establish connection"), 1);
    assert_int_equal(count(&m, "\"connection_close\""), 1);
    free(m.text);
  }
}

static void test_table(void **state) {
  made m = make("clean", "aioquic", LG_CLIENT, "app_peer:258", 9);
  char *text = NULL;
  size_t len = 0, tabs[2] = {0, 0};
  FILE *f = open_memstream(&text, &len);

  (void)state;
  assert_non_null(f);
  loggen_label_head(f);
  loggen_label_write(&m.label, "a.qlog", f);
  fclose(f);
  for (size_t i = 0, line = 0; i < len; i++) {
    tabs[line] += text[i] == '\t';
    line += text[i] == '\n' && line == 0;
  }
  assert_int_equal(tabs[0], tabs[1]);
  assert_non_null(strstr(text, "\tserver\tapplication\t258\t"));
  free(text);
  free(m.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_scenario),
      cmocka_unit_test(test_every_ending),
      cmocka_unit_test(test_seed_decides),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_losses_are_counted),
      cmocka_unit_test(test_spiral_spins),
      cmocka_unit_test(test_clean_forbids),
      cmocka_unit_test(test_alert_is_told),
      cmocka_unit_test(test_table),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
