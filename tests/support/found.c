#include "tests/support/found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void found_on_event(qlog_sink *sink, const qlog_event *e) {
  found *fd = (found *)(void *)sink;

  quic_analysis_event(fd->analysis, e);
  quic_findings_event(fd->findings, e);
}

int found_begin_with(found *fd, quic_vantage vantage, const quic_mem *mem) {
  quic_analysis_settings settings = {
      .vantage = vantage, .sent_is_client = vantage != QUIC_VANTAGE_SERVER};
  int err;

  memset(fd, 0, sizeof(*fd));
  err = quic_analysis_new(&fd->analysis, mem, &settings, NULL);
  if (err == 0) {
    err = quic_findings_new(&fd->findings, mem, &settings, fd->analysis);
  }
  if (err) {
    quic_analysis_del(fd->analysis);
    return err;
  }
  fd->sink.event = found_on_event;
  events_init(&fd->ev, &fd->sink);
  fd->ev.server_sends = vantage == QUIC_VANTAGE_SERVER;
  return 0;
}

void found_begin(found *fd, quic_vantage vantage) {
  if (found_begin_with(fd, vantage, quic_mem_default()) != 0) {
    abort();
  }
}

void found_app(found *fd, int side, uint64_t number, quic_frame frame) {
  fd->frame = frame;
  events_packet(&fd->ev, side, QUIC_PACKET_1RTT, number, &fd->frame, 1);
}

qlog_event found_event(found *fd, qlog_event_type type) {
  qlog_event e;

  qlog_event_init(&e, type, fd->ev.now);
  e.record = ++fd->ev.record;
  return e;
}

void found_tell(found *fd, const qlog_event *e) {
  fd->sink.event(&fd->sink, e);
}

void found_limits(found *fd, int side, uint64_t idle, uint64_t data,
                  uint64_t stream, uint64_t streams) {
  const uint64_t pairs[][2] = {
      {QUIC_TPARAM_MAX_IDLE_TIMEOUT, idle},
      {QUIC_TPARAM_INITIAL_MAX_DATA, data},
      {QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL, stream},
      {QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE, stream},
      {QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_UNI, stream},
      {QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI, streams},
      {QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI, streams},
  };

  events_parameters(&fd->ev, side, pairs, sizeof(pairs) / sizeof(pairs[0]));
}

void found_end(found *fd) {
  quic_analysis_end(fd->analysis, fd->ev.now, QUIC_END_OF_TRACE);
  quic_findings_end(fd->findings, fd->ev.now);
}

void found_free(found *fd) {
  quic_findings_del(fd->findings);
  quic_analysis_del(fd->analysis);
}

int found_worst(const found *fd) {
  const quic_finding *one;

  for (size_t i = 0; (one = quic_findings_at(fd->findings, i)); i++) {
    if (one->severity > QUIC_NOTE) {
      fprintf(stderr, "# %s: %s\n", quic_finding_info_of(one->id)->key,
              one->text);
    }
  }
  return quic_findings_worst(fd->findings);
}

size_t found_count(const found *fd, quic_finding_id id) {
  const quic_finding *one;
  size_t n = 0;

  for (size_t i = 0; (one = quic_findings_at(fd->findings, i)); i++) {
    n += one->id == id && one->determinable;
  }
  return n;
}

const quic_finding *found_first(const found *fd, quic_finding_id id) {
  const quic_finding *one;

  for (size_t i = 0; (one = quic_findings_at(fd->findings, i)); i++) {
    if (one->id == id && one->determinable) {
      return one;
    }
  }
  return NULL;
}

uint64_t found_fact(const quic_finding *f, const char *name) {
  for (size_t i = 0; f && i < f->nfacts; i++) {
    if (strcmp(f->facts[i].name, name) == 0) {
      return f->facts[i].value;
    }
  }
  return UINT64_MAX;
}
