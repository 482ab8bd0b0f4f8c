#include "qlog/read.h"

/* --- connections -----------------------------------------------------------
 */

/* closed_error finds the code of |v|: a number, a name, or beside a name that
   says nothing a code. */
static void closed_error(qlog_convert *c, const qlog_value *v,
                         qlog_error_space space, uint64_t *beside,
                         uint64_t *out) {
  if (!v || v->token == QLOG_TOKEN_NULL ||
      qlog_read_error(v, space, out, &c->http3)) {
    return;
  }
  if (*beside != QLOG_NONE) {
    *out = *beside;
    *beside = QLOG_NONE;
  } else if (v->token != QLOG_TOKEN_STRING) {
    qlog_read_bad(c);
  }
}

void qlog_read_closed(qlog_convert *c, qlog_event *e) {
  static const qlog_read_names transport = {
      {QLOG_KEY_CONNECTION_ERROR, QLOG_KEY_CONNECTION_CODE}};
  static const qlog_read_names application = {
      {QLOG_KEY_APPLICATION_ERROR, QLOG_KEY_APPLICATION_CODE}};
  const qlog_value *t = qlog_read_first(c, &c->top, &transport);
  const qlog_value *a = qlog_read_first(c, &c->top, &application);
  qlog_connection_closed *closed = &e->u.closed;
  uint64_t beside = QLOG_NONE;

  (void)qlog_read_error_code(&c->top, &beside);
  closed_error(c, t, QLOG_ERROR_TRANSPORT, &beside, &closed->connection_error);
  closed_error(c, a, QLOG_ERROR_APPLICATION, &beside,
               &closed->application_error);
  /* An error nobody can name is one. */
  if (closed->trigger == QLOG_UNSET && t && t->token == QLOG_TOKEN_STRING &&
      closed->connection_error == QLOG_NONE) {
    closed->trigger = QLOG_CLOSE_ERROR;
  }
}

static void started_flat(qlog_convert *c, qlog_key ip, qlog_key port,
                         qlog_key cid, qlog_endpoint *out) {
  const qlog_object *o = &c->top;
  quic_bytes *cids;

  if (qlog_value_addr(c, qlog_object_get(o, ip), qlog_object_get(o, port),
                      &out->addr)) {
    qlog_read_repair(c, QLOG_REPAIR_OLD_FIELD);
  }
  if (out->ncids > 0 || !qlog_object_has(o, cid)) {
    return;
  }
  cids = (quic_bytes *)qlog_scratch_take(&c->scratch, sizeof(*cids));
  if (cids && qlog_value_hex(c, qlog_object_get(o, cid), cids)) {
    out->cids = cids;
    out->ncids = 1;
  }
}

void qlog_read_started(qlog_convert *c, qlog_event *e) {
  started_flat(c, QLOG_KEY_SRC_IP, QLOG_KEY_SRC_PORT, QLOG_KEY_SRC_CID,
               &e->u.started.local);
  started_flat(c, QLOG_KEY_DST_IP, QLOG_KEY_DST_PORT, QLOG_KEY_DST_CID,
               &e->u.started.remote);
}

void qlog_read_cid(qlog_convert *c, qlog_event *e) {
  const qlog_object *o = &c->top;
  qlog_cid_updated *cid = &e->u.cid;
  bool src = qlog_object_has(o, QLOG_KEY_SRC_NEW);

  if (!src && !qlog_object_has(o, QLOG_KEY_DST_NEW)) {
    return;
  }
  qlog_read_repair(c, QLOG_REPAIR_OLD_FIELD);
  cid->initiator = src ? QLOG_LOCAL : QLOG_REMOTE;
  (void)qlog_value_hex(
      c, qlog_object_get(o, src ? QLOG_KEY_SRC_OLD : QLOG_KEY_DST_OLD),
      &cid->old_cid);
  (void)qlog_value_hex(
      c, qlog_object_get(o, src ? QLOG_KEY_SRC_NEW : QLOG_KEY_DST_NEW),
      &cid->new_cid);
}

/* --- recovery --------------------------------------------------------------
 */

