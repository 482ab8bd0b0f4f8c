#include "pcap/hold.h"

#include "pcap/conntab.h"

void qd_hold_init(qd_hold *hold, const quic_mem *mem, quic_duration patience,
                  qd_packet_fn *fn, void *user) {
  memset(hold, 0, sizeof(*hold));
  hold->mem = mem;
  hold->patience = patience;
  hold->fn = fn;
  hold->user = user;
  quic_list_init(&hold->order);
  quic_list_init(&hold->parked);
}

static void hold_drop(qd_hold *hold, qd_held *held) {
  quic_list_remove(&held->order);
  quic_list_remove(&held->pending);
  hold->bytes -= held->bytes;
  if (held->p.conn) {
    if (held->waiting) {
      held->p.conn->pending_bytes -= held->bytes;
    }
    qd_conn_unref(held->p.conn);
  }
  quic_mem_free(hold->mem, held);
}

void qd_hold_free(qd_hold *hold) {
  while (!quic_list_empty(&hold->order)) {
    hold_drop(hold, QUIC_LIST_ITEM(hold->order.next, qd_held, order));
  }
  while (!quic_list_empty(&hold->parked)) {
    hold_drop(hold, QUIC_LIST_ITEM(hold->parked.next, qd_held, order));
  }
}

/* hold_move makes a run of octets that lay in |from| point into |to|. */
static quic_bytes hold_move(quic_bytes b, const uint8_t *from,
                            const uint8_t *to) {
  return b.data ? quic_bytes_of(to + (b.data - from), b.len) : b;
}

static void hold_rebase(qd_packet *p, uint8_t *block) {
  const uint8_t *from = p->raw.data;
  quic_header *h = &p->header;

  if (p->raw.len) {
    memcpy(block, from, p->raw.len);
  }
  h->dcid = hold_move(h->dcid, from, block);
  h->scid = hold_move(h->scid, from, block);
  h->token = hold_move(h->token, from, block);
  h->odcid = hold_move(h->odcid, from, block);
  h->retry_tag = hold_move(h->retry_tag, from, block);
  h->versions = hold_move(h->versions, from, block);
  p->raw.data = block;
  if (p->payload.len) {
    memcpy(block + p->raw.len, p->payload.data, p->payload.len);
    p->payload.data = block + p->raw.len;
  }
}

static qd_held *hold_add(qd_hold *hold, const qd_packet *p, bool waiting) {
  size_t room = p->raw.len + (waiting ? p->raw.len : p->payload.len);
  qd_held *held = quic_mem_alloc(hold->mem, sizeof(*held) + room);

  if (!held) {
    return NULL;
  }
  held->p = *p;
  held->bytes = sizeof(*held) + room;
  held->waiting = waiting;
  held->shown = false;
  held->since = hold->now;
  hold_rebase(&held->p, held->block);
  quic_list_init(&held->pending);
  quic_list_push_back(&hold->order, &held->order);
  hold->bytes += held->bytes;
  if (p->conn) {
    qd_conn_ref(p->conn);
    if (waiting) {
      quic_list_push_back(&p->conn->pending, &held->pending);
      p->conn->pending_bytes += held->bytes;
    }
  }
  return held;
}

void qd_hold_replace(qd_hold *hold, qd_held *held, const qd_packet *p) {
  qd_held *add;

  if (held->shown || !(add = hold_add(hold, p, false))) {
    qd_packet late = *p;

    /* Of the pieces of a datagram only the first was shown. */
    if (held->shown && p->index == held->p.index) {
      late.notes |= QD_NOTE_LATE;
    }
    hold->fn(hold->user, &late);
    return;
  }
  quic_list_remove(&add->order);
  quic_list_push_back(&held->order, &add->order); /* just before |held| */
}

void qd_hold_discard(qd_hold *hold, qd_held *held) {
  hold_drop(hold, held);
}

void qd_hold_settle(qd_hold *hold, qd_held *held) {
  if (held->waiting) {
    held->waiting = false;
    quic_list_remove(&held->pending);
    held->p.conn->pending_bytes -= held->bytes;
  }
  if (held->shown) {
    if (qd_packet_opened(&held->p)) {
      held->p.notes |= QD_NOTE_LATE;
      hold->fn(hold->user, &held->p);
    }
    hold_drop(hold, held);
  }
}

