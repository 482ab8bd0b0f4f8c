#include "pcap/stream.h"

int qd_stream_pool_init(qd_stream_pool *pool, const quic_mem *mem,
                        const uint64_t seed[2]) {
  memset(pool, 0, sizeof(*pool));
  pool->mem = mem;
  pool->budget.limit = QD_STREAM_WAITING;
  memcpy(pool->seed, seed, sizeof(pool->seed));
  return quic_history_init(&pool->history, mem, QD_STREAM_HISTORY);
}

void qd_stream_pool_free(qd_stream_pool *pool) {
  quic_history_free(&pool->history);
}

void qd_streams_init(qd_streams *ss, qd_stream_pool *pool) {
  memset(ss, 0, sizeof(*ss));
  ss->pool = pool;
  quic_map_init(&ss->open, pool->mem, pool->seed);
  quic_list_init(&ss->lru);
  for (size_t i = 0; i < 4; i++) {
    quic_rangeset_init(&ss->retired[i], pool->mem, QD_STREAMS_RETIRED_MAX);
  }
}

/* What quic_inorder calls back with. */
typedef struct stream_ctx {
  qd_streams *ss;
  qd_stream *st;
  qd_side side;
} stream_ctx;

static void stream_octets(void *user, uint64_t offset, quic_bytes data) {
  stream_ctx *ctx = user;
  qd_streams *ss = ctx->ss;
  qd_half *half = &ctx->st->half[ctx->side];

  quic_history_add(&ss->pool->history, &half->past, offset, data);
  if (ss->fn) {
    ss->fn(ss->user, ctx->st, ctx->side, offset, data);
  }
  if (ss->app && !half->deaf) {
    ss->app->octets(ss->app, ctx->st, ctx->side, data);
  }
}

/* stream_give_up hands on what waits behind the holes of one side. */
static void stream_give_up(qd_streams *ss, qd_stream *st, qd_side side) {
  stream_ctx ctx = {ss, st, side};
  qd_half *half = &st->half[side];
  uint64_t hole;

  while ((hole = quic_inorder_hole(&half->in)) > 0) {
    half->lost += hole;
    if (ss->app && !half->deaf) {
      half->deaf = !ss->app->hole(ss->app, st, side, hole);
    }
    quic_inorder_skip(&half->in, ss->pool->mem, &ss->pool->budget,
                      stream_octets, &ctx);
  }
}

void qd_streams_speak(qd_streams *ss, qd_protocol *app) {
  ss->app = app;
  for (quic_list *item = ss->lru.next; item != &ss->lru; item = item->next) {
    qd_stream *st = QUIC_LIST_ITEM(item, qd_stream, lru);

    for (int side = 0; side < QD_SIDES; side++) {
      qd_half *half = &st->half[side];

      if (half->in.offset) {
        half->deaf = !app->hole(app, st, (qd_side)side, half->in.offset);
      }
    }
  }
}

static void stream_drop(qd_streams *ss, qd_stream *st) {
  if (ss->app) {
    ss->app->forget(ss->app, st);
  }
  for (int side = 0; side < QD_SIDES; side++) {
    quic_inorder_free(&st->half[side].in, ss->pool->mem, &ss->pool->budget);
  }
  quic_list_remove(&st->lru);
  (void)quic_map_remove(&ss->open, quic_bytes_of(&st->id, sizeof(st->id)));
  ss->last = ss->last == st ? NULL : ss->last;
  quic_mem_free(ss->pool->mem, st);
}

/* stream_reset: the side was reset and sent what it owes nevertheless. */
static bool stream_reset(const qd_half *half) {
  return half->reset && half->in.offset >= half->reliable;
}

/* stream_ended tells the application, once, that all octets were there or that
   the rest will not come; |all|: nothing more comes in any case. */
static void stream_ended(qd_streams *ss, qd_stream *st, qd_side side,
                         bool all) {
  qd_half *half = &st->half[side];

  if (half->told || !ss->app) {
    return;
  }
  if (all ? half->reset : stream_reset(half)) {
    half->told = true;
    ss->app->reset(ss->app, st, side, half->reset_code);
  } else if (quic_inorder_done(&half->in)) {
    half->told = true;
    ss->app->fin(ss->app, st, side);
  }
}

