/* Round trips (RFC 9002 §5, §6). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/rtt.h"

#define MS QUIC_MILLISECOND

/* One sample after another into one estimator, and what it then says. */
typedef struct rtt_step {
  quic_duration sample, delay;
  bool confirmed;
  quic_duration min, smoothed, rttvar; /* ns */
} rtt_step;

static void test_samples(void **state) {
  static const rtt_step steps[] = {
      /* The first one is taken whole, whatever its delay (§5.3). */
      {100 * MS, 50 * MS, false, 100 * MS, 100 * MS, 50 * MS},
      /* 3/4 * 50 + 1/4 * |100 - 116|, 7/8 * 100 + 1/8 * 116 */
      {116 * MS, 0, false, 100 * MS, 102 * MS, 41500000},
      /* A delay is taken off while min_rtt stays below. */
      {140 * MS, 38 * MS, false, 100 * MS, 102 * MS, 31125000},
      /* 120 - 38 would be below min_rtt: the sample counts as it is. */
      {120 * MS, 38 * MS, false, 100 * MS, 104250000, 27843750},
      /* Once confirmed, max_ack_delay (25 ms) bounds the delay. */
      {150 * MS, 60 * MS, true, 100 * MS, 106843750, 26070313},
      /* min_rtt follows every smaller sample, without its delay (§5.2). */
      {90 * MS, 20 * MS, true, 90 * MS, 104738282, 23763672},
  };
  quic_rtt rtt;

  (void)state;
  quic_rtt_init(&rtt);
  assert_int_equal(rtt.smoothed, 333 * MS);
  assert_int_equal(quic_rtt_pto(&rtt, 0), 999 * MS);
  for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
    const rtt_step *s = &steps[i];

    quic_rtt_sample(&rtt, s->sample, s->delay, 25 * MS, s->confirmed);
    assert_int_equal(rtt.latest, s->sample);
    assert_int_equal(rtt.min, s->min);
    assert_in_range(rtt.smoothed, s->smoothed - 4, s->smoothed + 4);
    assert_in_range(rtt.rttvar, s->rttvar - 4, s->rttvar + 4);
    assert_int_equal(rtt.samples, i + 1);
  }
  assert_int_equal(rtt.max, 150 * MS);
}

static void test_timers(void **state) {
  quic_rtt rtt;

  (void)state;
  quic_rtt_init(&rtt);
  quic_rtt_sample(&rtt, 80 * MS, 0, 0, true);
  /* smoothed + 4 * rttvar + max_ack_delay (§6.2.1) */
  assert_int_equal(quic_rtt_pto(&rtt, 25 * MS), (80 + 160 + 25) * MS);
  assert_int_equal(quic_rtt_loss_delay(&rtt), 90 * MS);
  quic_rtt_sample(&rtt, 160 * MS, 0, 0, true);
  assert_int_equal(quic_rtt_loss_delay(&rtt), 180 * MS);
  /* The granularity is the least of both (§6.1.2, §6.2.1). */
  quic_rtt_init(&rtt);
  quic_rtt_sample(&rtt, 10000, 0, 0, true);
  assert_int_equal(quic_rtt_loss_delay(&rtt), MS);
  assert_int_equal(quic_rtt_pto(&rtt, 0), 10000 + MS);
}

static void test_extremes(void **state) {
  quic_rtt rtt;

  (void)state;
  quic_rtt_init(&rtt);
  quic_rtt_sample(&rtt, UINT64_MAX, 0, 0, true);
  assert_true(quic_rtt_pto(&rtt, UINT64_MAX) == UINT64_MAX);
  assert_true(quic_rtt_loss_delay(&rtt) == UINT64_MAX);
  quic_rtt_sample(&rtt, 0, UINT64_MAX, UINT64_MAX, false);
  assert_int_equal(rtt.min, 0);
  quic_rtt_sample(&rtt, 5, UINT64_MAX, 0, false);
  assert_int_equal(rtt.samples, 3);
}

static void test_ack_delay(void **state) {
  (void)state;
  assert_int_equal(quic_rtt_ack_delay(3125, 3), 25 * MS);
  assert_int_equal(quic_rtt_ack_delay(1, 0), 1000);
  assert_int_equal(quic_rtt_ack_delay(0, 20), 0);
  assert_int_equal(quic_rtt_ack_delay(0, 64), 0);
  assert_true(quic_rtt_ack_delay(1, 64) == UINT64_MAX);
  assert_true(quic_rtt_ack_delay((UINT64_C(1) << 62) - 1, 20) == UINT64_MAX);
  assert_true(quic_rtt_ack_delay(UINT64_MAX / 1000, 0) != UINT64_MAX);
  assert_true(quic_rtt_ack_delay(UINT64_MAX / 1000 + 1, 0) == UINT64_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples),
      cmocka_unit_test(test_timers),
      cmocka_unit_test(test_extremes),
      cmocka_unit_test(test_ack_delay),
  };

  return cmocka_run_group_tests_name("rtt", tests, NULL, NULL);
}
