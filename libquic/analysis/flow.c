#include "analysis/flow.h"

#include "base/map.h"

/* What a side allows at first, by transport parameters; QLOG_NONE. */
typedef struct flow_initial {
  uint64_t bidi_local, bidi_remote, uni;
} flow_initial;

struct quic_flow {
  const quic_mem *mem;
  uint64_t seed[2];
  quic_flow_retired_fn *retired_fn;
  void *user;
  quic_flow_stream **slots;       /* open addressing, linear */
  size_t nslots;                  /* power of two, or 0 */
  quic_flow_stream *first, *last; /* in the order of opening */
  quic_flow_stream *cached;       /* the one found last */
  uint64_t absent;                /* ID that is not in the table ... */
  bool knows_absent;              /* ... if this is set */
  quic_flow_stream *spare;        /* records to be used again */
  uint64_t open, open_max, evicted;
  uint64_t streams[QUIC_FLOW_STREAM_TYPES];
  quic_rangeset retired[QUIC_FLOW_STREAM_TYPES]; /* of id >> 2 */
  quic_flow_side side[QUIC_SIDES];
  flow_initial initial[QUIC_SIDES];
  bool uncertain[QUIC_SIDES];
  quic_span crypto[QUIC_SIDES][QUIC_SPACES];
  uint64_t violations[QUIC_FLOW_KINDS];
  quic_flow_violation *kept; /* QUIC_FLOW_VIOLATIONS_MAX, or NULL */
  size_t nkept;
};

/* Who opened stream |id|, and whether data goes one way only (RFC 9000
   §2.1). */
static int flow_initiator(uint64_t id) {
  return id & 1 ? QUIC_SIDE_SERVER : QUIC_SIDE_CLIENT;
}

static bool flow_uni(uint64_t id) {
  return (id & 2) != 0;
}

const char *quic_flow_kind_name(quic_flow_kind kind) {
  static const char *const names[QUIC_FLOW_KINDS] = {
      "stream_data_limit", "connection_data_limit", "stream_count_limit",
      "final_size", "stream_state"};

  return names[kind];
}

int quic_flow_new(quic_flow **out, const quic_mem *mem, const uint64_t seed[2],
                  quic_flow_retired_fn *retired, void *user) {
  quic_flow *flow = quic_mem_zalloc(mem, sizeof(*flow));

  *out = flow;
  if (!flow) {
    return QUIC_ERR_NOMEM;
  }
  flow->mem = mem;
  flow->seed[0] = seed[0];
  flow->seed[1] = seed[1];
  flow->retired_fn = retired;
  flow->user = user;
  for (int i = 0; i < QUIC_FLOW_STREAM_TYPES; i++) {
    quic_rangeset_init(&flow->retired[i], mem, QUIC_FLOW_RETIRED_MAX);
  }
  for (int i = 0; i < QUIC_SIDES; i++) {
    quic_flow_side *side = &flow->side[i];

    side->max_data = side->max_streams[0] = side->max_streams[1] = QLOG_NONE;
    side->blocked_at = QUIC_TIME_NEVER;
    side->streams_blocked_at[0] = side->streams_blocked_at[1] = QUIC_TIME_NEVER;
    flow->initial[i] = (flow_initial){QLOG_NONE, QLOG_NONE, QLOG_NONE};
  }
  return 0;
}

static void flow_stream_clear(quic_flow *flow, quic_flow_stream *s) {
  quic_span_clear(&s->half[0].seen, flow->mem);
  quic_span_clear(&s->half[1].seen, flow->mem);
}

static void flow_free_list(quic_flow *flow, quic_flow_stream *s) {
  while (s) {
    quic_flow_stream *next = s->next;

    flow_stream_clear(flow, s);
    quic_mem_free(flow->mem, s);
    s = next;
  }
}

void quic_flow_del(quic_flow *flow) {
  if (!flow) {
    return;
  }
  flow_free_list(flow, flow->first);
  flow_free_list(flow, flow->spare);
  for (int i = 0; i < QUIC_FLOW_STREAM_TYPES; i++) {
    quic_rangeset_free(&flow->retired[i]);
  }
  for (int i = 0; i < QUIC_SIDES; i++) {
    for (int j = 0; j < QUIC_SPACES; j++) {
      quic_span_clear(&flow->crypto[i][j], flow->mem);
    }
  }
  quic_mem_free(flow->mem, flow->kept);
  quic_mem_free(flow->mem, flow->slots);
  quic_mem_free(flow->mem, flow);
}