static bool stream_half_done(const qd_stream *st, qd_side side) {
  const qd_half *half = &st->half[side];

  return !qd_stream_sends(st->id, side) || stream_reset(half) ||
         quic_inorder_done(&half->in);
}

/* stream_retire forgets a stream on which nothing can come any more. */
static void stream_retire(qd_streams *ss, qd_stream *st) {
  uint64_t number = st->id >> 2;

  if (!stream_half_done(st, QD_CLIENT) || !stream_half_done(st, QD_SERVER)) {
    return;
  }
  /* Without room for the range the stream stays, until it is the oldest. */
  if (quic_rangeset_add(&ss->retired[st->id & 3], number, number + 1) == 0) {
    stream_drop(ss, st);
  }
}

bool qd_streams_evict(qd_streams *ss) {
  qd_stream *st;
  uint64_t number;

  if (quic_list_empty(&ss->lru)) {
    return false;
  }
  st = QUIC_LIST_ITEM(ss->lru.next, qd_stream, lru);
  number = st->id >> 2;
  stream_give_up(ss, st, QD_CLIENT);
  stream_give_up(ss, st, QD_SERVER);
  ss->evicted++;
  /* What comes for it later is not taken for a new stream, if there is room. */
  (void)!quic_rangeset_add(&ss->retired[st->id & 3], number, number + 1);
  stream_drop(ss, st);
  return true;
}

qd_stream *qd_streams_get(const qd_streams *ss, uint64_t id) {
  if (ss->last && ss->last->id == id) {
    return ss->last;
  }
  return quic_map_get(&ss->open, quic_bytes_of(&id, sizeof(id)));
}

/* stream_find returns stream |id|, a new one when it was never there; NULL when
   it is done, or (with |*rv|) memory ran out. */
static qd_stream *stream_find(qd_streams *ss, uint64_t id, int *rv) {
  qd_stream *st = ss->last;

  if (st && st->id == id) {
    return st;
  }
  st = quic_map_get(&ss->open, quic_bytes_of(&id, sizeof(id)));
  if (st) {
    ss->last = st;
    quic_list_remove(&st->lru);
    quic_list_push_back(&ss->lru, &st->lru);
    return st;
  }
  if (quic_rangeset_has(&ss->retired[id & 3], id >> 2)) {
    return NULL;
  }
  if (ss->open.len >= QD_STREAMS_MAX) {
    (void)qd_streams_evict(ss);
  }
  st = quic_mem_zalloc(ss->pool->mem, sizeof(*st));
  if (!st) {
    *rv = QUIC_ERR_NOMEM;
    return NULL;
  }
  st->id = id;
  quic_inorder_init(&st->half[QD_CLIENT].in);
  quic_inorder_init(&st->half[QD_SERVER].in);
  if (quic_map_put(&ss->open, quic_bytes_of(&id, sizeof(id)), st) != 0) {
    quic_mem_free(ss->pool->mem, st);
    *rv = QUIC_ERR_NOMEM;
    return NULL;
  }
  quic_list_push_back(&ss->lru, &st->lru);
  ss->opened++;
  ss->last = st;
  return st;
}

static int stream_data(qd_streams *ss, qd_stream *st, qd_side side,
                       const quic_frame *f, unsigned *found) {
  stream_ctx ctx = {ss, st, side};
  qd_half *half = &st->half[side];
  quic_bytes data = f->u.stream.data;
  bool fin = (f->type & 1) && !f->missing;
  int rv;

  half->octets += data.len;
  if (f->u.stream.offset < half->in.offset &&
      quic_history_conflicts(&ss->pool->history, &half->past,
                             f->u.stream.offset, data)) {
    *found |= QUIC_INORDER_CONFLICT;
  }
  for (int attempt = 0;; attempt++) {
    unsigned bits = 0;

    rv = quic_inorder_add(&half->in, ss->pool->mem, &ss->pool->budget,
                          f->u.stream.offset, data, fin, stream_octets, &ctx,
                          &bits);
    *found |= bits;
    if (rv != QUIC_ERR_LIMIT || attempt) {
      break;
    }
    /* No room behind holes: the capture lost these octets for good. */
    stream_give_up(ss, st, side);
  }
  ss->conflicts += (*found & QUIC_INORDER_CONFLICT) != 0;
  return rv == QUIC_ERR_NOMEM ? rv : 0;
}

