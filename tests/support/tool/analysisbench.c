/* What the analysis costs: analysisbench [PACKETS].  Prints ns for each packet
   of a download with losses, of a connection with many streams, and the octets
   that connections take. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/analysis.h"
#include "tests/support/events.h"
#include "tests/support/failmem.h"

static double bench_now(void) {
  struct timespec ts;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
  return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static quic_analysis *bench_begin(events *ev, const quic_mem *mem) {
  quic_analysis_settings settings = {.sent_is_client = true, .seed = {1, 2}};
  quic_analysis *a;

  if (quic_analysis_new(&a, mem, &settings, NULL) != 0) {
    abort();
  }
  events_init(ev, quic_analysis_sink(a));
  return a;
}

/* bench_nothing is a sink whose cost is that of making the events. */
static void bench_nothing(qlog_sink *sink, const qlog_event *e) {
  (void)sink;
  (void)e;
}

/* bench_download: the server sends, the client acknowledges every second
   packet; one in a hundred gets lost and its octets are sent again. */
static void bench_download(events *ev, uint64_t packets) {
  uint64_t offset = 0, base = 0, acked = 1;

  ev->length = 1252;
  for (uint64_t i = 1; i <= packets; i++) {
    quic_frame f;

    events_after(ev, 10 * QUIC_MICROSECOND);
    if (i % 3) {
      uint64_t number = ++base;

      if (number % 100 == 0) {
        f = events_stream(0, offset - 120000 % (offset + 1), 1200, false);
      } else {
        f = events_stream(0, offset, 1200, false);
        offset += 1200;
      }
      events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_1RTT, number, &f, 1);
      continue;
    }
    if (base > 120) {
      uint64_t largest = base - 40;
      const uint64_t two[2][2] = {{largest / 100 * 100 + 1, largest},
                                  {1, largest / 100 * 100 - 1}};
      events_ranges store;

      f = largest % 100 ? events_ack(&store, two, 2)
                        : events_acks(1, largest - 1);
      events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, ++acked, &f, 1);
    }
  }
}

static void bench_streams(events *ev, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) {
    quic_frame f = events_stream(4 * i, 0, 60, true);

    events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, i + 1, &f, 1);
    f = events_stream(4 * i, 0, 500, true);
    events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_1RTT, i + 1, &f, 1);
  }
}

static double bench_run(void (*run)(events *, uint64_t), uint64_t n) {
  qlog_sink nothing = {bench_nothing};
  double floor, start;
  quic_analysis *a;
  events ev;

  events_init(&ev, &nothing);
  start = bench_now();
  run(&ev, n);
  floor = bench_now() - start;
  a = bench_begin(&ev, quic_mem_default());
  events_handshake(&ev);
  start = bench_now();
  run(&ev, n);
  start = bench_now() - start;
  quic_analysis_del(a);
  return start - floor;
}

static void bench_memory(void) {
  quic_analysis *a;
  failmem fm;
  events ev;

  failmem_init(&fm);
  a = bench_begin(&ev, &fm.mem);
  printf("octets of a new connection        %zu\n", fm.bytes);
  events_handshake(&ev);
  printf("after the handshake               %zu\n", fm.bytes);
  bench_download(&ev, 300000);
  printf("after a download, most            %zu\n", fm.peak);
  quic_analysis_del(a);
}

int main(int argc, char **argv) {
  uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;

  printf("ns for a packet of a download     %.1f\n",
         bench_run(bench_download, n) / (double)n);
  printf("ms for 20000 streams              %.2f\n",
         bench_run(bench_streams, 20000) / 1e6);
  bench_memory();
  return 0;
}
