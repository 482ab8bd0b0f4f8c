/* Writes a qlog of every event: qlogwrite [--compat] [--raw N] [FILE].  With
   --bench N it writes N events of a download instead, to nowhere, and tells how
   fast. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qlog/writer.h"
#include "tests/support/qlogsample.h"

static void write_out(void *user, const char *data, size_t len) {
  if (user && fwrite(data, 1, len, user) != len) {
    perror("qlogwrite");
    exit(1);
  }
}

static double write_seconds(void) {
  struct timespec ts;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  static char buf[65536];
  quic_text text;
  qlog_writer_settings set = {.out = &text,
                              .title = "every event",
                              .description = "of the tests",
                              .name = "qlogwrite",
                              .vantage = QLOG_VANTAGE_NETWORK,
                              .flow = QLOG_VANTAGE_CLIENT,
                              .reference = QLOGSAMPLE_START,
                              .schemas = 0xff};
  size_t bench = 0;
  qlog_writer *w;
  double start;

  quic_text_init(&text, buf, sizeof(buf));
  text.flush = write_out;
  text.user = stdout;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--compat") == 0) {
      set.compat = true;
      set.group = "0102030405060708";
    } else if (strcmp(argv[i], "--raw") == 0 && i + 1 < argc) {
      set.raw_max = (size_t)atol(argv[++i]);
    } else if (strcmp(argv[i], "--bench") == 0 && i + 1 < argc) {
      bench = (size_t)atol(argv[++i]);
      text.user = NULL;
    } else if (!(text.user = fopen(argv[i], "w"))) {
      perror(argv[i]);
      return 1;
    }
  }
  start = write_seconds();
  if (qlog_writer_new(&w, quic_mem_default(), &set) != 0) {
    return 1;
  }
  if (bench) {
    qlogsample_bench(qlog_writer_sink(w), bench);
  } else {
    bench = qlogsample_all(qlog_writer_sink(w));
  }
  qlog_writer_finish(w);
  qlog_writer_del(w);
  if (!text.user) {
    start = write_seconds() - start;
    printf("%zu events, %zu octets: %.0f events/s, %.0f MB/s\n", bench,
           text.flushed, (double)bench / start,
           (double)text.flushed / 1e6 / start);
  } else if (fclose(text.user) != 0) {
    perror("qlogwrite");
    return 1;
  }
  return 0;
}
