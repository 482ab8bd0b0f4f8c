#include "qlogview/anonymise.h"

#include "qlog/field.h"
#include "qlog/scratch.h"
#include "qlogview/harmless.h"
#include "qlogview/pseudonym.h"
#include "wire/tparam.h"

#define ANONYMISE_FILLER 'x'
#define ANONYMISE_GROUP                                                        \
  32 /* octets of a connection ID in a group_id, at most */
#define ANONYMISE_TUPLE 12 /* octets of a tuple's name */

struct qv_anonymiser {
  const quic_mem *mem;
  qlog_scratch scratch;
  qv_pseudonyms pseudonyms;
  quic_header header;
  quic_h3_frame h3;
};

int qv_anonymiser_new(qv_anonymiser **out, const quic_mem *mem,
                      const uint64_t seed[2]) {
  qv_anonymiser *a = quic_mem_zalloc(mem, sizeof(*a));

  *out = a;
  if (!a) {
    return QUIC_ERR_NOMEM;
  }
  a->mem = mem;
  qlog_scratch_init(&a->scratch, mem);
  qv_pseudonyms_init(&a->pseudonyms, mem, seed);
  return 0;
}

void qv_anonymiser_del(qv_anonymiser *a) {
  if (a) {
    qv_pseudonyms_free(&a->pseudonyms);
    qlog_scratch_free(&a->scratch);
    quic_mem_free(a->mem, a);
  }
}

/* --- values ----------------------------------------------------------------
   Without memory they become empty, and the scratch knows. */

/* anonymise_room makes |*b| a new text as long, of fillers. */
static uint8_t *anonymise_room(qv_anonymiser *a, quic_bytes *b) {
  size_t len = b->len;
  uint8_t *p = len ? qlog_scratch_take(&a->scratch, len) : NULL;

  *b = quic_bytes_of(p, p ? len : 0);
  if (p) {
    memset(p, ANONYMISE_FILLER, len);
  }
  return p;
}

static void anonymise_fill(qv_anonymiser *a, quic_bytes *b) {
  (void)anonymise_room(a, b);
}

static void anonymise_octets(qv_anonymiser *a, quic_bytes *b) {
  quic_bytes from = *b;
  uint8_t *p = anonymise_room(a, b);

  if (p) {
    qv_pseudonym_octets(&a->pseudonyms, from, p);
  }
}

static void anonymise_word(qv_anonymiser *a, const char **s) {
  size_t len = *s ? strlen(*s) : 0;
  char *p;

  if (len == 0 || qv_harmless_word(quic_bytes_of(*s, len))) {
    return;
  }
  p = qlog_scratch_take(&a->scratch, len + 1);
  *s = p;
  if (p) {
    memset(p, ANONYMISE_FILLER, len);
    p[len] = '\0';
  }
}

/* anonymise_tuple: the names of tuples may be made of addresses. */
static void anonymise_tuple(qv_anonymiser *a, const char **s) {
  quic_bytes from = {(const uint8_t *)*s, *s ? strlen(*s) : 0};
  char *p;
  quic_text t;

  if (from.len == 0 || qv_harmless_word(from)) {
    return;
  }
  p = qlog_scratch_take(&a->scratch, ANONYMISE_TUPLE);
  *s = p;
  if (p) {
    quic_text_init(&t, p, ANONYMISE_TUPLE);
    quic_text_printf(&t, "t%08x",
                     (unsigned)qv_pseudonym_number(&a->pseudonyms, from));
    (void)quic_text_cstr(&t);
  }
}

static void anonymise_address(qv_anonymiser *a, quic_addr *addr) {
  a->scratch.failed |= qv_pseudonym_addr(&a->pseudonyms, addr, addr) != 0;
}

static void anonymise_addr(qv_anonymiser *a, const quic_addr **addr) {
  quic_addr *p = *addr ? qlog_scratch_take(&a->scratch, sizeof(**addr)) : NULL;

  if (p) {
    *p = **addr;
    anonymise_address(a, p);
  }
  *addr = p;
}

static void anonymise_endpoint(qv_anonymiser *a, qlog_endpoint *end) {
  quic_bytes *cids =
      end->ncids ? qlog_scratch_list(&a->scratch, end->ncids, sizeof(*cids))
                 : NULL;

  anonymise_addr(a, &end->addr);
  for (size_t i = 0; cids && i < end->ncids; i++) {
    cids[i] = end->cids[i];
    anonymise_octets(a, &cids[i]);
  }
  end->cids = cids;
  end->ncids = cids ? end->ncids : 0;
}