/* Quiche tells losses here and nowhere else. */
void qlog_read_metrics(qlog_convert *c, qlog_event *e) {
  const qlog_value *v = qlog_object_get(&c->top, QLOG_KEY_CF_LOST_PACKETS);

  if (v && qlog_read_span(c, v, &c->item)) {
    (void)qlog_value_u64(c, qlog_object_get(&c->item, QLOG_KEY_DELTA),
                         &e->u.metrics.lost);
  }
}

/* The oldest events of timers said in their names what became of them. */
void qlog_read_timer(qlog_convert *c, qlog_event *e) {
  if (c->hint && e->u.timer.change == QLOG_UNSET) {
    e->u.timer.change =
        strcmp(c->hint, "set") == 0 ? QLOG_TIMER_SET : QLOG_TIMER_EXPIRED;
  }
}

void qlog_read_acked(qlog_convert *c, qlog_event *e) {
  qlog_packets_acked *acked = &e->u.acked;
  quic_frame *f;

  if (qlog_value_numbers(c, qlog_object_get(&c->top, QLOG_KEY_PACKET_NUMBERS),
                         &acked->packet_numbers, &acked->npacket_numbers)) {
    return;
  }
  if (!qlog_object_has(&c->top, QLOG_KEY_ACKED_RANGES)) {
    return;
  }
  f = (quic_frame *)qlog_scratch_take(&c->scratch, sizeof(*f));
  if (!f) {
    return;
  }
  memset(f, 0, sizeof(*f));
  f->type = QUIC_FRAME_ACK;
  f->info = quic_frame_info_find(QUIC_FRAME_ACK);
  if (qlog_read_ack(c, f)) {
    acked->ranges = f;
  }
}

/* --- frames ----------------------------------------------------------------
 */

/* frames_one makes a frame of data that is a frame itself, as in the oldest
   logs, which tell each frame by an event of its own; the trigger says which
   way it went. */
static void frames_one(qlog_convert *c, qlog_event *e) {
  static const qlog_value received = {.text = {(const uint8_t *)"packet_rx", 9},
                                      .token = QLOG_TOKEN_STRING};
  const qlog_value *number = qlog_object_get(&c->top, QLOG_KEY_PACKET_NR);
  qlog_value *type = &c->frame.values[QLOG_KEY_FRAME_TYPE];
  uint64_t *pn;

  memcpy(&c->frame, &c->top, sizeof(c->frame));
  c->frame.present[QLOG_KEY_FRAME_TYPE / 64] |= UINT64_C(1)
                                                << (QLOG_KEY_FRAME_TYPE % 64);
  type->text = quic_bytes_of(c->hint, strlen(c->hint));
  type->token = QLOG_TOKEN_STRING;
  type->escaped = type->read = false;
  qlog_read_frame(c);
  if (c->in->trigger.len == received.text.len) {
    const qlog_value v = {.text = c->in->trigger, .token = QLOG_TOKEN_STRING};

    if (qlog_value_is(&v, "packet_rx")) {
      e->type = QLOG_FRAMES_PARSED;
    }
  }
  pn = (uint64_t *)qlog_scratch_take(&c->scratch, sizeof(*pn));
  if (pn && qlog_value_u64(c, number, pn)) {
    e->u.frames.packet_numbers = pn;
    e->u.frames.npacket_numbers = 1;
  }
}

void qlog_read_frame_list(qlog_convert *c, qlog_event *e) {
  qlog_frames *f = &e->u.frames;

  if (c->hint) {
    frames_one(c, e);
  }
  f->frames = qlog_read_frames(c);
  f->nframes = f->frames ? c->nframes : 0;
  f->ack_delay_exponent = c->ack_raw ? f->ack_delay_exponent : 0;
  (void)qlog_value_numbers(c, qlog_object_get(&c->top, QLOG_KEY_PACKET_NUMBERS),
                           &f->packet_numbers, &f->npacket_numbers);
}

/* --- datagrams -------------------------------------------------------------
 */

/* datagrams_length reads a RawInfo of |o|; of two lengths the smaller is the
   UDP payload's. */
