#include "tests/support/viewed.h"

#include <string.h>

#include "wire/tparam.h"

#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER
#define MS QUIC_MILLISECOND

static void viewed_event(qlog_sink *sink, const qlog_event *e) {
  viewed *v = (viewed *)sink;

  quic_analysis_event(v->analysis, e);
  qv_tracks_event(v->tracks, e);
  qv_lanes_event(v->lanes, e);
}

int viewed_init(viewed *v, const quic_mem *mem) {
  const quic_analysis_settings settings = {.vantage = QUIC_VANTAGE_SERVER,
                                           .seed = {1, 2}};
  qv_tracks_settings tracks = {.local = S};

  memset(v, 0, sizeof(*v));
  v->mem = mem;
  v->sink.event = viewed_event;
  events_init(&v->ev, &v->sink);
  v->ev.server_sends = true;
  if (quic_analysis_new(&v->analysis, mem, &settings, NULL) != 0) {
    return QUIC_ERR_NOMEM;
  }
  tracks.analysis = v->analysis;
  if (qv_tracks_new(&v->tracks, mem, &tracks) != 0 ||
      qv_lanes_new(&v->lanes, mem) != 0) {
    viewed_free(v);
    return QUIC_ERR_NOMEM;
  }
  return 0;
}

void viewed_free(viewed *v) {
  quic_analysis_del(v->analysis);
  qv_tracks_del(v->tracks);
  qv_lanes_del(v->lanes);
}

void viewed_tell(viewed *v, qlog_event *e) {
  e->time = v->ev.now;
  v->sink.event(&v->sink, e);
}

void viewed_metrics(viewed *v, uint64_t cwnd, uint64_t flight, uint64_t srtt) {
  qlog_event e;

  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, 0);
  e.u.metrics.congestion_window = cwnd;
  e.u.metrics.bytes_in_flight = flight;
  e.u.metrics.smoothed_rtt = srtt;
  e.u.metrics.latest_rtt = srtt == QLOG_NONE ? srtt : srtt + MS;
  viewed_tell(v, &e);
}

static void viewed_state(viewed *v, const char *old_state,
                         const char *new_state) {
  qlog_event e;

  qlog_event_init(&e, QLOG_CONGESTION_STATE_UPDATED, 0);
  e.u.state.old_state = old_state;
  e.u.state.new_state = new_state;
  viewed_tell(v, &e);
}

static void viewed_blocked(viewed *v, bool blocked) {
  qlog_event e;

  qlog_event_init(&e, QLOG_CONNECTION_DATA_BLOCKED_UPDATED, 0);
  e.u.blocked.new_state = blocked ? QLOG_BLOCKED : QLOG_UNBLOCKED;
  e.u.blocked.reason = blocked ? "connection_flow_control" : NULL;
  viewed_tell(v, &e);
}

static void viewed_lost(viewed *v, uint64_t number) {
  quic_header header = {.type = QUIC_PACKET_1RTT, .pn = number, .pn_len = 4};
  qlog_event e;

  qlog_event_init(&e, QLOG_PACKET_LOST, 0);
  e.u.packet.header = &header;
  e.u.packet.length = 1200;
  viewed_tell(v, &e);
}

static void viewed_pto(viewed *v, uint64_t count) {
  qlog_event e;

  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, 0);
  e.u.metrics.pto_count = count;
  viewed_tell(v, &e);
}

/* viewed_packet sends |number| with STREAM data. */
static void viewed_packet(viewed *v, uint64_t number) {
  quic_frame f =
      events_stream(4 * (number / 60 % 3), 1100 * (number / 3), 1100, false);

  v->ev.length = 1200;
  events_packet(&v->ev, S, QUIC_PACKET_1RTT, number, &f, 1);
  v->sent += 1200;
}

void viewed_story(viewed *v) {
  const uint64_t pairs[][2] = {{QUIC_TPARAM_INITIAL_MAX_DATA, 200000}};
  uint64_t cwnd = 12000, acks = 2;

  events_parameters(&v->ev, C, pairs, 1);
  events_handshake(&v->ev);
  viewed_state(v, "slow_start", "slow_start");
  for (uint64_t n = 10; n < 410; n++) {
    quic_frame f[2];

    events_after(&v->ev, 5 * MS);
    viewed_packet(v, n);
    cwnd += n < 150 ? 900 : 150;
    if (n == 150 || n == 290) {
      viewed_lost(v, n - 20);
      viewed_state(v, NULL, "recovery");
      cwnd /= 2;
    } else if (n == 160 || n == 310) {
      viewed_state(v, NULL, "congestion_avoidance");
    } else if (n == 200 || n == 230) {
      viewed_blocked(v, n == 200);
    }
    viewed_metrics(v, cwnd, n % 10 ? cwnd - 2000 : QLOG_NONE,
                   n % 2 ? 20 * MS + n * 50000 : QLOG_NONE);
    if (n % 10 == 0) {
      f[0] = events_acks(n - 10, n - 1);
      f[1] = events_limit(QUIC_FRAME_MAX_DATA, 0, 200000 + n / 50 * 50000);
      v->ev.length = 60;
      events_packet(&v->ev, C, QUIC_PACKET_1RTT, acks++, f, 2);
    }
  }
  for (uint64_t i = 1; i <= 3; i++) {
    events_after(&v->ev, (50 << i) * MS);
    viewed_pto(v, i);
  }
}