/* stream_promise notes how much comes in spite of a reset: the least that was
   said (draft-ietf-quic-reliable-stream-reset). */
static void stream_promise(qd_half *half, const quic_frame *f) {
  uint64_t size = f->type == QUIC_FRAME_RESET_STREAM_AT
                      ? f->u.reset_stream.reliable_size
                      : 0;

  half->reliable = size < half->reliable ? size : half->reliable;
}

int qd_streams_frame(qd_streams *ss, qd_side side, const quic_frame *f,
                     unsigned *found) {
  bool stream = f->type >> 3 == QUIC_FRAME_STREAM >> 3;
  qd_side sender = side;
  uint64_t id = stream ? f->u.stream.stream_id : f->u.reset_stream.stream_id;
  qd_stream *st;
  qd_half *half;
  int rv = 0;

  *found = 0;
  if (f->type == QUIC_FRAME_STOP_SENDING) {
    sender = side == QD_CLIENT ? QD_SERVER : QD_CLIENT;
    id = f->u.stop_sending.stream_id;
  }
  if (!qd_stream_sends(id, sender)) {
    *found = QD_STREAM_WRONG_SIDE;
    return 0;
  }
  st = stream_find(ss, id, &rv);
  if (!st) {
    return rv;
  }
  half = &st->half[sender];
  if (stream) {
    rv = stream_data(ss, st, sender, f, found);
  } else if (f->type == QUIC_FRAME_STOP_SENDING) {
    if (!half->stopped) {
      half->stopped = true;
      half->stop_code = f->u.stop_sending.error_code;
      if (ss->app) {
        ss->app->stop(ss->app, st, side, half->stop_code);
      }
    }
  } else {
    *found = quic_inorder_end(&half->in, f->u.reset_stream.final_size);
    if (!half->reset) {
      half->reset = true;
      half->reset_code = f->u.reset_stream.error_code;
      half->reliable = UINT64_MAX;
    }
    stream_promise(half, f);
  }
  stream_ended(ss, st, sender, false);
  stream_retire(ss, st);
  return rv;
}

/* stream_leave ends the application, which forgot all streams. */
static void stream_leave(qd_streams *ss) {
  if (ss->app) {
    ss->app->finish(ss->app);
    ss->app->del(ss->app);
    ss->app = NULL;
  }
}

void qd_streams_restart(qd_streams *ss) {
  quic_list *item = ss->lru.next;

  while (item != &ss->lru) {
    qd_stream *st = QUIC_LIST_ITEM(item, qd_stream, lru);

    item = item->next;
    if (st->id & 1) {
      if (ss->app) {
        ss->app->forget(ss->app, st);
      }
    } else {
      stream_drop(ss, st);
    }
  }
  stream_leave(ss);
  for (size_t i = 0; i < 4; i += 2) { /* those of the client */
    quic_rangeset_free(&ss->retired[i]);
    quic_rangeset_init(&ss->retired[i], ss->pool->mem, QD_STREAMS_RETIRED_MAX);
  }
}

void qd_streams_free(qd_streams *ss) {
  while (!quic_list_empty(&ss->lru)) {
    qd_stream *st = QUIC_LIST_ITEM(ss->lru.next, qd_stream, lru);

    stream_give_up(ss, st, QD_CLIENT);
    stream_give_up(ss, st, QD_SERVER);
    stream_ended(ss, st, QD_CLIENT, true);
    stream_ended(ss, st, QD_SERVER, true);
    stream_drop(ss, st);
  }
  stream_leave(ss);
  quic_map_free(&ss->open);
  for (size_t i = 0; i < 4; i++) {
    quic_rangeset_free(&ss->retired[i]);
  }
}
