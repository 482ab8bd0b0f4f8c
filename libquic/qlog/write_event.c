#include "qlog/write.h"

#include "wire/names.h"
#include "wire/tparam.h"

/* event_code ends an error of connection_closed.  A code without a name is
   "unknown", and returned to be told beside it; in 0.3 it stood for itself. */
static uint64_t event_code(qlog_writer *w, uint64_t code, bool named) {
  if (named) {
    return QLOG_NONE;
  }
  if (w->compat) {
    qlog_json_u64(&w->json, code);
    return QLOG_NONE;
  }
  qlog_json_str(&w->json, "unknown");
  return code;
}

void qlog_write_closed(qlog_writer *w, const qlog_event *e) {
  uint64_t transport = e->u.closed.connection_error;
  uint64_t application = e->u.closed.application_error;
  qlog_json *j = &w->json;

  if (transport != QLOG_NONE) {
    qlog_json_key(j, w->compat ? "connection_code" : "connection_error");
    transport =
        event_code(w, transport, qlog_write_transport_error(w, transport));
  }
  if (application != QLOG_NONE) {
    qlog_json_key(j, w->compat ? "application_code" : "application_error");
    application = event_code(w, application,
                             qlog_write_app_error(w, application, e->http3));
  }
  if (transport != QLOG_NONE || application != QLOG_NONE) {
    qlog_json_key_u64(j, "error_code",
                      transport != QLOG_NONE ? transport : application);
  }
}

/* --- transport parameters --------------------------------------------------
 */

/* Those that the draft names, as bits of the ids below 64; the larger ones are
   in event_named.  What 0-RTT may restore is a part of them. */
#define BIT(id) (UINT64_C(1) << (id))
#define EVENT_RESTORABLE                                                       \
  (BIT(QUIC_TPARAM_MAX_IDLE_TIMEOUT) | BIT(QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE) | \
   BIT(QUIC_TPARAM_INITIAL_MAX_DATA) |                                         \
   BIT(QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL) |                       \
   BIT(QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE) |                      \
   BIT(QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_UNI) |                              \
   BIT(QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI) |                                 \
   BIT(QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI) |                                  \
   BIT(QUIC_TPARAM_DISABLE_ACTIVE_MIGRATION) |                                 \
   BIT(QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT) |                               \
   BIT(QUIC_TPARAM_MAX_DATAGRAM_FRAME_SIZE))
#define EVENT_RESET_STREAM_AT 0x1d
#define EVENT_NAMED                                                            \
  (EVENT_RESTORABLE | BIT(QUIC_TPARAM_ORIGINAL_DCID) |                         \
   BIT(QUIC_TPARAM_STATELESS_RESET_TOKEN) |                                    \
   BIT(QUIC_TPARAM_ACK_DELAY_EXPONENT) | BIT(QUIC_TPARAM_MAX_ACK_DELAY) |      \
   BIT(QUIC_TPARAM_PREFERRED_ADDRESS) | BIT(QUIC_TPARAM_INITIAL_SCID) |        \
   BIT(QUIC_TPARAM_RETRY_SCID) | BIT(EVENT_RESET_STREAM_AT))

/* event_named returns the bit of a parameter that the draft names, 0 for
   others.  grease_quic_bit has the bit of no parameter below 64. */
static uint64_t event_named(uint64_t id) {
  if (id == QUIC_TPARAM_GREASE_QUIC_BIT) {
    return BIT(63);
  }
  return id < 63 ? BIT(id) & EVENT_NAMED : 0;
}

bool qlog_write_tparam_named(uint64_t id) {
  return event_named(id) != 0;
}

