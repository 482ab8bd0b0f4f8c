#include "pcap/coverage.h"

#include "pcap/coverage_data.h"

int qd_coverage_new(qd_coverage **out, const quic_mem *mem) {
  qd_coverage *cov = quic_mem_zalloc(mem, sizeof(*cov));

  *out = cov;
  if (!cov) {
    return QUIC_ERR_NOMEM;
  }
  cov->mem = mem;
  return 0;
}

static void coverage_free_block(qd_coverage *cov, qd_block *block) {
  if (block) {
    quic_mem_free(cov->mem, block->causes);
    quic_mem_free(cov->mem, block);
  }
}

void qd_coverage_del(qd_coverage *cov) {
  if (!cov) {
    return;
  }
  for (size_t i = 0; i < cov->nconns; i++) {
    coverage_free_block(cov, cov->conns[i].block);
  }
  coverage_free_block(cov, cov->stray.block);
  quic_mem_free(cov->mem, cov->conns);
  quic_mem_free(cov->mem, cov);
}

/* coverage_widen makes tallies up to |number|. */
static bool coverage_widen(qd_coverage *cov, uint32_t number) {
  size_t old = cov->nconns;
  void *items = cov->conns;

  if (number >= QD_COVERAGE_CONNS_MAX ||
      quic_mem_grow(cov->mem, &items, &cov->conns_cap, (size_t)number + 1,
                    sizeof(*cov->conns)) != 0) {
    return false;
  }
  cov->conns = items;
  cov->nconns = (size_t)number + 1;
  memset(cov->conns + old, 0, (cov->nconns - old) * sizeof(*cov->conns));
  return true;
}

static qd_tally *coverage_tally(qd_coverage *cov, const qd_packet *p) {
  uint32_t number;

  if (!p->conn) {
    return &cov->stray;
  }
  number = p->conn->number;
  if (number >= cov->seen) {
    cov->seen = (uint64_t)number + 1;
  }
  if (number < cov->nconns || coverage_widen(cov, number)) {
    return &cov->conns[number];
  }
  return &cov->rest;
}

/* coverage_learn takes what the connection knows by now; the hello may come
   behind the first closed packet. */
static void coverage_learn(qd_block *block, const qd_conn *conn) {
  const qd_facts *facts = &conn->facts;
  size_t len = strlen(facts->sni);

  block->addrs[QD_CLIENT] = conn->sides[QD_CLIENT].addr;
  block->addrs[QD_SERVER] = conn->sides[QD_SERVER].addr;
  block->version = conn->version;
  block->has_random = facts->has_random;
  memcpy(block->random, facts->random, sizeof(block->random));
  len = len < sizeof(block->sni) ? len : sizeof(block->sni) - 1;
  memcpy(block->sni, facts->sni, len);
  block->sni[len] = '\0';
  block->settled = facts->hello_complete;
}

static qd_block *coverage_block(qd_coverage *cov, qd_tally *tally) {
  if (!tally->block && tally != &cov->rest &&
      cov->nblocks < QD_COVERAGE_BLOCKS_MAX) {
    tally->block = quic_mem_zalloc(cov->mem, sizeof(*tally->block));
    cov->nblocks += tally->block != NULL;
  }
  return tally->block;
}

static qd_cause *coverage_add_cause(qd_coverage *cov, qd_block *block) {
  void *items = block->causes;
  qd_cause *cause;

  if (cov->ncauses >= QD_COVERAGE_LINES_MAX ||
      quic_mem_grow(cov->mem, &items, &block->causes_cap, block->ncauses + 1,
                    sizeof(*block->causes)) != 0) {
    return NULL;
  }
  block->causes = items;
  cause = &block->causes[block->ncauses++];
  memset(cause, 0, sizeof(*cause));
  cov->ncauses++;
  return cause;
}

static uint8_t coverage_sender(const qd_packet *p) {
  return (uint8_t)(p->sender_known ? p->sender : QD_COVERAGE_UNKNOWN);
}

/* The version of |p|; a short header has none of its own. */
static uint32_t coverage_version(const qd_packet *p) {
  return p->header.is_long ? p->header.version : p->conn ? p->conn->version : 0;
}

/* coverage_start fills what the first packet of a cause tells. */
static void coverage_start(qd_cause *cause, const qd_packet *p,
                           const qd_tally *tally) {
  const quic_header *h = &p->header;

  cause->reason = (uint8_t)p->reason;
  cause->level = (uint8_t)qd_packet_level(h->type);
  cause->sender = coverage_sender(p);
  cause->icmp = (p->notes & QD_NOTE_ICMP) != 0;
  cause->version = coverage_version(p);
  cause->captured = (uint32_t)p->raw.len;
  cause->wire =
      h->missing ? (uint32_t)(p->raw.len + h->missing) : p->datagram_len;
  cause->first = p->frame;
  if (h->dcid.len && h->dcid.len <= sizeof(cause->cid)) {
    cause->cid_len = (uint8_t)h->dcid.len;
    memcpy(cause->cid, h->dcid.data, h->dcid.len);
  }
  if (cause->level == QD_LEVEL_APP && p->sender_known) {
    cause->before = tally->last[p->sender];
  }
}

static qd_cause *coverage_find_cause(qd_coverage *cov, qd_block *block,
                                     const qd_packet *p,
                                     const qd_tally *tally) {
  qd_level level = qd_packet_level(p->header.type);
  uint8_t sender = coverage_sender(p);
  bool icmp = (p->notes & QD_NOTE_ICMP) != 0;
  qd_cause *cause;

  for (size_t i = 0; i < block->ncauses; i++) {
    cause = &block->causes[i];
    if (cause->reason == p->reason && cause->level == level &&
        cause->sender == sender && cause->icmp == icmp) {
      return cause;
    }
  }
  cause = coverage_add_cause(cov, block);
  if (cause) {
    coverage_start(cause, p, tally);
  }
  return cause;
}