/* The table. */

static size_t flow_slot(const quic_flow *flow, uint64_t id) {
  return (size_t)quic_siphash(flow->seed, quic_bytes_of(&id, sizeof(id))) &
         (flow->nslots - 1);
}

/* flow_find returns the index of |id|, or of the free slot where it belongs. */
static size_t flow_find(const quic_flow *flow, uint64_t id) {
  size_t i = flow_slot(flow, id);

  while (flow->slots[i] && flow->slots[i]->id != id) {
    i = (i + 1) & (flow->nslots - 1);
  }
  return i;
}

/* flow_absent: streams that are over are asked for again and again when what
   they carried is repeated. */
static bool flow_absent(const quic_flow *flow, uint64_t id) {
  return flow->knows_absent && flow->absent == id;
}

const quic_flow_stream *quic_flow_find(const quic_flow *flow, uint64_t id) {
  if (flow->cached && flow->cached->id == id) {
    return flow->cached;
  }
  return flow->nslots && !flow_absent(flow, id)
             ? flow->slots[flow_find(flow, id)]
             : NULL;
}

static int flow_rehash(quic_flow *flow, size_t nslots) {
  quic_flow_stream **slots =
      quic_mem_zalloc(flow->mem, nslots * sizeof(slots[0]));

  if (!slots) {
    return QUIC_ERR_NOMEM;
  }
  quic_mem_free(flow->mem, flow->slots);
  flow->slots = slots;
  flow->nslots = nslots;
  for (quic_flow_stream *s = flow->first; s; s = s->next) {
    flow->slots[flow_find(flow, s->id)] = s;
  }
  return 0;
}

/* flow_unslot removes |s| and moves up what had to make way for it. */
static void flow_unslot(quic_flow *flow, const quic_flow_stream *s) {
  size_t mask = flow->nslots - 1, hole = flow_find(flow, s->id);

  for (size_t i = (hole + 1) & mask; flow->slots[i]; i = (i + 1) & mask) {
    size_t home = flow_slot(flow, flow->slots[i]->id);

    if (((i - home) & mask) >= ((i - hole) & mask)) {
      flow->slots[hole] = flow->slots[i];
      hole = i;
    }
  }
  flow->slots[hole] = NULL;
}

/* flow_retire forgets |s|, but for its number. */
static void flow_retire(quic_flow *flow, quic_flow_stream *s) {
  quic_rangeset *set = &flow->retired[s->id & 3];
  uint64_t index = s->id >> 2;

  if (flow->retired_fn) {
    flow->retired_fn(flow->user, s);
  }
  if (quic_rangeset_add(set, index, index + 1) == QUIC_ERR_LIMIT &&
      quic_rangeset_add(set, set->items[0].start, set->items[1].start) == 0) {
    /* Streams in the lowest hole count as finished; those alive are found in
       the table first. */
    (void)!quic_rangeset_add(set, index, index + 1);
  }
  flow_unslot(flow, s);
  *(s->prev ? &s->prev->next : &flow->first) = s->next;
  *(s->next ? &s->next->prev : &flow->last) = s->prev;
  if (flow->cached == s) {
    flow->cached = NULL;
  }
  flow->open--;
  flow_stream_clear(flow, s);
  s->next = flow->spare;
  flow->spare = s;
}

/* flow_initial_limit: what data of |sender| on |id| is bounded by before any
   MAX_STREAM_DATA (RFC 9000 §18.2). */
static uint64_t flow_initial_limit(const quic_flow *flow, int sender,
                                   uint64_t id) {
  const flow_initial *in = &flow->initial[!sender];

  if (flow_uni(id)) {
    return in->uni;
  }
  return flow_initiator(id) == sender ? in->bidi_remote : in->bidi_local;
}

static void flow_half_init(quic_flow_half *h, uint64_t limit) {
  *h = (quic_flow_half){.final_size = QLOG_NONE,
                        .limit = limit,
                        .reset_code = QLOG_NONE,
                        .stop_code = QLOG_NONE,
                        .first = QUIC_TIME_NEVER,
                        .blocked_at = QUIC_TIME_NEVER};
}

static quic_flow_stream *flow_alloc(quic_flow *flow) {
  quic_flow_stream *s;

  if (flow->open >= QUIC_FLOW_STREAMS_MAX) {
    flow->evicted++;
    flow_retire(flow, flow->first);
  }
  if (2 * (flow->open + 1) > flow->nslots &&
      flow_rehash(flow, flow->nslots ? 2 * flow->nslots : 8) != 0) {
    return NULL;
  }
  s = flow->spare;
  if (s) {
    flow->spare = s->next;
    return s;
  }
  return quic_mem_alloc(flow->mem, sizeof(*s));
}

