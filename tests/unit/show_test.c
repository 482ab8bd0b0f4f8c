#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/select.h"
#include "pcap/show.h"

#define NOTES_END (QD_NOTE_OTHER_VERSION << 1)
/* Told elsewhere in the line. */
#define NOTES_SILENT (QD_NOTE_RETRY_OK | QD_NOTE_BAD_FRAME)

static bool is_symbol(uint64_t value) {
  for (size_t i = 0; i < qd_select_nfields; i++) {
    quic_filter_symbol sym;

    for (size_t s = 0; strcmp(qd_select_fields[i].name, "note") == 0 &&
                       qd_select_fields[i].symbol(s, &sym);
         s++) {
      if (sym.first <= value && value <= sym.last) {
        return true;
      }
    }
  }
  return false;
}

/* Whatever the decoder notes can be read and asked for. */
static void every_note(void **state) {
  (void)state;
  for (uint32_t note = 1; note < NOTES_END; note <<= 1) {
    qd_packet p = {.notes = note};
    char buf[256];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    qd_show_notes(&t, &p);
    if (!(note & NOTES_SILENT) && (t.len == 0 || !qd_show_has_notes(&p))) {
      fail_msg("note 0x%x has no text", (unsigned)note);
    }
    if (!is_symbol(note)) {
      fail_msg("note 0x%x has no symbol in filters", (unsigned)note);
    }
  }
}

static void seconds(void **state) {
  static const struct {
    quic_time now, then;
    const char *text;
  } rows[] = {
      {0, 0, "0.000000"},
      {1500, 0, "0.000001"},
      {QUIC_SECOND, 1, "0.999999"},
      {0, QUIC_SECOND, "-1.000000"},
      {QUIC_TIME_NEVER, 0, "18446744073.709551"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char buf[64];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    qd_show_seconds(&t, rows[i].now, rows[i].then, 0);
    assert_string_equal(quic_text_cstr(&t), rows[i].text);
  }
}

static void dates(void **state) {
  static const struct {
    uint64_t seconds;
    const char *text;
  } rows[] = {
      {0, "1970-01-01 00:00:00"},
      {951782399, "2000-02-28 23:59:59"},
      {951782400, "2000-02-29 00:00:00"},
      {951868800, "2000-03-01 00:00:00"},
      {UINT64_C(4107542400), "2100-03-01 00:00:00"}, /* no leap year */
      {UINT64_C(253402300799), "9999-12-31 23:59:59"},
      {UINT64_C(253402300800), "after the year 9999"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char buf[64];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    qd_show_date(&t, rows[i].seconds);
    assert_string_equal(quic_text_cstr(&t), rows[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_note),
      cmocka_unit_test(seconds),
      cmocka_unit_test(dates),
  };

  return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