/* anonymise_fields sees to the fields of HTTP messages. */
static void anonymise_fields(qv_anonymiser *a, const quic_field **fields,
                             size_t *n) {
  quic_field *copy =
      *n ? qlog_scratch_list(&a->scratch, *n, sizeof(*copy)) : NULL;

  for (size_t i = 0; copy && i < *n; i++) {
    copy[i] = (*fields)[i];
    if (!qv_harmless_field_value(copy[i].name, copy[i].value)) {
      anonymise_fill(a, &copy[i].value);
    }
    if (!qv_harmless_field_name(copy[i].name)) {
      anonymise_fill(a, &copy[i].name);
    }
  }
  *fields = copy;
  *n = copy ? *n : 0;
}

static void anonymise_priority(qv_anonymiser *a, quic_bytes *value) {
  if (!qv_harmless_priority(*value)) {
    anonymise_fill(a, value);
  }
}

/* --- plain fields ----------------------------------------------------------
 */

static void anonymise_plain(qv_anonymiser *a, const qlog_event *e,
                            const qlog_field *f, void *at) {
  switch (f->kind) {
  case QLOG_FIELD_STR:
    if (strcmp(f->name, "tuple_id") == 0) {
      anonymise_tuple(a, at);
    } else {
      anonymise_word(a, at);
    }
    break;
  case QLOG_FIELD_TEXT:
    if (e->type == QLOG_H3_PRIORITY_UPDATED) {
      anonymise_priority(a, at);
    } else {
      anonymise_fill(a, at);
    }
    break;
  case QLOG_FIELD_HEX:
    anonymise_octets(a, at);
    break;
  case QLOG_FIELD_ADDR:
    anonymise_addr(a, at);
    break;
  case QLOG_FIELD_ENDPOINT:
    anonymise_endpoint(a, at);
    break;
  default: /* numbers, names of the draft, versions, ALPNs */
    break;
  }
}

static void anonymise_plains(qv_anonymiser *a, qlog_event *e) {
  const qlog_field *f = qlog_field_list(e->type);

  for (; f->kind != QLOG_FIELD_END; f++) {
    anonymise_plain(a, e, f, (uint8_t *)&e->u + f->offset);
  }
}

/* --- frames and packets ----------------------------------------------------
 */

static void anonymise_frame_field(qv_anonymiser *a, quic_frame *f,
                                  const quic_frame_field *field) {
  quic_bytes *b = (quic_bytes *)((uint8_t *)f + field->offset);

  switch (field->kind) {
  case QUIC_FIELD_FIXED:
  case QUIC_FIELD_LV8:
  case QUIC_FIELD_LV:
  case QUIC_FIELD_REST:
    break;
  default: /* numbers */
    return;
  }
  if (field->role == QUIC_ROLE_DATA) {
    f->missing += b->len;
    *b = quic_bytes_of(NULL, 0);
  } else if (field->role == QUIC_ROLE_TEXT) {
    anonymise_fill(a, b);
  } else {
    anonymise_octets(a, b);
  }
}

static void anonymise_frame(qv_anonymiser *a, quic_frame *f) {
  if (!f->info) {
    f->missing += f->wire.len;
  }
  f->wire = quic_bytes_of(NULL, 0);
  for (size_t i = 0; f->info && f->info->fields[i].kind != QUIC_FIELD_END;
       i++) {
    if (quic_frame_field_present(f, &f->info->fields[i])) {
      anonymise_frame_field(a, f, &f->info->fields[i]);
    }
  }
}

static void anonymise_frames(qv_anonymiser *a, const quic_frame **frames,
                             size_t *n) {
  quic_frame *copy =
      *n ? qlog_scratch_list(&a->scratch, *n, sizeof(*copy)) : NULL;

  for (size_t i = 0; copy && i < *n; i++) {
    copy[i] = (*frames)[i];
    anonymise_frame(a, &copy[i]);
  }
  *frames = copy;
  *n = copy ? *n : 0;
}

