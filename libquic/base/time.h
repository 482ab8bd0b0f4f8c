#ifndef QUIC_BASE_TIME_H
#define QUIC_BASE_TIME_H

/* Time is an integer count of nanoseconds and always an argument. */

#include <stdint.h>

typedef uint64_t quic_time;     /* nanoseconds since some epoch */
typedef uint64_t quic_duration; /* nanoseconds */

#define QUIC_TIME_NEVER UINT64_MAX
#define QUIC_MICROSECOND ((quic_duration)1000)
#define QUIC_MILLISECOND ((quic_duration)1000000)
#define QUIC_SECOND ((quic_duration)1000000000)

/* quic_time_since returns |now| - |then|, 0 when |then| is later. */
static inline quic_duration quic_time_since(quic_time now, quic_time then) {
  return now > then ? now - then : 0;
}

#endif /* !defined(QUIC_BASE_TIME_H) */
