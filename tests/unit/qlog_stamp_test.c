#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "qlog/stamp.h"

static quic_bytes text_of(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

#define NONE UINT64_MAX

static const struct {
  const char *text;
  quic_time time; /* NONE: it is no date */
} dates[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.000000001Z", 1},
    {"2026-07-06T00:00:00.000Z", UINT64_C(1783296000000000000)},
    {"2026-07-06t01:30:00.5+01:30", UINT64_C(1783296000500000000)},
    {"2026-07-05 19:00:00.1234567891-05:00", UINT64_C(1783296000123456789)},
    {"2000-02-29T23:59:60z", UINT64_C(951868800000000000)},
    {"2100-03-01T00:00:00Z", UINT64_C(4107542400000000000)},
    {"2024-12-31T12:00:00Z", UINT64_C(1735646400000000000)},
    {"1970-01-01T00:30:00+01:00", NONE},
    {"1969-12-31T23:59:59Z", NONE},
    {"9999-12-31T23:59:59Z", NONE},
    {"2026-13-06T00:00:00Z", NONE},
    {"2026-00-06T00:00:00Z", NONE},
    {"2026-07-32T00:00:00Z", NONE},
    {"2026-07-06T24:00:00Z", NONE},
    {"2026-07-06T00:60:00Z", NONE},
    {"2026-07-06T00:00:61Z", NONE},
    {"2026-07-06T00:00:00", NONE},
    {"2026-07-06T00:00:00+0100", NONE},
    {"2026-07-06T00:00:00Zx", NONE},
    {"2026-07-06", NONE},
    {"unknown", NONE},
    {"", NONE},
};

static void test_dates(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
    quic_time time = NONE;
    bool good = qlog_stamp_date(text_of(dates[i].text), &time);

    if (good != (dates[i].time != NONE) || time != dates[i].time) {
      fail_msg("%s is %llu", dates[i].text, (unsigned long long)time);
    }
  }
}

static const struct {
  const char *text;
  qlog_stamp_unit unit, found;
  quic_time time; /* NONE: no number */
} references[] = {
    {"0", QLOG_STAMP_MS, QLOG_STAMP_MS, 0},
    {"1795175766299.007", QLOG_STAMP_MS, QLOG_STAMP_MS,
     UINT64_C(1795175766299007000)},
    {"1564658098.991056", QLOG_STAMP_MS, QLOG_STAMP_S,
     UINT64_C(1564658098991056000)},
    {"1536681899.999675904", QLOG_STAMP_S, QLOG_STAMP_S,
     UINT64_C(1536681899999675904)},
    {"1564658098991056", QLOG_STAMP_MS, QLOG_STAMP_US,
     UINT64_C(1564658098991056000)},
    {"1564658098991056000", QLOG_STAMP_MS, QLOG_STAMP_NS,
     UINT64_C(1564658098991056000)},
    {"1564658098", QLOG_STAMP_US, QLOG_STAMP_US, UINT64_C(1564658098000)},
    {"11001", QLOG_STAMP_US, QLOG_STAMP_US, 11001000},
    {"11001", QLOG_STAMP_MS, QLOG_STAMP_MS, UINT64_C(11001000000)},
    {"-5", QLOG_STAMP_MS, QLOG_STAMP_MS, 0},
    {"99999999999999999999", QLOG_STAMP_MS, QLOG_STAMP_MS, NONE},
    {"2026-07-06T00:00:00Z", QLOG_STAMP_MS, QLOG_STAMP_MS, NONE},
    {"", QLOG_STAMP_MS, QLOG_STAMP_MS, NONE},
};

static void test_references(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
    qlog_stamp_unit unit = references[i].unit;
    quic_time time = NONE;
    bool good = qlog_stamp_reference(text_of(references[i].text), &unit, &time);

    if (good != (references[i].time != NONE) || time != references[i].time ||
        unit != references[i].found) {
      fail_msg("%s is %llu", references[i].text, (unsigned long long)time);
    }
  }
}

static void test_wall(void **state) {
  (void)state;
  assert_true(qlog_stamp_wall(UINT64_C(1783296000) * QUIC_SECOND));
  assert_false(qlog_stamp_wall(UINT64_C(86400) * 365 * QUIC_SECOND));
  assert_false(qlog_stamp_wall(QUIC_TIME_NEVER));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dates),
      cmocka_unit_test(test_references),
      cmocka_unit_test(test_wall),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
