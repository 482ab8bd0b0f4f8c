#include "tests/support/described.h"

#include "qlog/field.h"
#include "wire/tparam.h"

static void described_number(quic_text *t, const char *name, uint64_t v) {
  if (v != QLOG_NONE) {
    quic_text_printf(t, " %s=", name);
    quic_text_u64(t, v);
  }
}

static void described_int(quic_text *t, const char *name, int v) {
  if (v != QLOG_UNSET) {
    quic_text_printf(t, " %s=%d", name, v);
  }
}

static void described_bytes(quic_text *t, const char *name, quic_bytes b) {
  if (b.len > 0) {
    quic_text_printf(t, " %s=", name);
    quic_text_hex(t, b);
  }
}

static void described_str(quic_text *t, const char *name, const char *s) {
  if (s) {
    described_bytes(t, name, quic_bytes_of(s, strlen(s)));
  }
}

static void described_addr(quic_text *t, const char *name,
                           const quic_addr *addr) {
  char buf[QUIC_ADDR_TEXT];

  if (addr && addr->family) {
    quic_text_printf(t, " %s=%s", name, quic_addr_text(addr, buf, sizeof(buf)));
  }
}

static void described_plain(quic_text *t, const qlog_field *f, const void *at) {
  const char *name = f->name ? f->name : "address";
  const qlog_endpoint *end;

  switch (f->kind) {
  case QLOG_FIELD_U64:
  case QLOG_FIELD_MS:
  case QLOG_FIELD_THOUSANDTHS:
  case QLOG_FIELD_VERSION:
  case QLOG_FIELD_RAW_LENGTH:
    described_number(t, name, *(const uint64_t *)at);
    break;
  case QLOG_FIELD_FLAG:
  case QLOG_FIELD_NAME:
    described_int(t, name, *(const int *)at);
    break;
  case QLOG_FIELD_STR:
    described_str(t, name, *(const char *const *)at);
    break;
  case QLOG_FIELD_ADDR:
    described_addr(t, name, *(const quic_addr *const *)at);
    break;
  case QLOG_FIELD_ENDPOINT:
    end = at;
    described_addr(t, name, end->addr);
    for (size_t i = 0; i < end->ncids; i++) {
      quic_text_str(t, " cid");
      quic_text_hex(t, end->cids[i]);
    }
    break;
  default:
    described_bytes(t, name, *(const quic_bytes *)at);
    break;
  }
}

/* described_type: whether STREAM and DATAGRAM frames have a length is no
   more than a way to write them. */
static uint64_t described_type(const quic_frame *f) {
  uint64_t type = quic_frame_meaning(f);

  return type >> 3 == 1                    ? type & ~UINT64_C(2)
         : type == QUIC_FRAME_DATAGRAM + 1 ? QUIC_FRAME_DATAGRAM
                                           : type;
}

static void described_frame(quic_text *t, const quic_frame *f,
                            uint64_t exponent) {
  uint64_t smallest, largest;
  quic_ack_iter it;

  quic_text_printf(t, " {%llx", (unsigned long long)described_type(f));
  for (size_t i = 0; f->info && f->info->fields[i].kind != QUIC_FIELD_END;
       i++) {
    const quic_frame_field *field = &f->info->fields[i];

    if (!quic_frame_field_present(f, field)) {
      continue;
    }
    switch (field->kind) {
    case QUIC_FIELD_VARINT:
    case QUIC_FIELD_ZEROS:
      described_number(
          t, field->name,
          quic_frame_uint(f, field)
              << (strcmp(field->name, "ack_delay") ? 0 : exponent));
      break;
    case QUIC_FIELD_RANGES:
      quic_ack_iter_init(&it, f);
      while (quic_ack_iter_next(&it, &smallest, &largest)) {
        quic_text_printf(t, " %llu-%llu", (unsigned long long)smallest,
                         (unsigned long long)largest);
      }
      break;
    default:
      described_bytes(t, field->name, quic_frame_bytes(f, field));
      break;
    }
  }
  if (!f->info) {
    described_bytes(t, "wire", f->wire);
  }
  described_number(t, "missing", f->missing);
  quic_text_char(t, '}');
}

