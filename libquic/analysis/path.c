#include "analysis/path.h"

#include <string.h>

void quic_path_init(quic_path *path, const quic_mem *mem) {
  memset(path, 0, sizeof(*path));
  path->mem = mem;
  for (int i = 0; i < QUIC_SIDES; i++) {
    path->side[i].spin = -1;
    path->side[i].spin_edge = QUIC_TIME_NEVER;
    path->side[i].datagram_max_at = QUIC_MARK_NONE;
    quic_rtt_init(&path->spin[i]);
  }
}

void quic_path_free(quic_path *path) {
  for (int i = 0; i < QUIC_SIDES; i++) {
    quic_mem_free(path->mem, path->side[i].generations);
    path->side[i].generations = NULL;
    path->side[i].ngenerations = 0;
  }
  quic_mem_free(path->mem, path->tuples);
  quic_mem_free(path->mem, path->waiting);
  path->tuples = NULL;
  path->waiting = NULL;
  path->ntuples = path->tuples_cap = path->nwaiting = 0;
}

const char *quic_path_change_name(quic_path_change change) {
  static const char *const names[] = {"first", "rebinding", "migration",
                                      "preferred_address"};

  return names[change];
}

static bool path_tuple_is(const quic_path_tuple *t, const quic_addr *client,
                          const quic_addr *server) {
  return quic_addr_eq(&t->client, client) && quic_addr_eq(&t->server, server);
}

/* path_change tells why |client| and |server| differ from |old|.  A client that
   moves on purpose takes another connection ID (RFC 9000 §9.5); one behind a
   NAT does not know. */
static quic_path_change path_change(const quic_path *path,
                                    const qlog_packet *packet, int side,
                                    const quic_path_tuple *old,
                                    const quic_addr *server) {
  if (!quic_addr_eq(&old->server, server)) {
    return QUIC_PATH_PREFERRED;
  }
  if (side == QUIC_SIDE_CLIENT && path->dcid_len &&
      quic_bytes_eq(packet->header->dcid,
                    quic_bytes_of(path->dcid, path->dcid_len))) {
    return QUIC_PATH_REBINDING;
  }
  return QUIC_PATH_MIGRATION;
}

/* path_tuple finds or makes the tuple of |packet|.  Returns whether it is
   new. */
static bool path_tuple(quic_path *path, const qlog_packet *packet,
                       const quic_mark *at) {
  bool from_client = at->side == QUIC_SIDE_CLIENT;
  const quic_addr *client = from_client ? packet->src : packet->dst;
  const quic_addr *server = from_client ? packet->dst : packet->src;
  quic_path_tuple *t;

  if (path->ntuples &&
      path_tuple_is(&path->tuples[path->current], client, server)) {
    return false;
  }
  for (size_t i = 0; i < path->ntuples; i++) {
    if (path_tuple_is(&path->tuples[i], client, server)) {
      path->current = (uint8_t)i;
      return false;
    }
  }
  if (path->ntuples >= QUIC_PATH_TUPLES_MAX ||
      quic_mem_grow(path->mem, (void **)&path->tuples, &path->tuples_cap,
                    path->ntuples + 1, sizeof(path->tuples[0])) != 0) {
    path->tuples_dropped++;
    return false;
  }
  t = &path->tuples[path->ntuples];
  *t = (quic_path_tuple){.client = *client,
                         .server = *server,
                         .first = *at,
                         .challenged = QUIC_TIME_NEVER,
                         .validated = QUIC_TIME_NEVER};
  t->change = path->ntuples == 0
                  ? QUIC_PATH_FIRST
                  : path_change(path, packet, at->side,
                                &path->tuples[path->current], server);
  path->current = (uint8_t)path->ntuples++;
  return true;
}

/* path_dcid keeps the connection ID that the client uses. */
static void path_dcid(quic_path *path, quic_bytes dcid) {
  if (dcid.len == 0 || dcid.len > sizeof(path->dcid) ||
      (dcid.len == path->dcid_len &&
       memcmp(path->dcid, dcid.data, dcid.len) == 0)) {
    return;
  }
  memcpy(path->dcid, dcid.data, dcid.len);
  path->dcid_len = (uint8_t)dcid.len;
}

/* path_spin follows the spin bit in the order of packet numbers, or of arrival
   where they are not known (RFC 9000 §17.4). */
static bool path_spin(quic_path *path, const quic_header *header,
                      const quic_mark *at) {
  quic_path_side *s = &path->side[at->side];
  int spin = (header->first & QUIC_FIRST_SPIN) != 0, old = s->spin;

  s->spin_packets++;
  if (at->number != QLOG_NONE) {
    if (old >= 0 && at->number <= s->spin_number) {
      return false;
    }
    s->spin_number = at->number;
  }
  s->spin = spin;
  if (old < 0 || spin == old) {
    return false;
  }
  if (s->spin_edge != QUIC_TIME_NEVER) {
    quic_rtt_sample(&path->spin[at->side],
                    quic_time_since(at->time, s->spin_edge), 0, 0, false);
  }
  s->spin_edge = at->time;
  s->spin_edges++;
  return true;
}