static quic_flow_stream *flow_open(quic_flow *flow, uint64_t id,
                                   quic_time now) {
  quic_flow_stream *s = flow_alloc(flow);

  if (!s) {
    flow->evicted++;
    return NULL;
  }
  s->id = id;
  flow->knows_absent = false;
  s->opened = now;
  for (int side = 0; side < QUIC_SIDES; side++) {
    flow_half_init(&s->half[side], flow_initial_limit(flow, side, id));
  }
  s->next = NULL;
  s->prev = flow->last;
  *(flow->last ? &flow->last->next : &flow->first) = s;
  flow->last = s;
  flow->slots[flow_find(flow, id)] = s;
  flow->streams[id & 3]++;
  if (++flow->open > flow->open_max) {
    flow->open_max = flow->open;
  }
  return s;
}

/* Rules. */

static void flow_violation(quic_flow *flow, quic_flow_kind kind,
                           const quic_mark *at, const quic_frame *f,
                           uint64_t id, uint64_t value, uint64_t limit,
                           bool certain) {
  flow->violations[kind]++;
  if (!flow->kept) {
    flow->kept = quic_mem_alloc(flow->mem, QUIC_FLOW_VIOLATIONS_MAX *
                                               sizeof(flow->kept[0]));
  }
  if (flow->kept && flow->nkept < QUIC_FLOW_VIOLATIONS_MAX) {
    flow->kept[flow->nkept++] = (quic_flow_violation){
        .kind = kind,
        .at = *at,
        .stream_id = id,
        .frame = f->type,
        .value = value,
        .limit = limit,
        .certain = certain,
    };
  }
}

/* flow_count checks a new stream against MAX_STREAMS. */
static void flow_count(quic_flow *flow, const quic_frame *f,
                       const quic_mark *at, uint64_t id) {
  int initiator = flow_initiator(id), uni = flow_uni(id);
  quic_flow_side *side = &flow->side[initiator];
  uint64_t n = (id >> 2) + 1;

  if (n <= side->opened[uni]) {
    return;
  }
  /* Only its initiator opens a stream: the other may not name it before. */
  if (at->side != initiator) {
    flow_violation(flow, QUIC_FLOW_STREAM_STATE, at, f, id, n,
                   side->opened[uni], !flow->uncertain[initiator]);
  } else if (n > side->max_streams[uni]) {
    flow_violation(flow, QUIC_FLOW_STREAM_LIMIT, at, f, id, n,
                   side->max_streams[uni], !flow->uncertain[!initiator]);
  }
  side->opened[uni] = n;
}

/* flow_stream returns the record of |id|, opening it at its first frame, or
   NULL when it is over. */
static quic_flow_stream *flow_stream(quic_flow *flow, const quic_frame *f,
                                     const quic_mark *at, uint64_t id) {
  quic_flow_stream *s = NULL;

  if (flow->cached && flow->cached->id == id) {
    return flow->cached;
  }
  if (flow->nslots && !flow_absent(flow, id)) {
    s = flow->slots[flow_find(flow, id)];
  }
  if (!s && !quic_rangeset_has(&flow->retired[id & 3], id >> 2)) {
    flow_count(flow, f, at, id);
    s = flow_open(flow, id, at->time);
  }
  flow->cached = s;
  flow->absent = id;
  flow->knows_absent = !s;
  return s;
}

/* flow_half returns the direction in which |sender| sends on |id|, or NULL:
   when the type of the stream has no such direction, a violation of who sent
   |f|, or the stream is over, |*over|. */
static quic_flow_half *flow_half(quic_flow *flow, const quic_frame *f,
                                 const quic_mark *at, uint64_t id, int sender,
                                 quic_flow_stream **stream) {
  quic_flow_stream *s;

  *stream = NULL;
  if (flow_uni(id) && flow_initiator(id) != sender) {
    flow_violation(flow, QUIC_FLOW_STREAM_STATE, at, f, id, id, 0, true);
    return NULL;
  }
  s = *stream = flow_stream(flow, f, at, id);
  if (!s) {
    return NULL;
  }
  s->half[sender].used = true;
  return &s->half[sender];
}