static void described_frames(quic_text *t, const quic_frame *frames, size_t n,
                             uint64_t exponent) {
  for (size_t i = 0; i < n; i++) {
    described_frame(t, &frames[i], exponent);
  }
}

static void described_fields(quic_text *t, const quic_field *fields, size_t n) {
  for (size_t i = 0; i < n; i++) {
    quic_text_char(t, ' ');
    quic_text_hex(t, fields[i].name);
    quic_text_char(t, ':');
    quic_text_hex(t, fields[i].value);
  }
}

static void described_header(quic_text *t, const quic_header *h) {
  quic_text_printf(t, " header=%d", (int)h->type);
  if (h->pn_len && quic_packet_type_encrypted(h->type)) {
    described_number(t, "pn", h->pn);
  }
  described_number(t, "first", h->first);
  described_number(t, "version", h->version);
  described_number(t, "length", h->length);
  described_bytes(t, "dcid", h->dcid);
  described_bytes(t, "scid", h->scid);
  described_bytes(t, "token", h->token);
  described_bytes(t, "versions", h->versions);
}

/* Of a lost packet the drafts have only type and number. */
static void described_lost(quic_text *t, const qlog_packet *p) {
  if (p->header) {
    quic_text_printf(t, " header=%d", (int)p->header->type);
    described_number(t, "pn", p->header->pn);
  }
  described_frames(t, p->frames, p->nframes, p->ack_delay_exponent);
  described_int(t, "lost", p->lost);
  described_str(t, "trigger", p->trigger);
}

static void described_packet(quic_text *t, const qlog_packet *p) {
  if (p->header) {
    described_header(t, p->header);
  }
  quic_text_printf(t, " frames=%d", p->has_frames);
  described_frames(t, p->frames, p->nframes, p->ack_delay_exponent);
  quic_text_printf(t, " reset=%d", p->stateless_reset);
  described_bytes(t, "reset_token", p->reset_token);
  described_number(t, "length", p->length);
  described_number(t, "payload_length", p->payload_length);
  described_number(t, "key_phase", p->key_phase);
  described_int(t, "drop", p->drop);
  described_bytes(t, "raw", p->raw);
  described_str(t, "trigger", p->trigger);
  described_fields(t, p->details, p->ndetails);
}

static void described_parameters(quic_text *t, const qlog_parameters_set *s) {
  quic_tparams list;

  described_number(t, "suite", s->suite);
  if (quic_tparams_decode(&list, s->parameters, s->version) != 0) {
    list.len = 0;
  }
  for (size_t i = 0; i < list.len; i++) {
    quic_text_printf(t, " %llx", (unsigned long long)list.items[i].id);
    described_bytes(t, "", list.items[i].value);
  }
}

static void described_numbers(quic_text *t, const uint64_t *numbers, size_t n) {
  for (size_t i = 0; i < n; i++) {
    described_number(t, "", numbers[i]);
  }
}

static void described_datagrams(quic_text *t, const qlog_datagrams *d) {
  described_numbers(t, d->lengths, d->nlengths);
  for (size_t i = 0; i < d->necn; i++) {
    described_int(t, "ecn", d->ecn[i]);
  }
  for (size_t i = 0; i < d->nchecksums; i++) {
    described_number(t, "checksum", d->checksums[i]);
  }
}

