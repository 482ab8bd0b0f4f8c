#ifndef TESTS_SUPPORT_TALK_H
#define TESTS_SUPPORT_TALK_H

/* One connection as the traces see it, made of frames by hand, and what is told
   of it: a line for each thing that the application says or does wrong, and one
   for each request that ended.

     talk_init(&t, quic_mem_default(), "h3");
     talk_hex(&t, QD_CLIENT, 2, "00 0400", false);
     talk_end(&t);          nothing more comes
     t.told                 what was told
     talk_free(&t); */

#include "pcap/traces.h"

#define TALK_TOLD (256 << 10)
#define TALK_STREAMS 64 /* streams whose offsets are counted */

typedef struct talk {
  const quic_mem *mem;
  qd_traces *traces;
  qd_conn *conn;
  uint64_t crypto_total;
  uint64_t next[QD_SIDES][TALK_STREAMS]; /* offset of the next octet */
  uint64_t pn;
  quic_time now;
  size_t step;          /* octets of a frame at most; 0 = all */
  bool starved;         /* a packet could not be followed wholly */
  qd_output teller;     /* writes |told| */
  qd_output *others[2]; /* more of them, to be set before talk_open */
  size_t nothers;
  qd_output *outputs[3];
  quic_text text;
  char told[TALK_TOLD];
} talk;

/* talk_init makes a connection whose server chose |alpn| ("": unknown).  With
   |mem| running out it may have no traces; then nothing is told. */
void talk_init(talk *t, const quic_mem *mem, const char *alpn);

/* talk_open makes the traces, when talk_init did not: it does unless |others|
   are wanted. */
void talk_start(talk *t, const quic_mem *mem, const char *alpn);
void talk_open(talk *t);
void talk_end(talk *t);
void talk_free(talk *t);

/* talk_frame hands in one frame of |side|. */
void talk_frame(talk *t, qd_side side, const quic_frame *f);

/* talk_at hands in stream octets at |offset|; talk_octets the next ones, in
   frames of |t->step|; talk_hex takes hexadecimal. */
void talk_at(talk *t, qd_side side, uint64_t id, uint64_t offset,
             quic_bytes data, bool fin);
void talk_octets(talk *t, qd_side side, uint64_t id, quic_bytes data, bool fin);
void talk_hex(talk *t, qd_side side, uint64_t id, const char *hex, bool fin);
void talk_reset(talk *t, qd_side side, uint64_t id, uint64_t code);
void talk_stop(talk *t, qd_side side, uint64_t id, uint64_t code);

#endif /* !defined(TESTS_SUPPORT_TALK_H) */