static void flow_unblock_stream(quic_flow *flow, quic_flow_half *h, int sender,
                                quic_time now) {
  if (h->blocked_at != QUIC_TIME_NEVER) {
    quic_duration d = quic_time_since(now, h->blocked_at);

    h->blocked += d;
    flow->side[sender].stream_blocked_time += d;
    h->blocked_at = QUIC_TIME_NEVER;
  }
}

static bool flow_done(const quic_flow_half *h) {
  return h->reset_code != QLOG_NONE ||
         (h->final_size != QLOG_NONE && h->seen.prefix >= h->final_size);
}

/* flow_finish retires |s| when nothing more is to come. */
static void flow_finish(quic_flow *flow, quic_flow_stream *s) {
  int initiator = flow_initiator(s->id);

  if (flow_done(&s->half[initiator]) &&
      (flow_uni(s->id) || flow_done(&s->half[!initiator]))) {
    flow_retire(flow, s);
  }
}

/* flow_final checks |end|, what |at->side| sent up to on |s|, and its final
   size (RFC 9000 §4.5) where |fin|. */
static void flow_final(quic_flow *flow, quic_flow_stream *s,
                       const quic_frame *f, const quic_mark *at, uint64_t end,
                       bool fin) {
  quic_flow_half *h = &s->half[at->side];

  if (h->final_size != QLOG_NONE
          ? end > h->final_size || (fin && end != h->final_size)
          : fin && end < h->highest) {
    flow_violation(flow, QUIC_FLOW_FINAL_SIZE, at, f, s->id, end,
                   h->final_size != QLOG_NONE ? h->final_size : h->highest,
                   true);
  }
  if (fin && h->final_size == QLOG_NONE) {
    h->final_size = end;
    flow_unblock_stream(flow, h, at->side, at->time);
  }
}

/* flow_advance moves the highest offset of |s| to |end| and checks limits. */
static void flow_advance(quic_flow *flow, quic_flow_stream *s,
                         const quic_frame *f, const quic_mark *at,
                         uint64_t end) {
  quic_flow_half *h = &s->half[at->side];
  quic_flow_side *side = &flow->side[at->side];
  bool certain = !flow->uncertain[!at->side];

  if (end <= h->highest) {
    return;
  }
  side->sum += end - h->highest;
  h->highest = end;
  if (end > h->limit && !h->over) {
    h->over = true;
    flow_violation(flow, QUIC_FLOW_STREAM_DATA, at, f, s->id, end, h->limit,
                   certain);
  } else if (end == h->limit && h->final_size == QLOG_NONE &&
             h->blocked_at == QUIC_TIME_NEVER) {
    h->blocked_at = at->time;
  }
  if (side->sum > side->max_data && !side->over) {
    side->over = true;
    flow_violation(flow, QUIC_FLOW_CONNECTION_DATA, at, f, QLOG_NONE, side->sum,
                   side->max_data, certain);
  } else if (side->sum == side->max_data && h->final_size == QLOG_NONE &&
             side->blocked_at == QUIC_TIME_NEVER) {
    side->blocked_at = at->time;
  }
}

/* Frames. */

static uint64_t flow_on_stream(quic_flow *flow, const quic_frame *f,
                               const quic_mark *at) {
  quic_flow_side *side = &flow->side[at->side];
  uint64_t len = f->u.stream.data.len + f->missing, repeated = len;
  uint64_t end = f->u.stream.offset + len;
  quic_flow_stream *s;
  quic_flow_half *h =
      flow_half(flow, f, at, f->u.stream.stream_id, at->side, &s);

  side->octets += len;
  if (!h) {
    /* What gave way unfinished may still send something new. */
    repeated = flow->evicted ? 0 : len;
    side->repeated += repeated;
    return repeated;
  }
  repeated = quic_span_add(&h->seen, flow->mem, f->u.stream.offset, end);
  side->repeated += repeated;
  h->frames++;
  h->octets += len;
  h->repeated += repeated;
  if (h->first == QUIC_TIME_NEVER) {
    h->first = at->time;
  }
  h->last = at->time;
  flow_final(flow, s, f, at, end, f->type & 1);
  flow_advance(flow, s, f, at, end);
  if (h->final_size != QLOG_NONE) {
    flow_finish(flow, s);
  }
  return repeated;
}

static void flow_on_reset(quic_flow *flow, const quic_frame *f,
                          const quic_mark *at) {
  uint64_t size = f->u.reset_stream.final_size;
  quic_flow_stream *s;
  quic_flow_half *h =
      flow_half(flow, f, at, f->u.reset_stream.stream_id, at->side, &s);

  flow->side[at->side].resets++;
  if (h) {
    flow_final(flow, s, f, at, size, true);
    flow_advance(flow, s, f, at, size);
    h->reset_code = f->u.reset_stream.error_code;
    flow_finish(flow, s);
  }
}