/* hold_park shows a packet as closed and lets it wait on, out of the way. */
static void hold_park(qd_hold *hold, qd_held *held) {
  held->shown = true;
  quic_list_remove(&held->order);
  quic_list_push_back(&hold->parked, &held->order);
  hold->fn(hold->user, &held->p);
}

/* hold_impatient shows a waiting packet as closed when it has held others back
   for too long.  Returns false while it still may. */
static bool hold_impatient(qd_hold *hold, qd_held *held) {
  if (hold->patience == QUIC_TIME_NEVER ||
      quic_time_since(hold->now, held->since) < hold->patience) {
    return false;
  }
  hold_park(hold, held);
  return true;
}

void qd_hold_release(qd_hold *hold) {
  while (!quic_list_empty(&hold->order)) {
    qd_held *held = QUIC_LIST_ITEM(hold->order.next, qd_held, order);

    if (!held->waiting) {
      hold->fn(hold->user, &held->p);
      hold_drop(hold, held);
    } else if (!hold_impatient(hold, held)) {
      return;
    }
  }
}

/* hold_hopeless: what waits for a hello or a version has waited longer than any
   handshake takes.  A secret may come at any time. */
static bool hold_hopeless(const qd_held *held, quic_time now) {
  return held->waiting && held->p.reason != QD_REASON_NO_SECRET &&
         quic_time_since(now, held->p.time) > QD_HOLD_HANDSHAKE;
}

void qd_hold_expire(qd_hold *hold, quic_time now) {
  while (!quic_list_empty(&hold->order)) {
    qd_held *held = QUIC_LIST_ITEM(hold->order.next, qd_held, order);

    if (!hold_hopeless(held, now)) {
      return;
    }
    hold_park(hold, held);
    qd_hold_release(hold);
  }
}

void qd_hold_tick(qd_hold *hold, quic_time now) {
  hold->now = now;
  qd_hold_release(hold);
}

/* hold_give_up ends the waiting of a packet for want of room. */
static void hold_give_up(qd_hold *hold, qd_held *held) {
  hold->given_up++;
  if (held->p.reason == QD_REASON_NO_SECRET) {
    held->p.reason = QD_REASON_BEFORE_KEY;
  }
  qd_hold_settle(hold, held);
}

/* hold_bound makes room: what was shown goes first, then what waits longest. */
static void hold_bound(qd_hold *hold) {
  while (hold->bytes > QD_HOLD_BYTES) {
    quic_list *at = hold->order.next;

    if (!quic_list_empty(&hold->parked)) {
      hold_give_up(hold, QUIC_LIST_ITEM(hold->parked.next, qd_held, order));
      continue;
    }
    while (at != &hold->order && !QUIC_LIST_ITEM(at, qd_held, order)->waiting) {
      at = at->next;
    }
    if (at == &hold->order) {
      break;
    }
    hold_give_up(hold, QUIC_LIST_ITEM(at, qd_held, order));
    qd_hold_release(hold);
  }
}

void qd_hold_packet(qd_hold *hold, const qd_packet *p) {
  qd_held *held = hold_add(hold, p, true);

  if (!held) {
    hold->given_up++;
    qd_hold_show(hold, p);
    return;
  }
  while (p->conn->pending_bytes > QD_HOLD_CONN_BYTES) {
    hold_give_up(hold, QUIC_LIST_ITEM(p->conn->pending.next, qd_held, pending));
  }
  qd_hold_release(hold);
  hold_bound(hold);
}

void qd_hold_show(qd_hold *hold, const qd_packet *p) {
  if (quic_list_empty(&hold->order) || !hold_add(hold, p, false)) {
    hold->fn(hold->user, p);
    return;
  }
  hold_bound(hold);
}

void qd_hold_finish(qd_hold *hold) {
  for (quic_list *at = hold->order.next; at != &hold->order; at = at->next) {
    qd_hold_settle(hold, QUIC_LIST_ITEM(at, qd_held, order));
  }
  qd_hold_release(hold);
  while (!quic_list_empty(&hold->parked)) {
    hold_drop(hold, QUIC_LIST_ITEM(hold->parked.next, qd_held, order));
  }
}