static void coverage_closed(qd_coverage *cov, qd_tally *tally,
                            const qd_packet *p) {
  qd_block *block = coverage_block(cov, tally);
  qd_cause *cause = NULL;

  tally->packets++;
  tally->closed++;
  cov->packets++;
  cov->reasons[p->reason]++;
  if (block) {
    if (p->conn) {
      coverage_learn(block, p->conn);
    }
    cause = coverage_find_cause(cov, block, p, tally);
  }
  if (!cause) {
    cov->unlisted[p->reason]++;
    return;
  }
  cause->count++;
  cause->last = p->frame;
  cause->addr = p->src;
  cause->scattered |= cause->after.record != 0;
  cause->after.record = 0;
  cause->versions_differ |= coverage_version(p) != cause->version;
}

/* coverage_resumed notes that 1-RTT packets of |p|'s sender open again. */
static void coverage_resumed(qd_block *block, const qd_packet *p) {
  qd_mark mark = {p->frame, p->header.pn};

  for (size_t i = 0; i < block->ncauses; i++) {
    qd_cause *cause = &block->causes[i];

    if (cause->level == QD_LEVEL_APP && cause->sender == p->sender &&
        !cause->after.record) {
      cause->after = mark;
    }
  }
}

static void coverage_opened(qd_coverage *cov, qd_tally *tally,
                            const qd_packet *p) {
  tally->packets++;
  cov->packets++;
  if (p->header.type == QUIC_PACKET_1RTT && p->path_id == 0 &&
      !(p->notes & QD_NOTE_ICMP)) {
    tally->last[p->sender].record = p->frame;
    tally->last[p->sender].pn = p->header.pn;
    if (tally->block) {
      coverage_resumed(tally->block, p);
    }
  }
}

/* Reasons that a key can end, the likeliest first. */
static const qd_reason coverage_late[] = {
    QD_REASON_NO_SECRET, QD_REASON_NO_HELLO, QD_REASON_BEFORE_KEY,
    QD_REASON_UNKNOWN_CID, QD_REASON_AEAD_FAIL};

#define LATE_REASONS (sizeof(coverage_late) / sizeof(coverage_late[0]))

/* coverage_late_cause finds the cause that |p| was counted under: by level
   and record, and by sender as far as that was right then. */
static qd_cause *coverage_late_cause(qd_block *block, const qd_packet *p,
                                     bool same_sender) {
  qd_level level = qd_packet_level(p->header.type);

  for (size_t r = 0; block && r < LATE_REASONS; r++) {
    for (size_t i = 0; i < block->ncauses; i++) {
      qd_cause *cause = &block->causes[i];

      if (cause->count && cause->reason == coverage_late[r] &&
          cause->level == level && p->frame >= cause->first &&
          p->frame <= cause->last &&
          (!same_sender || cause->sender == p->sender)) {
        return cause;
      }
    }
  }
  return NULL;
}

/* coverage_late_reason finds the reason of |p| among the packets in no cause.
   QD_REASON_NONE: it was not counted. */
static qd_reason coverage_late_reason(const qd_coverage *cov) {
  for (size_t r = 0; r < LATE_REASONS; r++) {
    if (cov->unlisted[coverage_late[r]]) {
      return coverage_late[r];
    }
  }
  return QD_REASON_NONE;
}

/* coverage_take_back: what was counted as closed is open after all. */
static void coverage_take_back(qd_coverage *cov, qd_tally *tally,
                               const qd_packet *p) {
  qd_cause *cause = coverage_late_cause(tally->block, p, true);
  qd_reason reason;

  if (!cause) {
    cause = coverage_late_cause(tally->block, p, false);
  }
  if (cause) {
    cause->count--;
    reason = (qd_reason)cause->reason;
  } else {
    reason = coverage_late_reason(cov);
    if (reason == QD_REASON_NONE) {
      return;
    }
    cov->unlisted[reason]--;
  }
  cov->reasons[reason]--;
  tally->closed -= tally->closed != 0;
  cov->opened++;
}

static void coverage_clear(qd_coverage *cov, const qd_packet *p) {
  switch (p->state) {
  case QD_STATE_RESET:
    cov->resets++;
    break;
  case QD_STATE_PADDING:
    cov->paddings++;
    break;
  default:
    cov->retries += p->header.type == QUIC_PACKET_RETRY;
    cov->negotiations += p->header.type == QUIC_PACKET_VERSION_NEGOTIATION;
    break;
  }
}

void qd_coverage_packet(qd_coverage *cov, const qd_packet *p) {
  qd_tally *tally = coverage_tally(cov, p);

  if (p->state == QD_STATE_CLOSED) {
    coverage_closed(cov, tally, p);
    return;
  }
  if (!qd_packet_opened(p)) {
    coverage_clear(cov, p);
    return;
  }
  cov->unauthenticated += p->state == QD_STATE_UNAUTHENTICATED;
  if (p->notes & QD_NOTE_LATE) {
    coverage_take_back(cov, tally, p);
  } else {
    cov->opened++;
    coverage_opened(cov, tally, p);
  }
  if (tally->block && !tally->block->settled && p->conn) {
    coverage_learn(tally->block, p->conn);
  }
}