static bool datagrams_length(qlog_convert *c, const qlog_object *o,
                             qlog_key length, qlog_key payload, uint64_t *out) {
  return qlog_value_u64(c, qlog_object_get(o, payload), out) ||
         qlog_value_u64(c, qlog_object_get(o, length), out);
}

static void datagrams_lengths(qlog_convert *c, const qlog_value *v,
                              qlog_datagrams *d) {
  uint64_t *lengths;
  qlog_tokens t;

  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  lengths = (uint64_t *)qlog_scratch_list(&c->scratch, v->text.len / 3 + 1,
                                          sizeof(*lengths));
  while (lengths && qlog_read_list_next_object(c, &t)) {
    d->nlengths +=
        datagrams_length(c, &c->item, QLOG_KEY_LENGTH, QLOG_KEY_PAYLOAD_LENGTH,
                         &lengths[d->nlengths]);
  }
  d->lengths = lengths;
}

static void datagrams_one_length(qlog_convert *c, qlog_datagrams *d) {
  uint64_t *length =
      (uint64_t *)qlog_scratch_take(&c->scratch, sizeof(*length));
  const qlog_object *o = &c->top;

  if (length &&
      (datagrams_length(c, o, QLOG_KEY_RAW_LENGTH, QLOG_KEY_RAW_PAYLOAD_LENGTH,
                        length) ||
       qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_BYTE_LENGTH), length))) {
    d->lengths = length;
    d->nlengths = 1;
    if (qlog_object_has(o, QLOG_KEY_BYTE_LENGTH)) {
      qlog_read_repair(c, QLOG_REPAIR_OLD_FIELD);
      d->count = d->count == QLOG_NONE ? 1 : d->count;
    }
  }
}

static void datagrams_ecn(qlog_convert *c, const qlog_value *v,
                          qlog_datagrams *d) {
  qlog_tokens t;
  qlog_value item;
  uint8_t *ecn;
  int bits;

  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  ecn = (uint8_t *)qlog_scratch_take(&c->scratch, v->text.len / 2 + 1);
  while (ecn && qlog_read_list_next(&t, &item)) {
    if (qlog_value_name(c, &item, &qlog_names_ecn, &bits)) {
      ecn[d->necn++] = (uint8_t)bits;
    }
  }
  d->ecn = ecn;
}

static void datagrams_checksums(qlog_convert *c, const qlog_value *v,
                                qlog_datagrams *d) {
  const uint64_t *wide;
  uint32_t *sums;
  size_t n;

  if (!qlog_value_numbers(c, v, &wide, &n)) {
    return;
  }
  sums = (uint32_t *)qlog_scratch_list(&c->scratch, n, sizeof(*sums));
  for (size_t i = 0; sums && i < n; i++) {
    if (wide[i] > UINT32_MAX) {
      qlog_read_bad(c);
      continue;
    }
    sums[d->nchecksums++] = (uint32_t)wide[i];
  }
  d->checksums = sums;
}

void qlog_read_datagrams(qlog_convert *c, qlog_event *e) {
  const qlog_object *o = &c->top;
  qlog_datagrams *d = &e->u.datagrams;

  if (e->type == QLOG_UDP_DATAGRAM_DROPPED) {
    d->count = 1;
  }
  if (qlog_object_has(o, QLOG_KEY_RAW)) {
    datagrams_lengths(c, qlog_object_get(o, QLOG_KEY_RAW), d);
  } else {
    datagrams_one_length(c, d);
  }
  datagrams_ecn(c, qlog_object_get(o, QLOG_KEY_ECN), d);
  datagrams_checksums(c, qlog_object_get(o, QLOG_KEY_CHECKSUMS), d);
}

/* --- the rest --------------------------------------------------------------
 */

void qlog_read_simulation(qlog_convert *c, qlog_event *e) {
  qlog_simulation *s = &e->u.simulation;

  if (e->type == QLOG_SIMULATION_SCENARIO) {
    (void)qlog_value_details(c, qlog_object_get(&c->top, QLOG_KEY_DETAILS),
                             &s->details, &s->ndetails);
  }
}
