#include "pcap/http_conn.h"

#define QPACK_EARLY_MAX 65536 /* octets that wait for SETTINGS */

/* A watcher must not refuse what the endpoints agreed upon. */
#define QPACK_BLOCKED_ANY 65536

/* Octets of fields that are taken for each octet that a side sent, beyond those
   that any may have: a few can stand for a large entry, again and again. */
#define QPACK_EXPANSION 512
#define QPACK_EXPANSION_FREE (1u << 20)

static bool qpack_expands(const qd_http *h, qd_side side) {
  uint64_t octets = h->ends[side].stats.field_octets;

  return octets > QPACK_EXPANSION_FREE &&
         octets / QPACK_EXPANSION >
             quic_analysis_totals(h->trace->analysis, (int)side)->octets;
}

static void qpack_collect(qd_http *h, const qpack_section *s) {
  h->fields.len = 0;
  h->fields.octets_len = 0;
  h->fields.dropped = 0;
  for (size_t i = 0; i < s->nfields; i++) {
    /* What does not fit is counted. */
    (void)!qd_fields_add(&h->fields, h->mem, s->fields[i].name,
                         s->fields[i].value);
  }
}

static void qpack_decoded(qd_http *h, qd_side side, const qpack_section *s) {
  qd_http_qpack *st = &h->ends[side].stats;
  http_stream *hs = http_stream_find(h, s->stream_id);
  qpack_section told = *s;
  http_half *half;

  st->sections++;
  st->section_octets += s->encoded_len;
  if (qpack_expands(h, side)) {
    told.status = QUIC_ERR_LIMIT;
    told.nfields = 0;
  } else if (s->decoded_len > QPACK_FIELD_OVERHEAD * s->nfields) {
    st->field_octets += s->decoded_len - QPACK_FIELD_OVERHEAD * s->nfields;
  }
  st->failed += told.status != 0;
  if (!hs) {
    return;
  }
  half = &hs->half[side];
  if (s->was_blocked && half->pending) {
    quic_duration waited = quic_time_since(h->trace->now, half->waiting);

    st->blocked_time += waited;
    if (--half->pending == 0 && hs->request) {
      hs->request->side[side].blocked += waited;
    }
  }
  qpack_collect(h, &told);
  http_message_section(h, hs, side, &told, (uint64_t)(uintptr_t)s->token - 1);
  http_stream_settle(h, hs);
}

/* qpack_trouble notes what the decoder found wrong; a limit of ours is nobody's
   fault, and without the SETTINGS of the peer the limits are but guessed. */
static void qpack_trouble(qd_http *h, qd_side side, uint64_t stream_id) {
  const qpack_error *err = qpack_decoder_error(h->ends[side].qpack);
  const char *sign = strstr(err->section, "§");

  if (err->code && sign &&
      (h->ends[http_other(side)].settings.seen || h->ends[side].plain)) {
    http_note(h, stream_id, err->code, "%s (%.*s%s)", err->clause,
              (int)(sign - err->section), err->section, sign + strlen("§"));
  }
}

/* qpack_section_of takes a section from the decoder, at once or when it need
   not wait any more. */
static void qpack_section_of(qd_http *h, qd_side side, const qpack_section *s) {
  const http_stream *hs = http_stream_find(h, s->stream_id);
  /* What stands behind a hole is read so late that entries may be gone. */
  bool late = hs && hs->request && hs->request->side[side].lost;

  qpack_decoded(h, side, s);
  if (s->status != 0 && !late) {
    qpack_trouble(h, side, s->stream_id);
  }
}

static void qpack_section_client(void *user, const qpack_section *s) {
  qpack_section_of(user, QD_CLIENT, s);
}

static void qpack_section_server(void *user, const qpack_section *s) {
  qpack_section_of(user, QD_SERVER, s);
}

static void qpack_insertion_of(qd_http *h, qd_side side,
                               const qpack_insertion *ins) {
  h->ends[side].stats.inserts += ins->instruction->kind != QPACK_SET_CAPACITY;
}

static void qpack_insertion_client(void *user, const qpack_insertion *ins) {
  qpack_insertion_of(user, QD_CLIENT, ins);
}

static void qpack_insertion_server(void *user, const qpack_insertion *ins) {
  qpack_insertion_of(user, QD_SERVER, ins);
}

int http_qpack_init(qd_http *h, qd_side side) {
  static const qpack_decoder_callbacks fns[QD_SIDES] = {
      {qpack_section_client, qpack_insertion_client},
      {qpack_section_server, qpack_insertion_server},
  };
  qpack_decoder_settings set = {.max_blocked_streams = QPACK_BLOCKED_ANY,
                                .max_section_octets = QD_HTTP_SECTION_MAX,
                                .max_held_octets = QD_HTTP_HELD_MAX,
                                .max_table_octets = QD_HTTP_CAPACITY_MAX,
                                .passive = true};

  memcpy(set.seed, h->waiting.seed, sizeof(set.seed));
  qpack_parser_init(&h->ends[side].acks, h->mem, QPACK_FAMILY_DECODER, 0);
  return qpack_decoder_new(&h->ends[side].qpack, h->mem, &set, &fns[side], h);
}

void http_qpack_free(qd_http *h, qd_side side) {
  http_end *end = &h->ends[side];

  qpack_decoder_del(end->qpack);
  qpack_parser_free(&end->acks);
  quic_mem_free(h->mem, end->early);
}