static void event_preferred(qlog_json *j, const quic_preferred_address *pa) {
  static const uint8_t zeros[16];
  quic_addr v4 = {.port = pa->ipv4_port, .family = 4};
  quic_addr v6 = {.port = pa->ipv6_port, .family = 6};

  memcpy(v4.ip, pa->ipv4.data, 4);
  memcpy(v6.ip, pa->ipv6.data, 16);
  qlog_json_object(j);
  if (v4.port != 0 || memcmp(v4.ip, zeros, 4) != 0) {
    qlog_write_addr(j, &v4);
  }
  if (v6.port != 0 || memcmp(v6.ip, zeros, 16) != 0) {
    qlog_write_addr(j, &v6);
  }
  qlog_json_key_hex(j, "connection_id", pa->cid);
  qlog_json_key_hex(j, "stateless_reset_token", pa->reset_token);
  qlog_json_object_end(j);
}

/* event_parameter writes a parameter by its name.  Returns false, and writes
   nothing, when its value is not what it should be. */
static bool event_parameter(qlog_json *j, const quic_tparam *p) {
  const quic_tparam_info *info = quic_tparam_info_find(p->id);
  quic_preferred_address pa;
  uint64_t number;

  switch (info->kind) {
  case QUIC_TPARAM_INTEGER:
    if (quic_tparam_integer(p, &number) != 0) {
      return false;
    }
    qlog_json_key_u64(j, info->name, number);
    return true;
  case QUIC_TPARAM_FLAG:
    if (p->value.len > 0) {
      return false;
    }
    qlog_json_key_bool(j, info->name, true);
    return true;
  case QUIC_TPARAM_PREFERRED:
    if (quic_tparam_preferred(p, &pa) != 0) {
      return false;
    }
    qlog_json_key(j, info->name);
    event_preferred(j, &pa);
    return true;
  case QUIC_TPARAM_TOKEN:
    if (p->value.len != QUIC_RESET_TOKEN_LEN) {
      return false;
    }
    break;
  default:
    break;
  }
  qlog_json_key_hex(j, info->name, p->value);
  return true;
}

/* event_parameters writes the parameters of |list| that have a name; a second
   one of a name, and those without, stay marked in |left|. */
static size_t event_parameters(qlog_json *j, const quic_tparams *list,
                               uint64_t allowed, bool *left) {
  uint64_t seen = 0;
  size_t n = 0;

  for (size_t i = 0; i < list->len; i++) {
    uint64_t bit = event_named(list->items[i].id);

    left[i] =
        (bit & allowed & ~seen) == 0 || !event_parameter(j, &list->items[i]);
    if (left[i]) {
      n++;
    } else {
      seen |= bit;
    }
  }
  return n;
}

void qlog_write_parameters(qlog_writer *w, const qlog_event *e) {
  const qlog_parameters_set *set = &e->u.parameters;
  bool restored = e->type == QLOG_PARAMETERS_RESTORED;
  bool left[QUIC_TPARAMS_MAX];
  qlog_json *j = &w->json;
  quic_tparams list;
  const char *suite;

  if (!restored && set->suite <= UINT16_MAX) {
    suite = quic_name_cipher_suite((uint16_t)set->suite);
    if (suite) {
      /* "AES_128_GCM_SHA256": without TLS_ */
      qlog_json_key_str(j, "tls_cipher",
                        strncmp(suite, "TLS_", 4) == 0 ? suite + 4 : suite);
    }
  }
  /* What was decoded before a cut is in the list nevertheless. */
  if (quic_tparams_decode(&list, set->parameters, set->version) ==
      QUIC_ERR_MALFORMED) {
    list.len = 0;
  }
  if (event_parameters(j, &list,
                       BIT(63) | (restored ? EVENT_RESTORABLE : EVENT_NAMED),
                       left) == 0 ||
      restored) {
    return;
  }
  qlog_json_key(j, "unknown_parameters");
  qlog_json_array(j);
  for (size_t i = 0; i < list.len; i++) {
    if (left[i]) {
      qlog_json_object(j);
      qlog_json_key_u64(j, "id", list.items[i].id);
      if (list.items[i].value.len > 0) {
        qlog_json_key_hex(j, "value", list.items[i].value);
      }
      qlog_json_object_end(j);
    }
  }
  qlog_json_array_end(j);
}

