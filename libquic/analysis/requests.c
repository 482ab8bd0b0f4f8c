#include "analysis/requests.h"

#include <string.h>

#include "base/map.h"

#define REQUESTS_SLOTS_MIN 64
#define REQUESTS_STATUS_MAX 999

/* A request, and what its times are drawn from. */
typedef struct requests_item {
  quic_request request;
  uint64_t got;   /* octets of the response, repetitions included */
  uint64_t final; /* their number in all; QLOG_NONE */
} requests_item;

struct quic_requests {
  const quic_mem *mem;
  uint64_t seed[2];
  int local;
  bool streams; /* STREAM frames are told: they count octets best */
  requests_item *items;
  size_t len, cap;
  uint32_t *slots; /* index + 1, open addressing; 0 = free */
  size_t nslots;   /* power of two, or 0 */
  size_t recent;   /* index of the one found last */
  uint64_t count;
  uint64_t beyond; /* largest ID that was not kept; QLOG_NONE */
};

int quic_requests_new(quic_requests **out, const quic_mem *mem,
                      bool sent_is_client, const uint64_t seed[2]) {
  quic_requests *r = quic_mem_zalloc(mem, sizeof(*r));

  *out = r;
  if (!r) {
    return QUIC_ERR_NOMEM;
  }
  r->mem = mem;
  r->seed[0] = seed[0];
  r->seed[1] = seed[1];
  r->local = sent_is_client ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
  r->beyond = QLOG_NONE;
  return 0;
}

void quic_requests_del(quic_requests *r) {
  if (!r) {
    return;
  }
  quic_mem_free(r->mem, r->items);
  quic_mem_free(r->mem, r->slots);
  quic_mem_free(r->mem, r);
}

/* requests_slot returns the slot of |id|, or the free one where it belongs. */
static size_t requests_slot(const quic_requests *r, uint64_t id) {
  size_t mask = r->nslots - 1;
  size_t i = (size_t)quic_siphash(r->seed, quic_bytes_of(&id, sizeof(id)));

  for (i &= mask; r->slots[i]; i = (i + 1) & mask) {
    if (r->items[r->slots[i] - 1].request.stream_id == id) {
      break;
    }
  }
  return i;
}

static bool requests_rehash(quic_requests *r) {
  size_t n = r->nslots ? 2 * r->nslots : REQUESTS_SLOTS_MIN;
  uint32_t *slots = quic_mem_zalloc(r->mem, n * sizeof(slots[0]));

  if (!slots) {
    return false;
  }
  quic_mem_free(r->mem, r->slots);
  r->slots = slots;
  r->nslots = n;
  for (size_t i = 0; i < r->len; i++) {
    r->slots[requests_slot(r, r->items[i].request.stream_id)] = (uint32_t)i + 1;
  }
  return true;
}

/* requests_full counts |id|, which there is no room for, once: streams are
   opened in ascending order. */
static void requests_full(quic_requests *r, uint64_t id) {
  if (r->beyond == QLOG_NONE || id > r->beyond) {
    r->beyond = id;
    r->count++;
  }
}

static requests_item *requests_item_of(quic_requests *r, uint64_t id) {
  requests_item *item;
  size_t slot;

  if (id == QLOG_NONE || (id & 3) != 0) {
    return NULL;
  }
  if (r->recent < r->len && r->items[r->recent].request.stream_id == id) {
    return &r->items[r->recent];
  }
  if (r->nslots) {
    slot = requests_slot(r, id);
    if (r->slots[slot]) {
      r->recent = r->slots[slot] - 1;
      return &r->items[r->recent];
    }
  }
  if (r->len >= QUIC_REQUESTS_MAX ||
      (2 * (r->len + 1) > r->nslots && !requests_rehash(r)) ||
      quic_mem_grow(r->mem, (void **)&r->items, &r->cap, r->len + 1,
                    sizeof(r->items[0])) != 0) {
    requests_full(r, id);
    return NULL;
  }
  item = &r->items[r->len++];
  memset(item, 0, sizeof(*item));
  item->request.stream_id = id;
  item->request.start = item->request.first = item->request.end =
      QUIC_MARK_NONE;
  item->request.reset = item->final = QLOG_NONE;
  r->slots[requests_slot(r, id)] = (uint32_t)r->len;
  r->count++;
  return item;
}

static void requests_mark(quic_mark *mark, const quic_mark *at) {
  if (!quic_mark_set(mark)) {
    *mark = *at;
  }
}

/* requests_stream takes a STREAM frame.  The response ends with its last octet,
   which need not come with the FIN. */
