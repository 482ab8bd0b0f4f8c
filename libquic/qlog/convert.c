#include "qlog/convert.h"

#include "qlog/read.h"

/* Events of which the plain fields are not all. */
static qlog_read_rest *const convert_rests[QLOG_EVENT_TYPES] = {
    [QLOG_CONNECTION_STARTED] = qlog_read_started,
    [QLOG_CONNECTION_CLOSED] = qlog_read_closed,
    [QLOG_CONNECTION_ID_UPDATED] = qlog_read_cid,
    [QLOG_PARAMETERS_SET] = qlog_read_parameters,
    [QLOG_PARAMETERS_RESTORED] = qlog_read_parameters,
    [QLOG_PACKET_SENT] = qlog_read_packet,
    [QLOG_PACKET_RECEIVED] = qlog_read_packet,
    [QLOG_PACKET_DROPPED] = qlog_read_packet,
    [QLOG_PACKET_BUFFERED] = qlog_read_packet,
    [QLOG_PACKET_LOST] = qlog_read_packet,
    [QLOG_PACKETS_ACKED] = qlog_read_acked,
    [QLOG_UDP_DATAGRAMS_SENT] = qlog_read_datagrams,
    [QLOG_UDP_DATAGRAMS_RECEIVED] = qlog_read_datagrams,
    [QLOG_UDP_DATAGRAM_DROPPED] = qlog_read_datagrams,
    [QLOG_FRAMES_CREATED] = qlog_read_frame_list,
    [QLOG_FRAMES_PARSED] = qlog_read_frame_list,
    [QLOG_MARKED_FOR_RETRANSMIT] = qlog_read_frame_list,
    [QLOG_TIMER_UPDATED] = qlog_read_timer,
    [QLOG_RECOVERY_METRICS_UPDATED] = qlog_read_metrics,
    [QLOG_H3_PARAMETERS_SET] = qlog_read_h3_settings,
    [QLOG_H3_PARAMETERS_RESTORED] = qlog_read_h3_settings,
    [QLOG_H3_STREAM_TYPE_SET] = qlog_read_h3_stream,
    [QLOG_H3_FRAME_CREATED] = qlog_read_h3_frame,
    [QLOG_H3_FRAME_PARSED] = qlog_read_h3_frame,
    [QLOG_CAPSULE_CREATED] = qlog_read_capsule,
    [QLOG_CAPSULE_PARSED] = qlog_read_capsule,
    [QLOG_SIMULATION_SCENARIO] = qlog_read_simulation,
};

int qlog_convert_new(qlog_convert **out, const quic_mem *mem) {
  qlog_convert *c = (qlog_convert *)quic_mem_zalloc(mem, sizeof(*c));

  *out = NULL;
  if (!c) {
    return QUIC_ERR_NOMEM;
  }
  c->mem = mem;
  qlog_scratch_init(&c->scratch, mem);
  qlog_keys_init(&c->tables.keys);
  qlog_read_init_events(&c->tables);
  qlog_read_init_plains(&c->tables);
  qlog_read_init_frames(&c->tables);
  qlog_read_init_packets(&c->tables);
  qlog_read_init_tparams(&c->tables);
  qlog_read_init_settings(&c->tables);
  *out = c;
  return 0;
}

void qlog_convert_del(qlog_convert *c) {
  if (c) {
    qlog_scratch_free(&c->scratch);
    quic_mem_free(c->mem, c->frames);
    quic_mem_free(c->mem, c->ranges);
    quic_mem_free(c->mem, c);
  }
}

/* convert_list_reset gives back what a record of unusual size has needed. */
static void convert_list_reset(const quic_mem *mem, void **items, size_t *cap,
                               size_t size) {
  if (*cap > QLOG_SCRATCH_KEEP / size) {
    quic_mem_free(mem, *items);
    *items = NULL;
    *cap = 0;
  }
}

void qlog_convert_release(qlog_convert *c) {
  qlog_scratch_reset(&c->scratch);
  c->lent = false;
  convert_list_reset(c->mem, (void **)&c->frames, &c->frames_cap,
                     sizeof(*c->frames));
  convert_list_reset(c->mem, (void **)&c->ranges, &c->ranges_cap,
                     sizeof(*c->ranges));
}

bool qlog_convert_full(const qlog_convert *c) {
  return c->lent || qlog_scratch_much(&c->scratch);
}

static void convert_begin(qlog_convert *c, const qlog_convert_in *in) {
  static const uint8_t line[] = "line";
  const qlog_convert_trace *trace = in->trace;

  c->scratch.failed = false;
  c->in = in;
  c->repairs = trace && trace->repairs ? trace->repairs : c->unheard;
  c->microseconds = trace && trace->microseconds;
  c->rows = trace && (trace->rows || trace->prespec);
  /* Picoquic, which counts in us, writes delays as they were on the wire, and
     so does pcap2qlog, the trigger of which is always "line". */
  c->ack_raw =
      c->microseconds ||
      quic_bytes_eq(in->trigger, quic_bytes_of(line, sizeof(line) - 1));
  c->http3 = false;
  c->ranges_left = QLOG_READ_RANGES_MAX;
}

int qlog_convert_event(qlog_convert *c, const qlog_convert_in *in,
                       qlog_event *out, qlog_convert_error *error) {
  const quic_time time = out->time;
  const uint64_t record = out->record;
  const char *group = out->group;
  const qlog_read_event *event;
  int err;

  convert_begin(c, in);
  event = qlog_read_event_find(c, in);
  if (!event) {
    return QUIC_ERR_UNSUPPORTED;
  }
  c->hint = event->hint;
  c->type = event->type;
  err = qlog_read_data(c, in->data, error);
  if (err != 0) {
    return c->scratch.failed ? QUIC_ERR_NOMEM : err;
  }
  qlog_event_init(out, event->type, time);
  out->record = record;
  out->group = group;
  qlog_read_plains(c, out);
  if (convert_rests[event->type]) {
    convert_rests[event->type](c, out);
  }
  out->record = record;
  out->group = group;
  out->http3 = c->http3;
  return c->scratch.failed ? QUIC_ERR_NOMEM : 0;
}