/* --- lists ------------------------------------------------------------------
 */

static void event_numbers(qlog_json *j, const uint64_t *numbers, size_t n) {
  qlog_json_key(j, "packet_numbers");
  qlog_json_array(j);
  for (size_t i = 0; i < n; i++) {
    qlog_json_u64(j, numbers[i]);
  }
  qlog_json_array_end(j);
}

void qlog_write_datagrams(qlog_writer *w, const qlog_event *e) {
  const qlog_datagrams *d = &e->u.datagrams;
  qlog_json *j = &w->json;

  if (e->type == QLOG_UDP_DATAGRAM_DROPPED) {
    if (d->nlengths > 0) {
      qlog_write_raw(w, "raw", d->lengths[0], quic_bytes_of(NULL, 0));
    }
    return;
  }
  if (d->nlengths > 0) {
    qlog_json_key(j, "raw");
    qlog_json_array(j);
    for (size_t i = 0; i < d->nlengths; i++) {
      qlog_json_object(j);
      qlog_json_key_u64(j, "length", d->lengths[i]);
      qlog_json_object_end(j);
    }
    qlog_json_array_end(j);
  }
  if (d->necn > 0) {
    qlog_json_key(j, "ecn");
    qlog_json_array(j);
    for (size_t i = 0; i < d->necn; i++) {
      qlog_json_str(j, qlog_names_at(&qlog_names_ecn, d->ecn[i] & 3));
    }
    qlog_json_array_end(j);
  }
  if (d->nchecksums > 0) {
    qlog_json_key(j, "datagram_payload_checksums");
    qlog_json_array(j);
    for (size_t i = 0; i < d->nchecksums; i++) {
      qlog_json_u64(j, d->checksums[i]);
    }
    qlog_json_array_end(j);
  }
}

void qlog_write_frame_list(qlog_writer *w, const qlog_event *e) {
  const qlog_frames *f = &e->u.frames;
  const qlog_write_context ctx = {f->ack_delay_exponent, e->http3};

  qlog_json_key(&w->json, "frames");
  qlog_write_frames(w, f->frames, f->nframes, &ctx);
  if (f->npacket_numbers > 0 && e->type != QLOG_MARKED_FOR_RETRANSMIT) {
    event_numbers(&w->json, f->packet_numbers, f->npacket_numbers);
  }
}

/* event_acked writes the numbers in |n| collected ranges.  Returns false when
   there are too many. */
static bool event_acked(qlog_writer *w, size_t n) {
  qlog_json *j = &w->json;
  uint64_t total = 0;

  for (size_t i = 0; i < n; i++) {
    total += w->ranges[i].end - w->ranges[i].start + 1;
    if (total > QLOG_ACKED_MAX) {
      return false;
    }
  }
  qlog_json_key(j, "packet_numbers");
  qlog_json_array(j);
  while (n-- > 0) {
    for (uint64_t v = w->ranges[n].start; v <= w->ranges[n].end; v++) {
      qlog_json_u64(j, v);
    }
  }
  qlog_json_array_end(j);
  return true;
}

void qlog_write_acked(qlog_writer *w, const qlog_event *e) {
  const qlog_packets_acked *a = &e->u.acked;
  size_t n;

  if (a->npacket_numbers > 0) {
    event_numbers(&w->json, a->packet_numbers, a->npacket_numbers);
  } else if (a->ranges &&
             (!qlog_write_collect(w, a->ranges, &n) || !event_acked(w, n))) {
    qlog_json_key(&w->json, "acked_ranges");
    qlog_write_ack(w, a->ranges);
  }
}

void qlog_write_simulation(qlog_writer *w, const qlog_event *e) {
  const qlog_simulation *s = &e->u.simulation;

  if (e->type == QLOG_SIMULATION_SCENARIO && s->ndetails > 0) {
    qlog_json_key(&w->json, "details");
    qlog_write_details(w, s->details, s->ndetails);
  }
}