static void requests_stream(quic_requests *r, const quic_frame *f,
                            const quic_mark *at) {
  requests_item *item = requests_item_of(r, f->u.stream.stream_id);
  uint64_t len = f->u.stream.data.len + f->missing;
  uint64_t end = f->u.stream.offset + len;

  r->streams = true;
  if (!item) {
    return;
  }
  if (at->side == QUIC_SIDE_CLIENT) {
    requests_mark(&item->request.start, at);
    if (end > item->request.sent) {
      item->request.sent = end;
    }
    return;
  }
  requests_mark(&item->request.first, at);
  if (item->final == QLOG_NONE || item->got < item->final) {
    item->request.end = *at;
  }
  item->got += len;
  if (end > item->request.received) {
    item->request.received = end;
  }
  if ((f->type & 1) && item->final == QLOG_NONE) {
    item->final = end;
    item->request.finished = true;
    item->request.end = *at;
  }
}

static void requests_reset(quic_requests *r, const quic_frame *f,
                           const quic_mark *at) {
  requests_item *item = requests_item_of(r, f->u.reset_stream.stream_id);

  if (item && item->request.reset == QLOG_NONE && !item->request.finished) {
    item->request.reset = f->u.reset_stream.error_code;
    item->request.end = *at;
  }
}

static void requests_packet(quic_requests *r, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  quic_mark at = {e->time, quic_event_record(e), QLOG_NONE,
                  (int8_t)(e->type == QLOG_PACKET_SENT ? r->local : !r->local),
                  -1};

  if (p->header && p->header->type < QUIC_PACKET_TYPES) {
    at.type = (int8_t)p->header->type;
    at.number = p->header->pn_len ? p->header->pn : QLOG_NONE;
  }
  for (size_t i = 0; i < p->nframes; i++) {
    const quic_frame *f = &p->frames[i];

    if (f->type >= QUIC_FRAME_STREAM && f->type < QUIC_FRAME_STREAM + 8) {
      requests_stream(r, f, &at);
    } else if (f->type == QUIC_FRAME_RESET_STREAM ||
               f->type == QUIC_FRAME_RESET_STREAM_AT) {
      requests_reset(r, f, &at);
    }
  }
}

/* requests_copy keeps |value| without octets that would end it early. */
static void requests_copy(char *to, size_t cap, quic_bytes value) {
  size_t n = value.len < cap - 1 ? value.len : cap - 1;

  for (size_t i = 0; i < n; i++) {
    to[i] = value.data[i] ? (char)value.data[i] : ' ';
  }
  to[n] = '\0';
}

static uint32_t requests_status(quic_bytes value) {
  uint32_t status = 0;

  for (size_t i = 0; i < value.len; i++) {
    if (value.data[i] < '0' || value.data[i] > '9' ||
        (status = status * 10 + (uint32_t)(value.data[i] - '0')) >
            REQUESTS_STATUS_MAX) {
      return 0;
    }
  }
  return status;
}

static bool requests_named(const quic_field *f, const char *name) {
  return quic_bytes_eq(f->name, quic_bytes_of(name, strlen(name)));
}

static void requests_fields(quic_request *q, const qlog_h3_frame *h) {
  for (size_t i = 0; i < h->nfields; i++) {
    const quic_field *f = &h->fields[i];

    if (requests_named(f, ":method")) {
      requests_copy(q->method, sizeof(q->method), f->value);
    } else if (requests_named(f, ":path")) {
      requests_copy(q->path, sizeof(q->path), f->value);
    } else if (requests_named(f, ":authority")) {
      requests_copy(q->authority, sizeof(q->authority), f->value);
    } else if (requests_named(f, ":status")) {
      q->status = requests_status(f->value);
    }
  }
}

static void requests_h3(quic_requests *r, const qlog_event *e) {
  const qlog_h3_frame *h = &e->u.h3_frame;
  int side = e->type == QLOG_H3_FRAME_CREATED ? r->local : !r->local;
  quic_mark at = {e->time, quic_event_record(e), QLOG_NONE, (int8_t)side, -1};
  uint64_t octets = h->raw_length == QLOG_NONE ? 0 : h->raw_length;
  requests_item *item;

  if (!h->frame ||
      (h->frame->type != QUIC_H3_HEADERS && h->frame->type != QUIC_H3_DATA)) {
    return;
  }
  item = requests_item_of(r, h->stream_id);
  if (!item) {
    return;
  }
  requests_fields(&item->request, h);
  if (side == QUIC_SIDE_CLIENT) {
    requests_mark(&item->request.start, &at);
    item->request.sent += r->streams ? 0 : octets;
    return;
  }
  requests_mark(&item->request.first, &at);
  if (!r->streams) {
    item->request.received += octets;
    item->request.end = at;
  }
}

void quic_requests_event(quic_requests *r, const qlog_event *e) {
  switch (e->type) {
  case QLOG_PACKET_SENT:
  case QLOG_PACKET_RECEIVED:
    requests_packet(r, e);
    break;
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    requests_h3(r, e);
    break;
  default:
    break;
  }
}

const quic_request *quic_requests_at(const quic_requests *r, size_t i) {
  return i < r->len ? &r->items[i].request : NULL;
}

uint64_t quic_requests_count(const quic_requests *r) {
  return r->count;
}