static void flow_on_stop(quic_flow *flow, const quic_frame *f,
                         const quic_mark *at) {
  quic_flow_stream *s;
  quic_flow_half *h =
      flow_half(flow, f, at, f->u.stop_sending.stream_id, !at->side, &s);

  flow->side[at->side].stops++;
  if (h) {
    h->stop_code = f->u.stop_sending.error_code;
  }
}

static void flow_on_max_data(quic_flow *flow, const quic_frame *f,
                             const quic_mark *at) {
  quic_flow_side *peer = &flow->side[!at->side];

  flow->side[at->side].raises++;
  if (peer->max_data != QLOG_NONE && f->u.limit.limit <= peer->max_data) {
    return;
  }
  peer->max_data = f->u.limit.limit;
  peer->over = peer->sum > peer->max_data;
  if (peer->blocked_at != QUIC_TIME_NEVER) {
    peer->blocked += quic_time_since(at->time, peer->blocked_at);
    peer->blocked_at = QUIC_TIME_NEVER;
  }
}

static void flow_on_max_stream_data(quic_flow *flow, const quic_frame *f,
                                    const quic_mark *at) {
  quic_flow_stream *s;
  quic_flow_half *h =
      flow_half(flow, f, at, f->u.limit.stream_id, !at->side, &s);

  flow->side[at->side].raises++;
  if (h && (h->limit == QLOG_NONE || f->u.limit.limit > h->limit)) {
    h->limit = f->u.limit.limit;
    h->over = h->highest > h->limit;
    flow_unblock_stream(flow, h, !at->side, at->time);
  }
}

static void flow_on_max_streams(quic_flow *flow, const quic_frame *f,
                                const quic_mark *at) {
  quic_flow_side *peer = &flow->side[!at->side];
  int uni = f->type == QUIC_FRAME_MAX_STREAMS_UNI;

  if (peer->max_streams[uni] != QLOG_NONE &&
      f->u.limit.limit <= peer->max_streams[uni]) {
    return;
  }
  peer->max_streams[uni] = f->u.limit.limit;
  if (peer->streams_blocked_at[uni] != QUIC_TIME_NEVER) {
    peer->streams_blocked_time +=
        quic_time_since(at->time, peer->streams_blocked_at[uni]);
    peer->streams_blocked_at[uni] = QUIC_TIME_NEVER;
  }
}

/* flow_block starts a wait at |*since| unless the limit named in the frame was
   raised already. */
static void flow_block(quic_time *since, uint64_t named, uint64_t limit,
                       quic_time now) {
  if (*since == QUIC_TIME_NEVER && (limit == QLOG_NONE || named >= limit)) {
    *since = now;
  }
}

static void flow_on_blocked(quic_flow *flow, const quic_frame *f,
                            const quic_mark *at) {
  quic_flow_side *side = &flow->side[at->side];
  uint64_t named = f->u.limit.limit;
  quic_flow_stream *s;
  quic_flow_half *h;
  int uni;

  switch (f->type) {
  case QUIC_FRAME_DATA_BLOCKED:
    side->data_blocked++;
    flow_block(&side->blocked_at, named, side->max_data, at->time);
    break;
  case QUIC_FRAME_STREAM_DATA_BLOCKED:
    side->stream_blocked++;
    h = flow_half(flow, f, at, f->u.limit.stream_id, at->side, &s);
    if (h && h->final_size == QLOG_NONE) {
      flow_block(&h->blocked_at, named, h->limit, at->time);
    }
    break;
  default:
    uni = f->type == QUIC_FRAME_STREAMS_BLOCKED_UNI;
    side->streams_blocked++;
    flow_block(&side->streams_blocked_at[uni], named, side->max_streams[uni],
               at->time);
  }
}

static uint64_t flow_on_crypto(quic_flow *flow, const quic_frame *f,
                               quic_space space, const quic_mark *at) {
  uint64_t len = f->u.crypto.data.len + f->missing;
  uint64_t repeated =
      quic_span_add(&flow->crypto[at->side][space], flow->mem,
                    f->u.crypto.offset, f->u.crypto.offset + len);

  flow->side[at->side].crypto_octets += len;
  flow->side[at->side].crypto_repeated += repeated;
  return repeated;
}

