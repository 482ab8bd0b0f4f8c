#ifndef TESTS_SUPPORT_QLOGSAMPLE_H
#define TESTS_SUPPORT_QLOGSAMPLE_H

/* Every event with every field, and every frame of every kind, for whoever
   takes events. */

#include "qlog/event.h"

/* The time of the first event, ns since 1970; each later one is 1.5 ms later.
 */
#define QLOGSAMPLE_START (UINT64_C(1783339200) * QUIC_SECOND + 250)

/* qlogsample_all hands the events to |sink| and returns how many there were. */
size_t qlogsample_all(qlog_sink *sink);

/* qlogsample_bench hands |n| events to |sink| in the mix that a download makes:
   packets with STREAM and ACK frames, and metrics. */
void qlogsample_bench(qlog_sink *sink, size_t n);

#endif /* !defined(TESTS_SUPPORT_QLOGSAMPLE_H) */
