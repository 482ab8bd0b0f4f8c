#include "pcap/diff_qlog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "qlog/reader.h"

#define QLOG_CHUNK 16384  /* octets read at once */
#define QLOG_GROUP_MAX 64 /* octets of a group that tell it apart */
#define QLOG_RS 0x1e      /* begins a record of a JSON text sequence */

typedef struct diff_group {
  uint32_t number;
  bool sent_is_client;
  uint8_t odcid_len;
  uint8_t odcid[QUIC_CID_MAX];
} diff_group;

typedef struct diff_log {
  qd_diff *diff;
  qd_diff_which which;
  const quic_mem *mem;
  quic_map groups; /* trace and group -> diff_group */
  uint32_t next;
  qlog_vantage vantage, flow; /* of the trace in work */
  bool starved;
} diff_log;

static void log_trace(void *user, const qlog_trace *trace) {
  diff_log *log = user;

  log->vantage = trace->vantage;
  log->flow = trace->flow;
}

/* log_odcid reads a group that is a connection ID in hexadecimals, as they
   mostly are. */
static void log_odcid(diff_group *g, quic_bytes group) {
  size_t len = group.len / 2;

  if (group.len % 2 || len == 0 || len > QUIC_CID_MAX) {
    return;
  }
  for (size_t i = 0; i < group.len; i++) {
    static const char digits[] = "0123456789abcdef";
    char c = (char)(group.data[i] | 0x20); /* as a small letter */
    const char *at = group.data[i] ? strchr(digits, c) : NULL;

    if (!at) {
      return;
    }
    g->odcid[i / 2] = (uint8_t)(g->odcid[i / 2] << 4 | (at - digits));
  }
  g->odcid_len = (uint8_t)len;
}

/* log_client: packet_sent means: by the client.  Where the log does not say who
   wrote it, the client is who sends first. */
static bool log_client(const diff_log *log, const qlog_event *first) {
  qlog_vantage vantage =
      log->vantage == QLOG_VANTAGE_NETWORK ? log->flow : log->vantage;

  return vantage == QLOG_VANTAGE_CLIENT   ? true
         : vantage == QLOG_VANTAGE_SERVER ? false
                                          : first->type == QLOG_PACKET_SENT;
}

static diff_group *log_group(diff_log *log, const qlog_record *record) {
  uint8_t key[sizeof(record->trace) + QLOG_GROUP_MAX];
  size_t len =
      record->group.len < QLOG_GROUP_MAX ? record->group.len : QLOG_GROUP_MAX;
  diff_group *g;

  memcpy(key, &record->trace, sizeof(record->trace));
  if (len) {
    memcpy(key + sizeof(record->trace), record->group.data, len);
  }
  len += sizeof(record->trace);
  g = quic_map_get(&log->groups, quic_bytes_of(key, len));
  if (g || log->next == QD_DIFF_CONNS_MAX) {
    return g;
  }
  g = quic_mem_zalloc(log->mem, sizeof(*g));
  if (!g || quic_map_put(&log->groups, quic_bytes_of(key, len), g) != 0) {
    quic_mem_free(log->mem, g);
    log->starved = true;
    return NULL;
  }
  g->number = log->next++;
  g->sent_is_client = log_client(log, record->event);
  log_odcid(g, record->group);
  return g;
}

static void log_record(void *user, const qlog_record *record) {
  diff_log *log = user;
  const qlog_event *e = record->event;
  diff_group *g;

  if (!e || !qlog_event_is_packet(e)) {
    return;
  }
  g = log_group(log, record);
  if (g) {
    qlog_event told = *e;

    told.time = record->time;
    told.record = record->number;
    qd_diff_event(log->diff, log->which, g->number,
                  quic_bytes_of(g->odcid, g->odcid_len), g->sent_is_client,
                  &told);
  }
}

static void log_free_group(void *user, quic_bytes key, void *value) {
  (void)key;
  quic_mem_free(((diff_log *)user)->mem, value);
}

static int log_read(qlog_reader *r, FILE *in) {
  char chunk[QLOG_CHUNK];
  int rv = 0;
  size_t n;

  while (rv == 0 && (n = fread(chunk, 1, sizeof(chunk), in)) > 0) {
    rv = qlog_reader_feed(r, quic_bytes_of(chunk, n));
  }
  return rv == 0 ? qlog_reader_finish(r) : rv;
}

bool qd_diff_is_qlog(const char *path) {
  FILE *in = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
  int c = EOF;

  if (!in) {
    return false;
  }
  do {
    c = getc(in);
  } while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
  fclose(in);
  return c == '{' || c == '[' || c == QLOG_RS || c == 0xef;
}

int qd_diff_qlog(qd_diff *d, const quic_mem *mem, const uint64_t seed[2],
                 qd_diff_which which, const char *path,
                 char problem[QD_DIFF_QLOG_PROBLEM]) {
  static const qlog_reader_ops ops = {.trace = log_trace, .record = log_record};
  qlog_reader_settings set = {.seed = {seed[0], seed[1]}};
  diff_log log = {.diff = d,
                  .which = which,
                  .mem = mem,
                  .vantage = QLOG_VANTAGE_UNKNOWN,
                  .flow = QLOG_VANTAGE_UNKNOWN};
  FILE *in = fopen(path, "rb");
  qlog_reader *r = NULL;
  const char *why = NULL;
  int rv;

  if (!in) {
    snprintf(problem, QD_DIFF_QLOG_PROBLEM, "%s", strerror(errno));
    return -1;
  }
  quic_map_init(&log.groups, mem, seed);
  qd_diff_record_of(d, which)->log = true;
  rv = qlog_reader_new(&r, mem, &set, &ops, &log);
  if (rv == 0) {
    rv = log_read(r, in);
    why = qlog_reader_problem(r);
  }
  if (rv == 0 && log.starved) {
    rv = QUIC_ERR_NOMEM;
  }
  if (rv != 0) {
    snprintf(problem, QD_DIFF_QLOG_PROBLEM, "%s",
             why ? why : quic_err_text(rv));
  }
  qlog_reader_del(r);
  quic_map_each(&log.groups, log_free_group, &log);
  quic_map_free(&log.groups);
  fclose(in);
  return rv == 0 ? 0 : -1;
}