uint64_t quic_flow_frame(quic_flow *flow, const quic_frame *f, quic_space space,
                         const quic_mark *at) {
  if (f->type >= QUIC_FRAME_STREAM && f->type < QUIC_FRAME_STREAM + 8) {
    return flow_on_stream(flow, f, at);
  }
  switch (f->type) {
  case QUIC_FRAME_CRYPTO:
    return flow_on_crypto(flow, f, space, at);
  case QUIC_FRAME_RESET_STREAM:
  case QUIC_FRAME_RESET_STREAM_AT:
    flow_on_reset(flow, f, at);
    break;
  case QUIC_FRAME_STOP_SENDING:
    flow_on_stop(flow, f, at);
    break;
  case QUIC_FRAME_MAX_DATA:
    flow_on_max_data(flow, f, at);
    break;
  case QUIC_FRAME_MAX_STREAM_DATA:
    flow_on_max_stream_data(flow, f, at);
    break;
  case QUIC_FRAME_MAX_STREAMS_BIDI:
  case QUIC_FRAME_MAX_STREAMS_UNI:
    flow_on_max_streams(flow, f, at);
    break;
  case QUIC_FRAME_DATA_BLOCKED:
  case QUIC_FRAME_STREAM_DATA_BLOCKED:
  case QUIC_FRAME_STREAMS_BLOCKED_BIDI:
  case QUIC_FRAME_STREAMS_BLOCKED_UNI:
    flow_on_blocked(flow, f, at);
    break;
  case QUIC_FRAME_DATAGRAM:
  case QUIC_FRAME_DATAGRAM + 1:
    flow->side[at->side].datagrams++;
    flow->side[at->side].datagram_octets += f->u.datagram.data.len + f->missing;
    break;
  default:
    break;
  }
  return 0;
}

/* flow_least raises |*value| to what is allowed from the start. */
static void flow_least(uint64_t *value, uint64_t least) {
  if (*value == QLOG_NONE || *value < least) {
    *value = least;
  }
}

void quic_flow_parameters(quic_flow *flow, int side, const quic_tparams *list) {
  quic_flow_side *peer = &flow->side[!side];

  flow->initial[side] =
      (flow_initial){.bidi_local = quic_tparams_integer(
                         list, QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL),
                     .bidi_remote = quic_tparams_integer(
                         list, QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE),
                     .uni = quic_tparams_integer(
                         list, QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_UNI)};
  flow_least(&peer->max_data,
             quic_tparams_integer(list, QUIC_TPARAM_INITIAL_MAX_DATA));
  flow_least(&peer->max_streams[0],
             quic_tparams_integer(list, QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI));
  flow_least(&peer->max_streams[1],
             quic_tparams_integer(list, QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI));
  for (quic_flow_stream *s = flow->first; s; s = s->next) {
    if (!flow_uni(s->id) || flow_initiator(s->id) == !side) {
      flow_least(&s->half[!side].limit, flow_initial_limit(flow, !side, s->id));
    }
  }
}

void quic_flow_uncertain(quic_flow *flow, int side) {
  flow->uncertain[side] = true;
}

void quic_flow_restart(quic_flow *flow) {
  quic_span_clear(&flow->crypto[QUIC_SIDE_CLIENT][QUIC_SPACE_INITIAL],
                  flow->mem);
}

const quic_flow_side *quic_flow_side_of(const quic_flow *flow, int side) {
  return &flow->side[side];
}

const quic_flow_stream *quic_flow_first(const quic_flow *flow) {
  return flow->first;
}

uint64_t quic_flow_open(const quic_flow *flow) {
  return flow->open;
}

uint64_t quic_flow_open_max(const quic_flow *flow) {
  return flow->open_max;
}

uint64_t quic_flow_streams(const quic_flow *flow, unsigned type) {
  return flow->streams[type & 3];
}

uint64_t quic_flow_evicted(const quic_flow *flow) {
  return flow->evicted;
}

uint64_t quic_flow_violations(const quic_flow *flow, quic_flow_kind kind) {
  return flow->violations[kind];
}

const quic_flow_violation *quic_flow_violation_at(const quic_flow *flow,
                                                  size_t i) {
  return i < flow->nkept ? &flow->kept[i] : NULL;
}

quic_duration quic_flow_blocked(const quic_flow *flow, int side,
                                quic_time now) {
  const quic_flow_side *s = &flow->side[side];

  return s->blocked + (s->blocked_at == QUIC_TIME_NEVER
                           ? 0
                           : quic_time_since(now, s->blocked_at));
}
