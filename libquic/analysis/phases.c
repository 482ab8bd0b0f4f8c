#include "analysis/phases.h"

#include <string.h>

#define PHASES_AMPLIFICATION 3   /* RFC 9000 §8.1 */
#define PHASES_DATAGRAM_MIN 1200 /* §14.1 */

void quic_phases_init(quic_phases *p) {
  memset(p, 0, sizeof(*p));
  for (int i = 0; i < QUIC_PHASES_MAX; i++) {
    p->at[i] = QUIC_MARK_NONE;
  }
  p->stall_end = QUIC_MARK_NONE;
  p->last = p->limit_at = QUIC_TIME_NEVER;
  p->early_first = QLOG_NONE;
}

const char *quic_phase_name(quic_phase phase) {
  static const char *const names[QUIC_PHASES_MAX] = {
      [QUIC_PHASE_CLIENT_INITIAL] = "client_initial",
      [QUIC_PHASE_VERSION_NEGOTIATION] = "version_negotiation",
      [QUIC_PHASE_RETRY] = "retry",
      [QUIC_PHASE_CLIENT_TOKEN] = "client_token",
      [QUIC_PHASE_CLIENT_0RTT] = "client_0rtt",
      [QUIC_PHASE_SERVER_INITIAL] = "server_initial",
      [QUIC_PHASE_SERVER_HELLO] = "server_hello",
      [QUIC_PHASE_SERVER_HANDSHAKE] = "server_handshake",
      [QUIC_PHASE_SERVER_1RTT] = "server_1rtt",
      [QUIC_PHASE_CLIENT_HANDSHAKE] = "client_handshake",
      [QUIC_PHASE_CLIENT_FINISHED] = "client_finished",
      [QUIC_PHASE_CLIENT_1RTT] = "client_1rtt",
      [QUIC_PHASE_COMPLETE] = "complete",
      [QUIC_PHASE_CONFIRMED] = "confirmed",
      [QUIC_PHASE_CLIENT_STREAM] = "client_stream",
      [QUIC_PHASE_SERVER_STREAM] = "server_stream",
  };

  return names[phase];
}

const char *quic_early_name(quic_early early) {
  static const char *const names[] = {"none", "sent", "accepted", "rejected"};

  return names[early];
}

bool quic_phases_complete(const quic_phases *p) {
  return quic_mark_set(&p->at[QUIC_PHASE_COMPLETE]);
}

bool quic_phases_answered(const quic_phases *p) {
  return quic_mark_set(&p->at[QUIC_PHASE_CLIENT_HANDSHAKE]) ||
         quic_mark_set(&p->at[QUIC_PHASE_CLIENT_1RTT]);
}

static void phases_mark(quic_phases *p, quic_phase phase, const quic_mark *at) {
  if (!quic_mark_set(&p->at[phase])) {
    p->at[phase] = *at;
  }
}

bool quic_phases_limited(const quic_phases *p) {
  return !p->validated && p->received &&
         p->sent + PHASES_DATAGRAM_MIN > PHASES_AMPLIFICATION * p->received;
}

/* phases_amplify counts what a server sends before it knows that the client
   receives at its address. */
static void phases_amplify(quic_phases *p, uint64_t octets,
                           const quic_mark *at) {
  if (octets == 0 || p->validated) {
    return;
  }
  if (at->side == QUIC_SIDE_CLIENT) {
    p->received += octets;
    if (p->limit_at != QUIC_TIME_NEVER) {
      p->limit_wait += quic_time_since(at->time, p->limit_at);
      p->limit_at = QUIC_TIME_NEVER;
    }
    return;
  }
  p->sent += octets;
  if (p->received == 0) {
    return; /* what was answered is not in the trace */
  }
  if (p->sent * 100 / p->received > p->ratio_max) {
    p->ratio_max = p->sent * 100 / p->received;
  }
  if (p->sent > PHASES_AMPLIFICATION * p->received) {
    p->limit_broken = true;
  }
  if (quic_phases_limited(p)) {
    p->limit_reached = true;
    p->limit_at = at->time;
  }
}

/* phases_acks: |ack| covers a number of [first, last]. */
static bool phases_acks(const quic_frame *ack, uint64_t first, uint64_t last) {
  uint64_t smallest, largest;
  quic_ack_iter it;

  quic_ack_iter_init(&it, ack);
  while (quic_ack_iter_next(&it, &smallest, &largest)) {
    if (smallest <= last && largest >= first) {
      return true;
    }
    if (largest < first) {
      break;
    }
  }
  return false;
}

/* phases_server_ack: an ACK in 1-RTT says what became of 0-RTT, and confirms
   the handshake when it covers a 1-RTT packet (RFC 9001 §4.1.2). */
static void phases_server_ack(quic_phases *p, const quic_frame *ack,
                              const quic_mark *at) {
  const quic_mark *client = &p->at[QUIC_PHASE_CLIENT_1RTT];
  bool answers = quic_mark_set(client) && client->number != QLOG_NONE &&
                 ack->u.ack.largest >= client->number;

  if (p->early == QUIC_EARLY_SENT && p->early_first != QLOG_NONE) {
    if (phases_acks(ack, p->early_first, p->early_last)) {
      quic_phases_early(p, true);
    } else if (answers) {
      quic_phases_early(p, false);
    }
  }
  if (answers) {
    phases_mark(p, QUIC_PHASE_CONFIRMED, at);
  }
}

