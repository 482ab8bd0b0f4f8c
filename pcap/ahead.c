#include "pcap/ahead.h"

#include "pcap/decoding.h"
#include "pcap/lane.h"
#include "pcap/workers.h"

/* A packet that is opened ahead.  A thread writes |done|, |rv| and |payload|,
   the owner all else before it posts the job. */
typedef struct ahead_job {
  const quic_mem *mem;
  qd_lane *lane;
  uint32_t fill;  /* of the lane: whose keys these are */
  uint32_t epoch; /* of the lane */
  const uint8_t *packet;
  size_t len;
  uint8_t *out;
  qd_foreseen seen;
  bool loss_bits;
  bool used;
  bool done; /* else there was no memory */
  int rv;
  quic_bytes payload;
} ahead_job;

typedef struct ahead_datagram {
  uint64_t frame;
  quic_time now;
  quic_datagram dg;
  size_t end;         /* of its octets in the arena */
  uint64_t first_job; /* tickets from here to the next datagram's are its */
} ahead_datagram;

struct qd_ahead {
  qd_ahead_settings set;
  bool on;     /* datagrams are queued */
  bool failed; /* no memory: never on */
  qd_workers *workers;
  /* the queue: those from |first| up to |last| wait; both only grow */
  ahead_datagram *datagrams;
  uint64_t first, last;
  uint8_t *arena; /* octets of datagrams, and room for what was opened */
  size_t head, tail;
  ahead_job *jobs;
  uint64_t posted;               /* jobs so far */
  const ahead_datagram *current; /* being decoded */
  uint64_t cursor;               /* its job to be asked for next */
  uint64_t used;                 /* jobs that were for use */
  qd_lane *lanes;
};

int qd_ahead_new(qd_ahead **out, const qd_ahead_settings *settings) {
  qd_ahead *ahead = quic_mem_zalloc(settings->mem, sizeof(*ahead));

  *out = ahead;
  if (!ahead) {
    return QUIC_ERR_NOMEM;
  }
  ahead->set = *settings;
  return 0;
}

static void ahead_free(qd_ahead *ahead) {
  const quic_mem *mem = ahead->set.mem;

  qd_workers_del(ahead->workers);
  for (size_t i = 0; ahead->lanes && i < QD_AHEAD_LANES; i++) {
    qd_lane_free(&ahead->lanes[i]);
  }
  quic_mem_free(mem, ahead->lanes);
  quic_mem_free(mem, ahead->jobs);
  quic_mem_free(mem, ahead->arena);
  quic_mem_free(mem, ahead->datagrams);
  ahead->workers = NULL;
  ahead->lanes = NULL;
  ahead->jobs = NULL;
  ahead->arena = NULL;
  ahead->datagrams = NULL;
}

void qd_ahead_del(qd_ahead *ahead) {
  if (ahead) {
    ahead_free(ahead);
    quic_mem_free(ahead->set.mem, ahead);
  }
}

/* ahead_run opens a packet, in any thread. */
static void ahead_run(void *user, unsigned who) {
  ahead_job *job = user;
  const quic_keys *keys = qd_lane_keys(job->lane, job->mem, who);
  quic_header h = {.pn_offset = job->seen.pn_offset};

  job->done = keys != NULL;
  if (keys) {
    job->rv = quic_packet_open(keys, job->packet, job->len, &h, &job->seen.um,
                               0, job->seen.pn, job->out, &job->payload);
  }
}

/* ahead_start makes the queue and the threads. */
static void ahead_start(qd_ahead *ahead) {
  const quic_mem *mem = ahead->set.mem;

  ahead->datagrams =
      quic_mem_resize(mem, NULL, QD_AHEAD_DATAGRAMS, sizeof(*ahead->datagrams));
  ahead->arena = quic_mem_alloc(mem, QD_AHEAD_OCTETS);
  ahead->jobs =
      quic_mem_resize(mem, NULL, QD_AHEAD_PACKETS, sizeof(*ahead->jobs));
  ahead->lanes = quic_mem_zalloc(mem, QD_AHEAD_LANES * sizeof(*ahead->lanes));
  ahead->on = ahead->datagrams && ahead->arena && ahead->jobs && ahead->lanes &&
              qd_workers_new(&ahead->workers, mem, ahead->set.threads,
                             QD_AHEAD_PACKETS, ahead_run) == 0;
  if (ahead->on) {
    qd_conntab_set_ahead(ahead->set.tab, ahead);
  } else {
    ahead->failed = true;
    ahead_free(ahead);
  }
}

/* --- the queue ---------------------------------------------------------- */

static ahead_datagram *ahead_at(const qd_ahead *ahead, uint64_t i) {
  return &ahead->datagrams[i & (QD_AHEAD_DATAGRAMS - 1)];
}

/* ahead_oldest_job returns the first ticket that belongs to what waits. */
static uint64_t ahead_oldest_job(const qd_ahead *ahead) {
  return ahead->first < ahead->last ? ahead_at(ahead, ahead->first)->first_job
                                    : ahead->posted;
}

/* ahead_reserve finds |len| octets in a row; false: too much waits.  |tail|
   never meets |head| from behind, so that equal means empty. */