static void anonymise_packet(qv_anonymiser *a, qlog_packet *p) {
  quic_header *h = &a->header;

  if (p->header) {
    *h = *p->header;
    anonymise_octets(a, &h->dcid);
    anonymise_octets(a, &h->scid);
    anonymise_octets(a, &h->token);
    anonymise_octets(a, &h->odcid);
    anonymise_octets(a, &h->retry_tag);
    p->header = h;
  }
  anonymise_frames(a, &p->frames, &p->nframes);
  anonymise_octets(a, &p->reset_token);
  p->raw = quic_bytes_of(NULL, 0);
  p->src = p->dst = NULL;
  p->datagram_checksum = QLOG_NONE;
  anonymise_word(a, &p->trigger);
  p->ndetails = 0;
}

/* --- transport parameters --------------------------------------------------
 */

static void anonymise_preferred(qv_anonymiser *a, quic_tparam *p) {
  quic_bytes value = p->value;
  quic_preferred_address pa;
  quic_addr v4 = {.family = 4}, v6 = {.family = 6};
  quic_writer wr;
  uint8_t *out;

  if (quic_tparam_preferred(p, &pa) != 0) {
    anonymise_octets(a, &p->value);
    return;
  }
  out = anonymise_room(a, &p->value);
  if (!out) {
    return;
  }
  memcpy(v4.ip, pa.ipv4.data, 4);
  memcpy(v6.ip, pa.ipv6.data, sizeof(v6.ip));
  v4.port = pa.ipv4_port;
  v6.port = pa.ipv6_port;
  anonymise_address(a, &v4);
  anonymise_address(a, &v6);
  anonymise_octets(a, &pa.cid);
  anonymise_octets(a, &pa.reset_token);
  quic_writer_init(&wr, out, value.len);
  quic_writer_bytes(&wr, quic_bytes_of(v4.ip, 4));
  quic_writer_u16(&wr, v4.port);
  quic_writer_bytes(&wr, quic_bytes_of(v6.ip, sizeof(v6.ip)));
  quic_writer_u16(&wr, v6.port);
  quic_writer_u8(&wr, (uint8_t)pa.cid.len);
  quic_writer_bytes(&wr, pa.cid);
  quic_writer_bytes(&wr, pa.reset_token);
}

/* anonymise_tparam_keeps: a value that says nothing but a number. */
static bool anonymise_tparam_keeps(const quic_tparam *p) {
  const quic_tparam_info *info = quic_tparam_info_find(p->id);
  uint64_t number;

  switch (info ? info->kind : QUIC_TPARAM_OPAQUE) {
  case QUIC_TPARAM_INTEGER:
    return quic_tparam_integer(p, &number) == 0;
  case QUIC_TPARAM_FLAG:
    return p->value.len == 0;
  case QUIC_TPARAM_VERSIONS:
    return p->value.len % 4 == 0;
  default:
    return false;
  }
}

static void anonymise_parameters(qv_anonymiser *a, qlog_parameters_set *set) {
  quic_bytes body = set->parameters;
  quic_tparams list;
  quic_writer wr;
  uint8_t *out;

  set->parameters = quic_bytes_of(NULL, 0);
  if (quic_tparams_decode(&list, body, set->version) == QUIC_ERR_MALFORMED) {
    return;
  }
  for (size_t i = 0; i < list.len; i++) {
    if (list.items[i].id == QUIC_TPARAM_PREFERRED_ADDRESS) {
      anonymise_preferred(a, &list.items[i]);
    } else if (!anonymise_tparam_keeps(&list.items[i])) {
      anonymise_octets(a, &list.items[i].value);
    }
  }
  /* Nothing has another length than before. */
  out = body.len ? qlog_scratch_take(&a->scratch, body.len) : NULL;
  if (!out) {
    return;
  }
  quic_writer_init(&wr, out, body.len);
  if (quic_tparams_encode(&list, &wr, set->version) == 0) {
    set->parameters = quic_bytes_of(out, quic_writer_len(&wr));
  }
}

/* --- HTTP/3 ----------------------------------------------------------------
 */

/* anonymise_origins keeps the lengths that stand between origins. */
static void anonymise_origins(qv_anonymiser *a, quic_bytes *payload) {
  quic_bytes from = *payload;
  uint8_t *out = anonymise_room(a, payload);
  quic_reader rd;

  quic_reader_init(&rd, from.data, out ? from.len : 0);
  while (quic_reader_left(&rd) >= 2) {
    size_t at = from.len - quic_reader_left(&rd);

    memcpy(out + at, from.data + at, 2);
    (void)quic_reader_bytes(&rd, quic_reader_u16(&rd));
  }
}

