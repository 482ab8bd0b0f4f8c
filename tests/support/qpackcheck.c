#include "tests/support/qpackcheck.h"

#include <stdlib.h>

static void qpackcheck_fail(qpackcheck *c, const char *what) {
  if (!c->problem) {
    c->problem = what;
  }
}

static void *qpackcheck_grow(void *items, size_t *cap, size_t need,
                             size_t size) {
  if (quic_mem_grow(quic_mem_default(), &items, cap, need, size) != 0) {
    abort();
  }
  return items;
}

/* qpackcheck_evict does what an insertion does, and checks each entry that
   goes. */
static void qpackcheck_evict(qpackcheck *c, uint64_t limit) {
  while (c->size > limit) {
    if (c->dropped >= c->known) {
      qpackcheck_fail(c, "an entry is evicted that was not acknowledged");
    }
    for (size_t i = 0; i < c->nwaiting; i++) {
      if (c->waiting[i].lowest <= c->dropped) {
        qpackcheck_fail(c, "an entry is evicted that is referred to");
      }
    }
    c->size -= c->sizes[c->dropped++];
  }
}

static void qpackcheck_on_insertion(void *user, const qpack_insertion *in) {
  qpackcheck *c = user;
  uint64_t size = in->name.len + in->value.len + QPACK_FIELD_OVERHEAD;

  if (in->instruction->kind == QPACK_SET_CAPACITY) {
    c->capacity = in->instruction->number;
    qpackcheck_evict(c, c->capacity);
    return;
  }
  if (in->index != c->inserted || size > c->capacity) {
    qpackcheck_fail(c, "an insertion is wrong");
    return;
  }
  qpackcheck_evict(c, c->capacity - size);
  c->sizes = qpackcheck_grow(c->sizes, &c->sizes_cap, c->inserted + 1,
                             sizeof(c->sizes[0]));
  c->sizes[c->inserted++] = size;
  c->size += size;
}

/* qpackcheck_risk counts the streams that may be blocked. */
static size_t qpackcheck_risk(const qpackcheck *c) {
  size_t risk = 0;

  for (size_t i = 0; i < c->nwaiting; i++) {
    bool first = c->waiting[i].required > c->known;

    for (size_t j = 0; j < i && first; j++) {
      first = c->waiting[j].stream_id != c->waiting[i].stream_id ||
              c->waiting[j].required <= c->known;
    }
    risk += first;
  }
  return risk;
}

static void qpackcheck_compare(qpackcheck *c, const qpack_section *s) {
  if (s->nfields != c->nfields) {
    qpackcheck_fail(c, "a section has another number of fields");
    return;
  }
  for (size_t i = 0; i < s->nfields; i++) {
    if (!quic_bytes_eq(s->fields[i].name, c->fields[i].name) ||
        !quic_bytes_eq(s->fields[i].value, c->fields[i].value)) {
      qpackcheck_fail(c, "a field came out different");
    }
    if ((c->fields[i].never_indexed ||
         qpack_encoder_sensitive(&c->fields[i])) &&
        !s->fields[i].never_indexed) {
      qpackcheck_fail(c, "a field is indexed that never may be");
    }
  }
}

static void qpackcheck_on_section(void *user, const qpack_section *s) {
  qpackcheck *c = user;
  qpackcheck_section book = {s->stream_id, s->required_insert_count,
                             UINT64_MAX};

  c->delivered++;
  if (s->status != 0) {
    qpackcheck_fail(c, qpack_decoder_error(c->dec)->clause);
    return;
  }
  if (s->required_insert_count != s->needed) {
    qpackcheck_fail(c, "the Required Insert Count is not what is needed");
  }
  qpackcheck_compare(c, s);
  for (size_t i = 0; i < s->nfields; i++) {
    if (qpack_coding_dynamic(s->fields[i].coding) &&
        book.lowest > s->fields[i].index) {
      book.lowest = s->fields[i].index;
    }
  }
  if (book.required == 0) {
    return;
  }
  c->blocking += book.required > c->known;
  c->waiting = qpackcheck_grow(c->waiting, &c->waiting_cap, c->nwaiting + 1,
                               sizeof(c->waiting[0]));
  c->waiting[c->nwaiting++] = book;
  if (book.required > c->known &&
      qpackcheck_risk(c) > c->settings.max_blocked_streams) {
    qpackcheck_fail(c, "more streams may be blocked than allowed");
  }
}