static bool ahead_reserve(qd_ahead *ahead, size_t len) {
  if (ahead->first == ahead->last) {
    ahead->head = ahead->tail = 0;
  }
  if (ahead->tail >= ahead->head) {
    if (QD_AHEAD_OCTETS - ahead->tail >= len) {
      return true;
    }
    if (ahead->head <= len) {
      return false;
    }
    ahead->tail = 0;
    return true;
  }
  return ahead->head - ahead->tail > len;
}

/* ahead_settle looks at the jobs of a datagram that was decoded. */
static void ahead_settle(qd_ahead *ahead, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i < to; i++) {
    const ahead_job *job = &ahead->jobs[i & (QD_AHEAD_PACKETS - 1)];

    qd_workers_wait(ahead->workers, i);
    if (job->fill == job->lane->fill) {
      qd_lane_score(job->lane, job->used && job->rv == 0);
    }
  }
}

/* ahead_pop decodes the oldest datagram. */
static void ahead_pop(qd_ahead *ahead) {
  const ahead_datagram *d = ahead_at(ahead, ahead->first);
  uint64_t end = ahead->first + 1 < ahead->last
                     ? ahead_at(ahead, ahead->first + 1)->first_job
                     : ahead->posted;

  ahead->current = d;
  ahead->cursor = d->first_job;
  ahead->set.fn(ahead->set.user, d->frame, d->now, &d->dg);
  ahead->current = NULL;
  ahead_settle(ahead, d->first_job, end);
  ahead->head = d->end;
  ahead->first++;
}

void qd_ahead_flush(qd_ahead *ahead) {
  /* Not from inside a datagram: that one is first in the queue. */
  while (!ahead->current && ahead->first < ahead->last) {
    ahead_pop(ahead);
  }
}

/* --- foreseeing --------------------------------------------------------- */

/* ahead_worth: |conn|'s packets cost much, and more of them will come. */
static bool ahead_worth(const qd_ahead *ahead, const qd_conn *conn,
                        qd_side side) {
  return ahead->set.eager ||
         (conn->sides[side].opened >= QD_AHEAD_FROM && conn->ring.suite &&
          conn->ring.suite->cost >= QD_AHEAD_COST);
}

/* ahead_lane returns the lane of what |side| of |conn| sends, or NULL. */
static qd_lane *ahead_lane(qd_ahead *ahead, const qd_conn *conn, qd_side side) {
  uint64_t id = qd_lane_id(conn, side);
  qd_lane *lane = &ahead->lanes[id & (QD_AHEAD_LANES - 1)];

  if (!qd_lane_fits(lane, conn, side)) {
    if (!ahead_worth(ahead, conn, side) ||
        (lane->id && lane->id != id &&
         ahead->last - lane->used < QD_AHEAD_LANE_IDLE)) {
      return NULL;
    }
    for (uint64_t i = ahead_oldest_job(ahead); i < ahead->posted; i++) {
      qd_workers_wait(ahead->workers, i); /* they may use the lane's keys */
    }
    if (qd_lane_fill(lane, ahead->set.mem, conn, side) != 0) {
      return NULL;
    }
  }
  lane->used = ahead->last;
  return lane->credit ? lane : NULL;
}

/* ahead_post foresees one packet, and has it opened. */
static void ahead_post(qd_ahead *ahead, qd_lane *lane, quic_bytes raw,
                       size_t cid_len, uint8_t *out) {
  ahead_job *job = &ahead->jobs[ahead->posted & (QD_AHEAD_PACKETS - 1)];

  if ((raw.len < QD_AHEAD_LEN_MIN && !ahead->set.eager) ||
      qd_lane_foresee(lane, raw, cid_len, &job->seen) != 0) {
    return;
  }
  job->mem = ahead->set.mem;
  job->lane = lane;
  job->fill = lane->fill;
  job->epoch = lane->epoch;
  job->packet = raw.data;
  job->len = raw.len;
  job->out = out;
  job->loss_bits = lane->loss_bits;
  job->used = false;
  ahead->posted = qd_workers_post(ahead->workers, job) + 1;
}

/* ahead_foresee guesses of |d| what the decoder will find first: it belongs to
   the newest connection between the addresses, and is cut as the last one. */
static void ahead_foresee(qd_ahead *ahead, const ahead_datagram *d,
                          uint8_t *out) {
  const quic_datagram *dg = &d->dg;
  size_t len = dg->payload.len;
  const qd_flow *flow;
  const qd_conn *conn;
  qd_side sender;
  qd_lane *lane;
  size_t size;

  if (dg->in_icmp || dg->wire_len != len || len == 0 ||
      (len < QD_AHEAD_LEN_MIN && !ahead->set.eager) ||
      (dg->payload.data[0] & QUIC_FIRST_LONG)) {
    return;
  }
  flow = qd_conntab_flow(ahead->set.tab, &dg->src, &dg->dst);
  if (!flow || flow->nconns == 0) {
    return;
  }
  conn = flow->conns[0];
  if (!qd_decoding_sender(conn, dg, &sender) ||
      conn->sides[!sender].cid_len < 0 ||
      conn->ring.spaces[sender].npaths != 1) {
    return;
  }
  lane = ahead_lane(ahead, conn, sender);
  size = conn->sides[sender].gso_size ? conn->sides[sender].gso_size : len;
  for (size_t pos = 0, n = 0; lane && pos < len && n < QD_AHEAD_SEGMENTS;
       pos += size, n++) {
    size_t piece = len - pos < size ? len - pos : size;

    ahead_post(ahead, lane, quic_bytes_of(dg->payload.data + pos, piece),
               (size_t)conn->sides[!sender].cid_len, out + pos);
  }
}

