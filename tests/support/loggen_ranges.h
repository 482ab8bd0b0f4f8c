#ifndef TESTS_SUPPORT_LOGGEN_RANGES_H
#define TESTS_SUPPORT_LOGGEN_RANGES_H

/* A set of ranges [lo, hi), ascending, that grows as needed. */

#include "tests/support/loggen_types.h"

typedef struct lg_ranges {
  lg_range *r;
  size_t n, cap;
} lg_ranges;

void lg_ranges_add(lg_ranges *s, uint64_t lo, uint64_t hi);

/* lg_ranges_take removes up to |max| from the lowest range and returns it; an
   empty range when there is none. */
lg_range lg_ranges_take(lg_ranges *s, uint64_t max);

/* lg_ranges_has: all of [lo, hi) is in the set. */
bool lg_ranges_has(const lg_ranges *s, uint64_t lo, uint64_t hi);

/* The end of the range that starts at 0, or 0. */
uint64_t lg_ranges_prefix(const lg_ranges *s);

/* lg_ranges_keep forgets all but the |max| highest ranges. */
void lg_ranges_keep(lg_ranges *s, size_t max);

void lg_ranges_free(lg_ranges *s);

#endif /* !defined(TESTS_SUPPORT_LOGGEN_RANGES_H) */