void qpackcheck_init(qpackcheck *c, const qpack_encoder_settings *settings) {
  static const qpack_decoder_callbacks callbacks = {qpackcheck_on_section,
                                                    qpackcheck_on_insertion};

  memset(c, 0, sizeof(*c));
  c->settings.max_table_capacity = settings->max_table_capacity;
  c->settings.max_blocked_streams = settings->max_blocked_streams;
  c->settings.max_section_octets = 1 << 24;
  c->settings.max_held_octets = 1 << 20;
  qpack_parser_init(&c->parser, quic_mem_default(), QPACK_FAMILY_DECODER, 0);
  if (qpack_encoder_new(&c->enc, quic_mem_default(), settings) != 0 ||
      qpack_decoder_new(&c->dec, quic_mem_default(), &c->settings, &callbacks,
                        c) != 0) {
    abort();
  }
}

void qpackcheck_free(qpackcheck *c) {
  qpack_encoder_del(c->enc);
  qpack_decoder_del(c->dec);
  qpack_parser_free(&c->parser);
  free(c->sizes);
  free(c->waiting);
  free(c->feedback);
}

/* qpackcheck_collect takes what the decoder wants to say. */
static void qpackcheck_collect(qpackcheck *c) {
  uint8_t said[16];
  size_t len;

  while ((len = qpack_decoder_output(c->dec, said, sizeof(said)))) {
    c->feedback = qpackcheck_grow(c->feedback, &c->feedback_cap,
                                  c->feedback_len + len, 1);
    memcpy(c->feedback + c->feedback_len, said, len);
    c->feedback_len += len;
  }
}

void qpackcheck_send(qpackcheck *c, uint64_t stream_id,
                     const qpack_field *fields, size_t n, size_t piece) {
  size_t before = c->delivered, pending;
  quic_bytes section;
  uint8_t *stream;

  if (qpack_encoder_section(c->enc, stream_id, fields, n, &section) != 0) {
    qpackcheck_fail(c, "the encoder failed");
    return;
  }
  pending = qpack_encoder_pending(c->enc);
  stream = malloc(pending + 1);
  if (!stream || qpack_encoder_output(c->enc, stream, pending) != pending) {
    abort();
  }
  for (size_t at = 0; at < pending;) {
    size_t len = piece && piece < pending - at ? piece : pending - at;

    if (qpack_decoder_encoder_stream(c->dec, quic_bytes_of(stream + at, len)) !=
        0) {
      qpackcheck_fail(c, qpack_decoder_error(c->dec)->clause);
    }
    at += len;
  }
  free(stream);
  c->stream_octets += pending;
  c->section_octets += section.len;
  c->fields = fields;
  c->nfields = n;
  if (qpack_decoder_section(c->dec, stream_id, section, NULL) != 0 ||
      c->delivered != before + 1) {
    qpackcheck_fail(c, "a section was not delivered");
  }
  qpackcheck_collect(c);
}

void qpackcheck_cancel(qpackcheck *c, uint64_t stream_id) {
  if (qpack_decoder_cancel(c->dec, stream_id) != 0) {
    qpackcheck_fail(c, "a cancellation failed");
  }
  qpackcheck_collect(c);
}

/* qpackcheck_drop takes the oldest section of a stream, or all, off the
   book. */
static void qpackcheck_drop(qpackcheck *c, uint64_t stream_id, bool all) {
  size_t n = 0;
  bool more = true;

  for (size_t i = 0; i < c->nwaiting; i++) {
    if (more && c->waiting[i].stream_id == stream_id) {
      more = all;
      if (!all && c->waiting[i].required > c->known) {
        c->known = c->waiting[i].required;
      }
      continue;
    }
    c->waiting[n++] = c->waiting[i];
  }
  c->nwaiting = n;
}

void qpackcheck_feedback(qpackcheck *c, size_t octets) {
  quic_bytes piece, rest;
  qpack_instruction ins;

  if (octets > c->feedback_len) {
    octets = c->feedback_len;
  }
  piece = rest = quic_bytes_of(c->feedback, octets);
  if (qpack_encoder_decoder_stream(c->enc, piece) != 0) {
    qpackcheck_fail(c, qpack_encoder_error(c->enc)->clause);
  }
  while (qpack_parser_next(&c->parser, &rest, &ins) == 0) {
    if (ins.kind == QPACK_INSERT_COUNT_INCREMENT) {
      c->known += ins.number;
    } else {
      qpackcheck_drop(c, ins.number, ins.kind == QPACK_STREAM_CANCELLATION);
    }
  }
  if (c->known != qpack_encoder_known(c->enc)) {
    qpackcheck_fail(c, "the Known Received Count differs");
  }
  c->feedback_len -= octets;
  if (c->feedback_len) {
    memmove(c->feedback, c->feedback + octets, c->feedback_len);
  }
}