static void phases_0rtt(quic_phases *p, const qlog_packet *packet,
                        const quic_mark *at) {
  phases_mark(p, QUIC_PHASE_CLIENT_0RTT, at);
  p->early_packets++;
  p->early_octets += quic_packet_octets(packet);
  if (p->early == QUIC_EARLY_NONE) {
    p->early = QUIC_EARLY_SENT;
  }
  if (at->number == QLOG_NONE) {
    return;
  }
  if (p->early_first == QLOG_NONE || at->number < p->early_first) {
    p->early_first = at->number;
  }
  if (at->number > p->early_last) {
    p->early_last = at->number;
  }
}

static void phases_1rtt(quic_phases *p, const quic_mark *at,
                        const quic_phases_facts *facts) {
  if (at->side == QUIC_SIDE_CLIENT) {
    phases_mark(p, QUIC_PHASE_CLIENT_1RTT, at);
    phases_mark(p, QUIC_PHASE_COMPLETE, at);
    return;
  }
  phases_mark(p, QUIC_PHASE_SERVER_1RTT, at);
  if (facts->done) {
    phases_mark(p, QUIC_PHASE_COMPLETE, at);
    phases_mark(p, QUIC_PHASE_CONFIRMED, at);
  }
  if (facts->ack && (p->early == QUIC_EARLY_SENT ||
                     !quic_mark_set(&p->at[QUIC_PHASE_CONFIRMED]))) {
    phases_server_ack(p, facts->ack, at);
  }
}

static void phases_type(quic_phases *p, const qlog_packet *packet,
                        const quic_mark *at, const quic_phases_facts *facts) {
  bool client = at->side == QUIC_SIDE_CLIENT;

  switch (packet->header->type) {
  case QUIC_PACKET_INITIAL:
    phases_mark(
        p, client ? QUIC_PHASE_CLIENT_INITIAL : QUIC_PHASE_SERVER_INITIAL, at);
    if (client && packet->header->token.len) {
      phases_mark(p, QUIC_PHASE_CLIENT_TOKEN, at);
      p->validated = true; /* unless it is refused, which does not show */
    } else if (!client && facts->crypto) {
      phases_mark(p, QUIC_PHASE_SERVER_HELLO, at);
    }
    break;
  case QUIC_PACKET_0RTT:
    phases_0rtt(p, packet, at);
    break;
  case QUIC_PACKET_HANDSHAKE:
    phases_mark(
        p, client ? QUIC_PHASE_CLIENT_HANDSHAKE : QUIC_PHASE_SERVER_HANDSHAKE,
        at);
    if (client) {
      p->validated = true;
      if (facts->crypto) {
        phases_mark(p, QUIC_PHASE_CLIENT_FINISHED, at);
        phases_mark(p, QUIC_PHASE_COMPLETE, at);
      }
    }
    break;
  case QUIC_PACKET_RETRY:
    phases_mark(p, QUIC_PHASE_RETRY, at);
    break;
  case QUIC_PACKET_VERSION_NEGOTIATION:
    phases_mark(p, QUIC_PHASE_VERSION_NEGOTIATION, at);
    break;
  case QUIC_PACKET_1RTT:
    phases_1rtt(p, at, facts);
    break;
  default:
    if (client && !quic_mark_set(&p->at[QUIC_PHASE_CLIENT_INITIAL])) {
      p->at[QUIC_PHASE_CLIENT_INITIAL] = *at;
    }
    break;
  }
}

void quic_phases_packet(quic_phases *p, const qlog_packet *packet,
                        const quic_mark *at, const quic_phases_facts *facts) {
  quic_duration gap =
      p->last == QUIC_TIME_NEVER ? 0 : quic_time_since(at->time, p->last);

  if (!quic_phases_complete(p)) {
    if (gap > p->stall) {
      p->stall = gap;
      p->stall_end = *at;
    }
    p->last = at->time;
    phases_amplify(p, facts->datagram, at);
  }
  phases_type(p, packet, at, facts);
  if (facts->crypto_repeated) {
    p->crypto_repeated[at->side] += facts->crypto_repeated;
    p->flights[at->side]++;
  }
  if (facts->stream) {
    phases_mark(p,
                at->side == QUIC_SIDE_CLIENT ? QUIC_PHASE_CLIENT_STREAM
                                             : QUIC_PHASE_SERVER_STREAM,
                at);
  }
}

void quic_phases_state(quic_phases *p, const char *name, const quic_mark *at) {
  static const struct phases_state {
    const char *name;
    quic_phase phase;
  } states[] = {
      {"handshake_complete", QUIC_PHASE_COMPLETE},
      {"handshake_completed", QUIC_PHASE_COMPLETE},
      {"handshake_confirmed", QUIC_PHASE_CONFIRMED},
  };

  for (size_t i = 0; name && i < sizeof(states) / sizeof(states[0]); i++) {
    if (strcmp(states[i].name, name) == 0) {
      phases_mark(p, states[i].phase, at);
    }
  }
}

void quic_phases_early(quic_phases *p, bool accepted) {
  p->early = accepted ? QUIC_EARLY_ACCEPTED : QUIC_EARLY_REJECTED;
  p->early_lost_octets = accepted ? 0 : p->early_octets;
}
