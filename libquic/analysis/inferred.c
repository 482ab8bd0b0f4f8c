#include "analysis/inferred.h"

static void inferred_begin(qlog_event *e, qlog_event_type type, quic_time now,
                           int side) {
  qlog_event_init(e, type, now);
  e->side = side == QUIC_SIDE_UNKNOWN ? NULL : quic_side_name(side);
}

void quic_inferred_lost(qlog_sink *sink, quic_time now, int side,
                        quic_space space, const quic_sent_record *r, int why) {
  static const quic_packet_type types[QUIC_SPACES] = {
      QUIC_PACKET_INITIAL, QUIC_PACKET_HANDSHAKE, QUIC_PACKET_1RTT};
  quic_header header = {0};
  qlog_event e;

  if (!sink) {
    return;
  }
  inferred_begin(&e, QLOG_PACKET_LOST, now, side);
  header.type = types[space];
  header.is_long = space != QUIC_SPACE_APP;
  header.pn = r->number;
  header.pn_len = 4;
  e.u.packet.header = &header;
  e.u.packet.length = r->size;
  e.u.packet.lost = why;
  sink->event(sink, &e);
}

void quic_inferred_metrics(qlog_sink *sink, quic_time now, int side,
                           const quic_rtt *rtt, const quic_sent *sent) {
  qlog_event e;

  if (!sink) {
    return;
  }
  inferred_begin(&e, QLOG_RECOVERY_METRICS_UPDATED, now, side);
  e.u.metrics.min_rtt = rtt->min;
  e.u.metrics.smoothed_rtt = rtt->smoothed;
  e.u.metrics.latest_rtt = rtt->latest;
  e.u.metrics.rtt_variance = rtt->rttvar;
  e.u.metrics.pto_count = sent->counts.probe_run;
  e.u.metrics.bytes_in_flight = sent->in_flight;
  e.u.metrics.packets_in_flight = sent->packets_in_flight;
  e.u.metrics.inferred = 1;
  sink->event(sink, &e);
}

void quic_inferred_state(qlog_sink *sink, quic_time now, const char *old_state,
                         const char *new_state) {
  qlog_event e;

  if (!sink) {
    return;
  }
  inferred_begin(&e, QLOG_CONNECTION_STATE_UPDATED, now, QUIC_SIDE_UNKNOWN);
  e.u.state.old_state = old_state;
  e.u.state.new_state = new_state;
  sink->event(sink, &e);
}

void quic_inferred_spin(qlog_sink *sink, quic_time now, int side, int state) {
  qlog_event e;

  if (!sink) {
    return;
  }
  inferred_begin(&e, QLOG_SPIN_BIT_UPDATED, now, side);
  e.u.flag.state = state;
  sink->event(sink, &e);
}

void quic_inferred_key(qlog_sink *sink, quic_time now, int side,
                       uint64_t phase) {
  qlog_event e;

  if (!sink) {
    return;
  }
  inferred_begin(&e, QLOG_KEY_UPDATED, now, side);
  e.u.key.key_type =
      side == QUIC_SIDE_CLIENT ? "client_1rtt_secret" : "server_1rtt_secret";
  e.u.key.key_phase = phase;
  sink->event(sink, &e);
}

/* inferred_trigger: what qlog calls a class; QLOG_UNSET: not closed, as far as
   can be seen. */
static int inferred_trigger(quic_close_class c) {
  switch (c) {
  case QUIC_CLOSED_IDLE:
    return QLOG_CLOSE_IDLE_TIMEOUT;
  case QUIC_CLOSED_APPLICATION:
    return QLOG_CLOSE_APPLICATION;
  case QUIC_CLOSED_TRANSPORT:
  case QUIC_CLOSED_HANDSHAKE:
    return QLOG_CLOSE_ERROR;
  case QUIC_CLOSED_VERSION:
    return QLOG_CLOSE_VERSION_MISMATCH;
  case QUIC_CLOSED_RESET:
    return QLOG_CLOSE_STATELESS_RESET;
  default:
    return QLOG_UNSET;
  }
}

void quic_inferred_close_frame(qlog_sink *sink, const quic_frame *f,
                               const quic_mark *at, int sent_side) {
  bool app = f->type == QUIC_FRAME_CONNECTION_CLOSE_APP;
  qlog_event e;

  if (!sink) {
    return;
  }
  inferred_begin(&e, QLOG_CONNECTION_CLOSED, at->time, QUIC_SIDE_UNKNOWN);
  e.u.closed.initiator = at->side == sent_side ? QLOG_LOCAL : QLOG_REMOTE;
  if (app) {
    e.u.closed.application_error = f->u.close.error_code;
  } else {
    e.u.closed.connection_error = f->u.close.error_code;
  }
  e.u.closed.reason = f->u.close.reason;
  e.u.closed.trigger = app ? QLOG_CLOSE_APPLICATION : QLOG_CLOSE_ERROR;
  sink->event(sink, &e);
}

void quic_inferred_closed(qlog_sink *sink, const quic_close *c, quic_time now,
                          int sent_side) {
  int trigger = inferred_trigger(c->class);
  qlog_event e;

  if (!sink || trigger == QLOG_UNSET) {
    return;
  }
  inferred_begin(&e, QLOG_CONNECTION_CLOSED, now, QUIC_SIDE_UNKNOWN);
  if (c->by != QUIC_SIDE_UNKNOWN) {
    e.u.closed.initiator = c->by == sent_side ? QLOG_LOCAL : QLOG_REMOTE;
  }
  if (c->space == QUIC_CLOSE_SPACE_TRANSPORT) {
    e.u.closed.connection_error = c->code;
  } else if (c->space == QUIC_CLOSE_SPACE_APPLICATION) {
    e.u.closed.application_error = c->code;
  }
  e.u.closed.reason = quic_bytes_of(c->phrase, c->phrase_len);
  e.u.closed.trigger = trigger;
  sink->event(sink, &e);
}
