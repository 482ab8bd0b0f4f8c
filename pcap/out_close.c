/* How each connection ended: a sentence, what is behind it, and the packets
   that show it. */

#include "pcap/report.h"
#include "pcap/show.h"
#include "wire/names.h"

typedef struct out_close {
  qd_output base;
  qd_output_settings settings;
} out_close;

static void close_frame_type(quic_text *t, uint64_t type) {
  quic_text_str(t, ", frame ");
  cli_brief_frame_type(t, type);
}

/* close_error writes side, space, code and phrase of a CONNECTION_CLOSE. */
static void close_error(quic_text *t, const qd_trace *tr, int side,
                        quic_close_space space, uint64_t code,
                        uint64_t frame_type, quic_bytes phrase) {
  quic_text_str(t, quic_side_name(side));
  if (space != QUIC_CLOSE_SPACE_NONE) {
    quic_text_str(t, ", ");
    quic_text_str(t, quic_close_space_name(space));
    quic_text_str(t, " error ");
  }
  if (code != QLOG_NONE) {
    qd_show_error(t,
                  space == QUIC_CLOSE_SPACE_APPLICATION
                      ? QUIC_ROLE_APP_ERROR
                      : QUIC_ROLE_TRANSPORT_ERROR,
                  code, tr->conn);
  }
  if (frame_type != QLOG_NONE && frame_type != 0) {
    close_frame_type(t, frame_type);
  }
  if (phrase.len) {
    quic_text_char(t, ' ');
    quic_text_quoted(t, phrase, 0);
  }
}

/* close_count writes ", 2 streams open". */
static void close_count(quic_text *t, uint64_t n, const char *what,
                        const char *how) {
  if (n) {
    quic_text_str(t, ", ");
    quic_text_u64(t, n);
    quic_text_char(t, ' ');
    quic_text_str(t, what);
    quic_text_str(t, n > 1 ? "s" : "");
    quic_text_str(t, how);
  }
}

static void close_at_that_time(quic_text *t, const quic_close *c) {
  static const char *const states[] = {
      [QUIC_STATE_UNKNOWN] = "handshake not in the capture",
      [QUIC_STATE_INITIAL] = "no answer yet",
      [QUIC_STATE_HANDSHAKE] = "in the handshake",
      [QUIC_STATE_COMPLETE] = "handshake complete",
      [QUIC_STATE_CONFIRMED] = "handshake confirmed"};

  qd_report_name(t, "at that time");
  quic_text_str(t, states[c->state]);
  close_count(t, c->open_requests, "request", " open");
  close_count(t, c->open_streams, "stream", " open");
  close_count(t, c->unacked, "packet", " not acknowledged");
  if (c->idle_timeout != QLOG_NONE && c->idle_timeout) {
    quic_text_str(t, ", idle timeout ");
    quic_close_duration(t, c->idle_timeout);
  }
  quic_text_char(t, '\n');
}

static void close_evidence(const out_close *o, const quic_close *c) {
  quic_text *t = o->settings.text;

  for (size_t i = 0; i < c->nevidence; i++) {
    const quic_close_evidence *e = &c->evidence[i];

    qd_report_name(t, i ? "" : "evidence");
    qd_report_mark(t, &e->at, o->settings.absolute_time ? 0 : o->base.start);
    quic_text_str(t, "  ");
    quic_text_str(t, quic_close_shows_name(e->shows));
    quic_text_char(t, '\n');
  }
}

static void close_ended(qd_output *out, struct qd_trace *tr) {
  out_close *o = (out_close *)(void *)out;
  const quic_close *c = quic_analysis_close(tr->analysis);
  int other = quic_side_other(c->by);
  quic_text *t = o->settings.text;

  qd_report_who(t, tr, o->settings.colour);
  qd_report_name(t, "verdict");
  quic_close_sentence(c, t);
  quic_text_char(t, '\n');
  qd_report_name(t, "class");
  quic_text_str(t, quic_close_class_name(c->class));
  quic_text_str(t, c->inferred ? " (inferred)\n" : "\n");
  if (c->code != QLOG_NONE) {
    qd_report_name(t, "closed by");
    close_error(t, tr, c->by, c->space, c->code, c->frame_type,
                quic_bytes_of(c->phrase, c->phrase_len));
    quic_text_char(t, '\n');
  }
  if (other >= 0 && quic_mark_set(&c->frames[other].at)) {
    const quic_close_frame *f = &c->frames[other];

    qd_report_name(t, "answered by");
    close_error(t, tr, other, f->space, f->code, f->frame_type,
                quic_bytes_of(f->phrase, f->phrase_len));
    quic_text_char(t, '\n');
  }
  close_at_that_time(t, c);
  close_evidence(o, c);
}

static void close_del(qd_output *out) {
  out_close *o = (out_close *)(void *)out;

  quic_mem_free(o->settings.mem, o);
}

int qd_output_close_new(qd_output **out, const qd_output_settings *settings) {
  out_close *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.ended = close_ended;
  o->base.del = close_del;
  o->settings = *settings;
  *out = &o->base;
  return 0;
}