static void qpack_feed(qd_http *h, qd_side side, quic_bytes data) {
  http_end *end = &h->ends[side];
  const qpack_table *table;

  if (end->deaf_encoder) {
    return;
  }
  if (qpack_decoder_encoder_stream(end->qpack, data) != 0) {
    end->deaf_encoder = true;
    qpack_trouble(h, side, end->encoder);
  }
  table = qpack_decoder_table(end->qpack);
  end->stats.capacity = table->capacity;
  end->stats.entries = table->inserted - table->dropped;
}

static void qpack_limit(qd_http *h, qd_side side, uint64_t capacity) {
  http_end *end = &h->ends[side];
  quic_bytes early = quic_bytes_of(end->early, end->early_len);

  /* A passive decoder takes this after a guess, too. */
  if (qpack_decoder_set_limits(end->qpack, capacity, QPACK_BLOCKED_ANY) == 0) {
    end->limited = true;
  }
  end->early_len = 0;
  if (early.len) {
    qpack_feed(h, side, early);
  }
}

/* qpack_guess takes the capacity that the encoder sets for the most that it
   may: who remembers SETTINGS of an earlier connection uses them before new
   ones come. */
static void qpack_guess(qd_http *h, qd_side side) {
  http_end *end = &h->ends[side];
  qpack_instruction ins;
  quic_reader rd;
  uint64_t missing;
  uint64_t capacity = 0;

  quic_reader_init(&rd, end->early, end->early_len);
  if (qpack_instruction_read(&ins, QPACK_FAMILY_ENCODER, &rd, 0, &missing) ==
          0 &&
      ins.kind == QPACK_SET_CAPACITY) {
    capacity = ins.number;
  }
  if (capacity) {
    qpack_limit(h, side, capacity);
  }
}

void http_qpack_limits(qd_http *h, qd_side receiver) {
  qpack_limit(h, http_other(receiver),
              h->ends[receiver].settings.max_table_capacity);
}

void http_qpack_encoder(qd_http *h, qd_side side, quic_bytes data) {
  http_end *end = &h->ends[side];
  void *early = end->early;

  end->stats.encoder_octets += data.len;
  if (end->limited) {
    qpack_feed(h, side, data);
    return;
  }
  if (end->early_len + data.len > QPACK_EARLY_MAX ||
      quic_mem_grow(h->mem, &early, &end->early_cap,
                    end->early_len + data.len + 1, 1) != 0) {
    end->deaf_encoder = true;
    return;
  }
  end->early = early;
  if (data.len) {
    memcpy(end->early + end->early_len, data.data, data.len);
    end->early_len += data.len;
  }
}

void http_qpack_decoder(qd_http *h, qd_side side, quic_bytes data) {
  http_end *end = &h->ends[side];
  qpack_instruction ins;
  int rv;

  if (end->deaf_decoder) {
    return;
  }
  do {
    rv = qpack_parser_next(&end->acks, &data, &ins);
  } while (rv == 0 && (ins.kind != QPACK_INSERT_COUNT_INCREMENT || ins.number));
  if (rv == 0) {
    http_note(h, end->decoder, QPACK_DECODER_STREAM_ERROR,
              "the Insert Count Increment is 0 (RFC 9204 4.4.3)");
  } else if (rv != QUIC_ERR_AGAIN) {
    http_note(h, end->decoder, QPACK_DECODER_STREAM_ERROR,
              "the decoder stream cannot be read (RFC 9204 4.4)");
  }
  end->deaf_decoder = rv != QUIC_ERR_AGAIN;
}

/* qpack_lost: the SETTINGS are missing, or so much of the encoder stream that
   an index could mean another entry than it seems to.  A Required Insert Count
   tells itself apart only within the number of entries that a table can have
   (RFC 9204 §4.5.1.1), and an insertion takes an octet at least. */
static bool qpack_lost(const qd_http *h, qd_side side) {
  const http_end *end = &h->ends[side];
  const qd_stream *st;

  if (end->deaf_encoder || !end->limited) {
    return true;
  }
  st = end->encoder == QD_REQUEST_NONE
           ? NULL
           : qd_streams_get(&h->trace->streams, end->encoder);
  return st && st->half[side].in.waiting >
                   h->ends[http_other(side)].settings.max_table_capacity /
                       QPACK_FIELD_OVERHEAD;
}

/* qpack_refuse tells of a section that the capture has not enough for. */
static void qpack_refuse(qd_http *h, http_stream *hs, qd_side side,
                         quic_bytes section, uint64_t push_id) {
  qpack_section s = {.stream_id = hs->id,
                     .status = QUIC_ERR_SHORT,
                     .encoded_len = section.len,
                     .token = (void *)(uintptr_t)(push_id + 1)};

  qpack_decoded(h, side, &s);
}

void http_qpack_section(qd_http *h, http_stream *hs, qd_side side,
                        quic_bytes section, uint64_t push_id) {
  http_end *end = &h->ends[side];
  http_half *half = &hs->half[side];
  bool dynamic = section.len && section.data[0] != 0;
  int rv;

  if (dynamic && !end->limited) {
    qpack_guess(h, side);
  }
  /* A capture that starts in the middle has neither SETTINGS nor table. */
  if (dynamic && qpack_lost(h, side)) {
    qpack_refuse(h, hs, side, section, push_id);
    return;
  }
  /* A token is never NULL: none is 0, push ID n is n + 1. */
  end->plain = !dynamic;
  rv = qpack_decoder_section(end->qpack, hs->id, section,
                             (void *)(uintptr_t)(push_id + 1));
  end->plain = false;
  if (rv == QUIC_ERR_AGAIN) {
    end->stats.blocked++;
    if (half->pending++ == 0) {
      half->waiting = h->trace->now;
    }
  }
}