static void anonymise_h3_frame(qv_anonymiser *a, qlog_h3_frame *h) {
  quic_h3_frame *f = &a->h3;

  anonymise_fields(a, &h->fields, &h->nfields);
  if (!h->frame) {
    return;
  }
  *f = *h->frame;
  h->frame = f;
  switch (f->type) {
  case QUIC_H3_CANCEL_PUSH:
  case QUIC_H3_GOAWAY:
  case QUIC_H3_MAX_PUSH_ID:
  case QUIC_H3_SETTINGS:
    break;
  case QUIC_H3_PUSH_PROMISE:
    f->u.push_promise.section = quic_bytes_of(NULL, 0);
    break;
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    anonymise_priority(a, &f->u.priority_update.value);
    break;
  case QUIC_H3_ORIGIN:
    anonymise_origins(a, &f->u.payload);
    break;
  default:
    f->u.payload = quic_bytes_of(NULL, 0);
    break;
  }
}

/* --- events ----------------------------------------------------------------
 */

static void anonymise_rest(qv_anonymiser *a, qlog_event *e) {
  switch (e->type) {
  case QLOG_PACKET_SENT:
  case QLOG_PACKET_RECEIVED:
  case QLOG_PACKET_DROPPED:
  case QLOG_PACKET_BUFFERED:
  case QLOG_PACKET_LOST:
    anonymise_packet(a, &e->u.packet);
    break;
  case QLOG_FRAMES_CREATED:
  case QLOG_FRAMES_PARSED:
  case QLOG_MARKED_FOR_RETRANSMIT:
    anonymise_frames(a, &e->u.frames.frames, &e->u.frames.nframes);
    break;
  case QLOG_UDP_DATAGRAMS_SENT:
  case QLOG_UDP_DATAGRAMS_RECEIVED:
  case QLOG_UDP_DATAGRAM_DROPPED:
    e->u.datagrams.nchecksums = 0;
    break;
  case QLOG_PARAMETERS_SET:
  case QLOG_PARAMETERS_RESTORED:
    anonymise_parameters(a, &e->u.parameters);
    break;
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    anonymise_h3_frame(a, &e->u.h3_frame);
    break;
  case QLOG_SIMULATION_SCENARIO:
    e->u.simulation.ndetails = 0;
    break;
  default:
    break;
  }
}

int qv_anonymise_event(qv_anonymiser *a, qlog_event *e) {
  qlog_scratch_reset(&a->scratch);
  anonymise_plains(a, e);
  anonymise_rest(a, e);
  anonymise_tuple(a, &e->tuple);
  anonymise_word(a, &e->side);
  return a->scratch.failed ? QUIC_ERR_NOMEM : 0;
}

/* anonymise_nibble reads a hexadecimal; 16 for anything else. */
static uint8_t anonymise_nibble(uint8_t c) {
  if (c >= '0' && c <= '9') {
    return (uint8_t)(c - '0');
  }
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10) : 16;
}

static bool anonymise_cid(quic_bytes text, uint8_t *out) {
  if (text.len % 2 || text.len > 2 * ANONYMISE_GROUP) {
    return false;
  }
  for (size_t i = 0; i < text.len; i += 2) {
    uint8_t hi = anonymise_nibble(text.data[i]);
    uint8_t lo = anonymise_nibble(text.data[i + 1]);

    if (hi > 15 || lo > 15) {
      return false;
    }
    out[i / 2] = (uint8_t)(hi << 4 | lo);
  }
  return true;
}

void qv_anonymise_group(qv_anonymiser *a, quic_text *out, quic_bytes group) {
  uint8_t from[ANONYMISE_GROUP], to[ANONYMISE_GROUP];
  size_t len = group.len / 2;

  if (anonymise_cid(group, from)) {
    qv_pseudonym_octets(&a->pseudonyms, quic_bytes_of(from, len), to);
    quic_text_hex(out, quic_bytes_of(to, len));
  } else {
    quic_text_printf(out, "group-%08x",
                     (unsigned)qv_pseudonym_number(&a->pseudonyms, group));
  }
}