static void described_h3(quic_text *t, const qlog_h3_frame *h) {
  described_number(t, "stream_id", h->stream_id);
  described_number(t, "raw_length", h->raw_length);
  if (!h->frame) {
    return;
  }
  described_number(t, "type", h->frame->type);
  described_number(t, "length", h->frame->length);
  switch (h->frame->type) {
  case QUIC_H3_CANCEL_PUSH:
  case QUIC_H3_GOAWAY:
  case QUIC_H3_MAX_PUSH_ID:
    described_number(t, "id", h->frame->u.id);
    break;
  case QUIC_H3_PUSH_PROMISE:
    described_number(t, "id", h->frame->u.push_promise.push_id);
    break;
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    described_number(t, "id", h->frame->u.priority_update.element_id);
    described_bytes(t, "value", h->frame->u.priority_update.value);
    break;
  default:
    described_bytes(t, "payload", h->frame->u.payload);
    break;
  }
  described_fields(t, h->fields, h->nfields);
}

static void described_rest(quic_text *t, const qlog_event *e) {
  switch (e->type) {
  case QLOG_PACKET_SENT:
  case QLOG_PACKET_RECEIVED:
  case QLOG_PACKET_DROPPED:
  case QLOG_PACKET_BUFFERED:
    described_packet(t, &e->u.packet);
    break;
  case QLOG_PACKET_LOST:
    described_lost(t, &e->u.packet);
    break;
  case QLOG_CONNECTION_CLOSED:
    described_number(t, "transport", e->u.closed.connection_error);
    described_number(t, "application", e->u.closed.application_error);
    break;
  case QLOG_PARAMETERS_SET:
  case QLOG_PARAMETERS_RESTORED:
    described_parameters(t, &e->u.parameters);
    break;
  case QLOG_UDP_DATAGRAMS_SENT:
  case QLOG_UDP_DATAGRAMS_RECEIVED:
  case QLOG_UDP_DATAGRAM_DROPPED:
    described_datagrams(t, &e->u.datagrams);
    break;
  case QLOG_FRAMES_CREATED:
  case QLOG_FRAMES_PARSED:
  case QLOG_MARKED_FOR_RETRANSMIT:
    described_frames(t, e->u.frames.frames, e->u.frames.nframes,
                     e->u.frames.ack_delay_exponent);
    described_numbers(t, e->u.frames.packet_numbers,
                      e->u.frames.npacket_numbers);
    break;
  case QLOG_PACKETS_ACKED:
    described_numbers(t, e->u.acked.packet_numbers, e->u.acked.npacket_numbers);
    if (e->u.acked.ranges) {
      described_frames(t, e->u.acked.ranges, 1, 0);
    }
    break;
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    described_h3(t, &e->u.h3_frame);
    break;
  case QLOG_H3_PARAMETERS_SET:
  case QLOG_H3_PARAMETERS_RESTORED:
    described_bytes(t, "settings", e->u.h3_settings.settings);
    break;
  case QLOG_H3_STREAM_TYPE_SET:
    described_number(t, "type", e->u.h3_stream.type);
    break;
  case QLOG_CAPSULE_CREATED:
  case QLOG_CAPSULE_PARSED:
    described_number(t, "type", e->u.capsule.type);
    described_number(t, "length", e->u.capsule.length);
    break;
  case QLOG_SIMULATION_SCENARIO:
    described_fields(t, e->u.simulation.details, e->u.simulation.ndetails);
    break;
  default:
    break;
  }
}

void described_event(quic_text *t, const qlog_event *e) {
  const qlog_event_info *info = qlog_event_info_of(e->type);
  const qlog_field *f = qlog_field_list(e->type);

  quic_text_printf(t, "%s:%s", info->schema, info->name);
  described_str(t, "tuple", e->tuple);
  described_str(t, "side", e->side);
  for (; f->kind != QLOG_FIELD_END; f++) {
    described_plain(t, f, (const uint8_t *)&e->u + f->offset);
  }
  described_rest(t, e);
}

void described_record(quic_text *t, const qlog_record *record) {
  quic_text_u64(t, record->time);
  quic_text_char(t, ' ');
  quic_text_hex(t, record->group);
  quic_text_char(t, ' ');
  if (record->event) {
    described_event(t, record->event);
  } else {
    quic_text_hex(t, record->space);
    quic_text_char(t, ':');
    quic_text_hex(t, record->name);
  }
}
