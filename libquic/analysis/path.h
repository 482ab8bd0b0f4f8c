#ifndef QUIC_ANALYSIS_PATH_H
#define QUIC_ANALYSIS_PATH_H

/* quic_path tells of the ways that a connection takes: addresses, migration and
   validation (RFC 9000 §8.2, §9), spin bit (§17.4), ECN (§13.4), sizes of
   datagrams, and key updates (RFC 9001 §6). */

#include "analysis/rtt.h"
#include "analysis/side.h"
#include "base/mem.h"

#define QUIC_PATH_TUPLES_MAX 16     /* address pairs that are kept */
#define QUIC_PATH_CHALLENGES_MAX 16 /* PATH_CHALLENGEs waiting */
#define QUIC_PATH_UPDATES_MAX 32    /* key updates that are kept, per side */

typedef enum quic_path_change {
  QUIC_PATH_FIRST,
  QUIC_PATH_REBINDING, /* another port of the client, nothing asked for it */
  QUIC_PATH_MIGRATION, /* another address, or probed before use */
  QUIC_PATH_PREFERRED  /* another address of the server */
} quic_path_change;

/* "first", "rebinding", "migration", "preferred_address". */
const char *quic_path_change_name(quic_path_change change);

typedef struct quic_path_tuple {
  quic_addr client, server;
  quic_path_change change;
  quic_mark first;
  quic_time last;
  quic_time challenged; /* first PATH_CHALLENGE on it; QUIC_TIME_NEVER */
  quic_time validated;  /* first matching PATH_RESPONSE */
  uint64_t packets[QUIC_SIDES];
  uint64_t octets[QUIC_SIDES]; /* of packets */
} quic_path_tuple;

/* A generation of 1-RTT keys of one side. */
typedef struct quic_path_generation {
  uint64_t phase; /* key updates before it */
  quic_mark first;
  uint64_t packets;
} quic_path_generation;

typedef struct quic_path_side {
  uint64_t ecn[4];         /* packets by the bits in their IP header */
  uint64_t ecn_unset;      /* those that do not tell */
  uint64_t ect0, ect1, ce; /* largest counts that its ACKs reported */
  uint64_t datagrams;
  uint64_t datagram_max; /* UDP payload, octets */
  quic_mark datagram_max_at;
  uint64_t updates;                     /* key updates seen */
  size_t ngenerations, generations_cap; /* kept in |generations| */
  quic_path_generation *generations;    /* NULL before the first 1-RTT packet */
  /* spin bit */
  int spin;             /* of the last packet in order; -1 = none yet */
  uint64_t spin_number; /* its packet number, or how many were seen */
  quic_time spin_edge;  /* last change; QUIC_TIME_NEVER */
  uint64_t spin_edges;
  uint64_t spin_packets;
} quic_path_side;

typedef struct quic_path_challenge {
  uint8_t data[8];
  quic_time time;
  int8_t side;   /* who asked */
  uint8_t tuple; /* on which */
} quic_path_challenge;

typedef struct quic_path {
  const quic_mem *mem;
  quic_path_tuple *tuples; /* in order of their first packet; lazily there */
  size_t ntuples, tuples_cap;
  uint64_t tuples_dropped;                 /* not kept */
  uint8_t current;                         /* the one of the last packet */
  uint64_t challenges, responses, matched; /* frames */
  quic_duration validation_max;            /* from challenge to response */
  quic_path_side side[QUIC_SIDES];
  quic_rtt spin[QUIC_SIDES];    /* by the edges in each side's packets */
  quic_path_challenge *waiting; /* lazily there */
  size_t nwaiting;
  uint8_t dcid[QUIC_CID_MAX]; /* that the client used last */
  uint8_t dcid_len;
} quic_path;

void quic_path_init(quic_path *path, const quic_mem *mem);
void quic_path_free(quic_path *path);

/* quic_path_packet takes a packet at |at|.  Returns a mask of what is new. */
#define QUIC_PATH_NEW_TUPLE 0x01
#define QUIC_PATH_SPIN 0x02 /* the spin bit changed */
#define QUIC_PATH_KEY 0x04  /* the key generation changed */
unsigned quic_path_packet(quic_path *path, const qlog_packet *packet,
                          const quic_mark *at, bool new_datagram);

/* quic_path_frame takes PATH_CHALLENGE, PATH_RESPONSE and ACK_ECN; others are
   passed over. */
void quic_path_frame(quic_path *path, const quic_frame *f, const quic_mark *at);

#endif /* !defined(QUIC_ANALYSIS_PATH_H) */