/* path_key counts packets by generation of keys. */
static bool path_key(quic_path *path, uint64_t phase, const quic_mark *at) {
  quic_path_side *s = &path->side[at->side];
  size_t i = s->ngenerations, cap = s->generations_cap;

  while (i && s->generations[i - 1].phase != phase) {
    i--;
  }
  if (i) {
    s->generations[i - 1].packets++;
    return false;
  }
  s->updates = phase > s->updates ? phase : s->updates;
  if (s->ngenerations >= QUIC_PATH_UPDATES_MAX ||
      quic_mem_grow(path->mem, (void **)&s->generations, &cap,
                    s->ngenerations + 1, sizeof(s->generations[0])) != 0) {
    return false;
  }
  s->generations_cap = cap;
  s->generations[s->ngenerations++] = (quic_path_generation){phase, *at, 1};
  return phase != 0;
}

unsigned quic_path_packet(quic_path *path, const qlog_packet *packet,
                          const quic_mark *at, bool new_datagram) {
  quic_path_side *s = &path->side[at->side];
  unsigned news = 0;

  if (packet->src && packet->dst) {
    if (path_tuple(path, packet, at)) {
      news |= QUIC_PATH_NEW_TUPLE;
    }
    if (path->ntuples) {
      quic_path_tuple *t = &path->tuples[path->current];

      t->last = at->time;
      t->packets[at->side]++;
      t->octets[at->side] += quic_packet_octets(packet);
    }
    if (at->side == QUIC_SIDE_CLIENT) {
      path_dcid(path, packet->header->dcid);
    }
  }
  if (packet->ecn >= 0) {
    s->ecn[packet->ecn & 3]++;
  } else {
    s->ecn_unset++;
  }
  if (new_datagram) {
    s->datagrams++;
    if (packet->datagram_length != QLOG_NONE &&
        packet->datagram_length > s->datagram_max) {
      s->datagram_max = packet->datagram_length;
      s->datagram_max_at = *at;
    }
  }
  if (packet->header->type == QUIC_PACKET_1RTT) {
    if (path_spin(path, packet->header, at)) {
      news |= QUIC_PATH_SPIN;
    }
    if (packet->key_phase != QLOG_NONE &&
        path_key(path, packet->key_phase, at)) {
      news |= QUIC_PATH_KEY;
    }
  }
  return news;
}

static void path_challenge(quic_path *path, const quic_frame *f,
                           const quic_mark *at) {
  quic_path_challenge *c;

  path->challenges++;
  if (path->ntuples &&
      path->tuples[path->current].challenged == QUIC_TIME_NEVER) {
    path->tuples[path->current].challenged = at->time;
  }
  if (!path->waiting) {
    path->waiting = quic_mem_alloc(path->mem, QUIC_PATH_CHALLENGES_MAX *
                                                  sizeof(path->waiting[0]));
  }
  if (!path->waiting || f->u.path_challenge.data.len != sizeof(c->data)) {
    return;
  }
  if (path->nwaiting == QUIC_PATH_CHALLENGES_MAX) {
    memmove(&path->waiting[0], &path->waiting[1],
            --path->nwaiting * sizeof(path->waiting[0]));
  }
  c = &path->waiting[path->nwaiting++];
  *c = (quic_path_challenge){
      .time = at->time, .side = at->side, .tuple = path->current};
  memcpy(c->data, f->u.path_challenge.data.data, sizeof(c->data));
}

/* path_response ends the wait of what it answers.  It validates the path of the
   challenge, wherever it comes from (RFC 9000 §8.2.3). */
static void path_response(quic_path *path, const quic_frame *f,
                          const quic_mark *at) {
  path->responses++;
  for (size_t i = 0; i < path->nwaiting; i++) {
    quic_path_challenge *c = &path->waiting[i];
    quic_duration took = quic_time_since(at->time, c->time);

    if (c->side == at->side ||
        !quic_bytes_eq(f->u.path_challenge.data,
                       quic_bytes_of(c->data, sizeof(c->data)))) {
      continue;
    }
    path->matched++;
    if (took > path->validation_max) {
      path->validation_max = took;
    }
    if (c->tuple < path->ntuples &&
        path->tuples[c->tuple].validated == QUIC_TIME_NEVER) {
      path->tuples[c->tuple].validated = at->time;
    }
    memmove(c, c + 1, (--path->nwaiting - i) * sizeof(*c));
    return;
  }
}

static void path_max(uint64_t *value, uint64_t seen) {
  if (seen > *value) {
    *value = seen;
  }
}

void quic_path_frame(quic_path *path, const quic_frame *f,
                     const quic_mark *at) {
  quic_path_side *s = &path->side[at->side];

  switch (f->type) {
  case QUIC_FRAME_PATH_CHALLENGE:
    path_challenge(path, f, at);
    break;
  case QUIC_FRAME_PATH_RESPONSE:
    path_response(path, f, at);
    break;
  case QUIC_FRAME_ACK_ECN:
    path_max(&s->ect0, f->u.ack.ect0);
    path_max(&s->ect1, f->u.ack.ect1);
    path_max(&s->ce, f->u.ack.ce);
    break;
  default:
    break;
  }
}