/* ahead_full: there is no place for another datagram of |len| octets.  Packets
   keep their places until their datagram was decoded. */
static bool ahead_full(qd_ahead *ahead, size_t len) {
  return ahead->last - ahead->first == QD_AHEAD_DATAGRAMS ||
         ahead->posted - ahead_oldest_job(ahead) >
             QD_AHEAD_PACKETS - QD_AHEAD_SEGMENTS ||
         !ahead_reserve(ahead, 2 * len);
}

bool qd_ahead_push(qd_ahead *ahead, uint64_t frame, quic_time now,
                   const quic_datagram *dg) {
  size_t len = dg->payload.len;
  ahead_datagram *d;
  uint8_t *room;

  while (ahead_full(ahead, len)) {
    if (ahead->first == ahead->last) {
      return false; /* it would not fit into an empty queue */
    }
    ahead_pop(ahead);
  }
  room = ahead->arena + ahead->tail;
  ahead->tail += 2 * len;
  if (len) {
    memcpy(room, dg->payload.data, len);
  }
  d = ahead_at(ahead, ahead->last++);
  d->frame = frame;
  d->now = now;
  d->dg = *dg;
  d->dg.payload = quic_bytes_of(room, len);
  d->end = ahead->tail;
  d->first_job = ahead->posted;
  ahead_foresee(ahead, d, room + len);
  return true;
}

/* --- what the decoder asks ---------------------------------------------- */

/* ahead_find returns the job that opens the |len| octets at |packet|, which are
   part of the datagram that is decoded, or NULL. */
static ahead_job *ahead_find(qd_ahead *ahead, const uint8_t *packet,
                             size_t len) {
  const ahead_datagram *d = ahead->current;
  uint64_t end;

  if (!d || ahead->posted == d->first_job) {
    return NULL;
  }
  end = ahead->first + 1 < ahead->last
            ? ahead_at(ahead, ahead->first + 1)->first_job
            : ahead->posted;
  /* Most often the one that was found last, or the next. */
  for (uint64_t i = ahead->cursor; i < end && i < ahead->cursor + 2; i++) {
    ahead_job *job = &ahead->jobs[i & (QD_AHEAD_PACKETS - 1)];

    if (job->packet == packet && job->len == len) {
      ahead->cursor = i;
      return job->fill == job->lane->fill ? job : NULL;
    }
  }
  return NULL;
}

bool qd_ahead_unmask(qd_ahead *ahead, const quic_hp *hp, const uint8_t *packet,
                     const quic_header *h, bool loss_bits, quic_unmasked *um) {
  const ahead_job *job = ahead_find(ahead, packet, h->packet_len);

  if (!job || job->loss_bits != loss_bits ||
      job->seen.pn_offset != h->pn_offset ||
      !job->lane->keys[0].crypto->hp_same(hp, job->lane->hp)) {
    return false;
  }
  *um = job->seen.um;
  return true;
}

bool qd_ahead_open(qd_ahead *ahead, const quic_keys *keys,
                   const uint8_t *packet, const quic_header *h,
                   const quic_unmasked *um, uint32_t path_id, uint64_t pn,
                   int *rv, quic_bytes *payload) {
  ahead_job *job = ahead_find(ahead, packet, h->packet_len);

  if (!job || path_id || job->seen.pn != pn ||
      job->seen.pn_offset != h->pn_offset || job->seen.um.first != um->first ||
      job->seen.um.pn_len != um->pn_len ||
      job->seen.um.truncated != um->truncated ||
      !quic_keys_same(keys, &job->lane->keys[0])) {
    return false;
  }
  qd_workers_wait(ahead->workers, ahead->cursor); /* where it was found */
  if (!job->done) {
    return false;
  }
  ahead->used += job->rv == 0 && !job->used;
  job->used = true;
  *rv = job->rv;
  *payload = job->payload;
  return true;
}

uint64_t qd_ahead_used(const qd_ahead *ahead) {
  return ahead->used;
}

void qd_ahead_opened(qd_ahead *ahead, const qd_packet *p) {
  const ahead_job *job;

  if (ahead->failed) {
    return;
  }
  if (!ahead->on) {
    if (ahead_worth(ahead, p->conn, p->sender)) {
      ahead_start(ahead);
    }
    return;
  }
  job = ahead_find(ahead, p->raw.data, p->raw.len);
  if (job && p->path_id == 0) {
    qd_lane_correct(job->lane, job->epoch, job->seen.pn, p->header.pn);
  }
}
