/* Counts what the reader finds in qlogs: qlogcount [OPTION] FILE...

     --piece N    feeds N octets at a time (65536)
     --bad        lists the records that cannot be read
     --unknown    lists the events that no draft knows
     --traces     lists the traces
     --bench N    reads each file N times and tells how fast */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "qlog/reader.h"

typedef struct count_options {
  size_t piece;
  unsigned long bench;
  bool bad, unknown, traces;
} count_options;

static void count_text(const char *before, quic_bytes b) {
  char buf[512];
  quic_text text;

  quic_text_init(&text, buf, sizeof(buf));
  quic_text_untrusted(&text, b, 80);
  printf("%s%s", before, quic_text_cstr(&text));
}

static void count_trace(void *user, const qlog_trace *t) {
  static const char *const vantages[] = {"unknown", "client", "server",
                                         "network"};
  const count_options *o = user;

  if (o->traces) {
    printf("  trace %" PRIu32 "%s %s %s reference %" PRIu64 "%s", t->index,
           t->again ? " again" : "", qlog_layout_name(t->layout),
           vantages[t->vantage], t->reference, t->wall_clock ? " (wall)" : "");
    count_text(" version ", t->version);
    count_text(" group ", t->group);
    count_text(" title ", t->title);
    printf("\n");
  }
}

static void count_record(void *user, const qlog_record *record) {
  const count_options *o = user;

  if (o->unknown && !record->event) {
    count_text("  unknown ", record->space);
    count_text(":", record->name);
    printf("\n");
  }
}

static void count_bad(void *user, const qlog_bad *bad) {
  const count_options *o = user;

  if (o->bad) {
    printf("  bad %" PRIu64 " at %" PRIu64 "+%zu: %s", bad->number, bad->offset,
           bad->at, bad->why);
    count_text(": ", bad->text);
    printf("\n");
  }
}

static double count_seconds(void) {
  struct timespec ts;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint8_t *count_load(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  uint8_t *data = NULL;
  size_t cap = 0, n;

  *len = 0;
  if (!f) {
    return NULL;
  }
  do {
    if (*len == cap) {
      cap = cap ? 2 * cap : 65536;
      data = realloc(data, cap);
      if (!data) {
        abort();
      }
    }
    n = fread(data + *len, 1, cap - *len, f);
    *len += n;
  } while (n);
  fclose(f);
  return data;
}

static void count_print(const char *path, const qlog_reader *r, int rv) {
  const qlog_reader_stats *s = qlog_reader_stats_of(r);
  const char *problem = qlog_reader_problem(r);

  printf("%s: %s traces %" PRIu32 " records %" PRIu64 " events %" PRIu64
         " unknown %" PRIu64 " bad %" PRIu64 "%s",
         path, qlog_layout_name(s->layout), s->traces, s->records, s->events,
         s->unknown, s->bad, s->truncated ? " truncated" : "");
  for (int i = 0; i < QLOG_REPAIRS; i++) {
    if (s->repairs[i]) {
      printf(" %s=%" PRIu64, qlog_repair_name((qlog_repair)i), s->repairs[i]);
    }
  }
  if (rv != 0) {
    printf(" (%s%s%s)", quic_err_name(rv), problem ? ": " : "",
           problem ? problem : "");
  }
  printf("\n");
}

static int count_file(const char *path, count_options *o) {
  static const qlog_reader_ops ops = {count_trace, count_record, count_bad};
  qlog_reader_settings set = {.seed = {1, 2}};
  size_t len;
  uint8_t *data = count_load(path, &len);
  double start = count_seconds();

  if (!data) {
    perror(path);
    return 1;
  }
  for (unsigned long i = 0; i < o->bench + !o->bench; i++) {
    qlog_reader *r;
    int rv = qlog_reader_new(&r, quic_mem_default(), &set, &ops, o);

    if (rv != 0) {
      abort();
    }
    for (size_t at = 0; rv == 0 && at < len; at += o->piece) {
      size_t n = len - at < o->piece ? len - at : o->piece;

      rv = qlog_reader_feed(r, quic_bytes_of(data + at, n));
    }
    if (rv == 0) {
      rv = qlog_reader_finish(r);
    }
    if (i == 0) {
      count_print(path, r, rv);
    }
    qlog_reader_del(r);
  }
  if (o->bench) {
    printf("  %.0f MB/s\n",
           (double)o->bench * (double)len / 1e6 / (count_seconds() - start));
  }
  free(data);
  return 0;
}

int main(int argc, char **argv) {
  count_options o = {.piece = 65536};
  int failed = 0;

  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--piece") == 0 && i + 1 < argc) {
      o.piece = strtoul(argv[++i], NULL, 10);
      o.piece += !o.piece;
    } else if (strcmp(argv[i], "--bench") == 0 && i + 1 < argc) {
      o.bench = strtoul(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "--bad") == 0) {
      o.bad = true;
    } else if (strcmp(argv[i], "--unknown") == 0) {
      o.unknown = true;
    } else if (strcmp(argv[i], "--traces") == 0) {
      o.traces = true;
    } else {
      failed |= count_file(argv[i], &o);
    }
  }
  return failed;
}
