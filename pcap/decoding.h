#ifndef QD_DECODING_H
#define QD_DECODING_H

/* What the files of the decoder share; nobody else includes it.  decoder.c cuts
   datagrams, longheader.c, shortheader.c and gquic.c know one kind of packet
   each, opening.c opens packets and takes their facts, decoding.c hands them
   out. */

#include "pcap/ahead.h"
#include "pcap/decoder.h"
#include "pcap/trial.h"

#define QD_DUPLICATES 1024 /* datagrams remembered, a power of two */

typedef struct qd_recent {
  uint64_t hash;
  quic_time time;
} qd_recent;

struct qd_decoder {
  qd_decoder_settings settings;
  qd_conntab tab;
  qd_hold hold;
  qd_trial trial;
  qd_ahead *ahead; /* NULL = packets are opened when they are decoded */
  uint32_t costly; /* |cost| of suites that |ahead| is for */
  qd_decoder_stats stats;
  uint8_t *scratch;
  size_t scratch_cap;
  qd_recent recent[QD_DUPLICATES];
  bool keys_final; /* nothing will be added to the key log */
  bool stopped;    /* what comes behind |frame| is dropped */
  uint64_t frame;  /* decoded last */
};

/* One datagram on its way. */
typedef struct qd_decoding {
  qd_decoder *dec;
  const quic_datagram *dg;
  uint64_t frame;
  quic_time now;
  qd_flow *flow;
  qd_conn *conn; /* of the packet before in this datagram */
  qd_side sender;
  quic_bytes dcid; /* of the first packet */
  size_t pos;      /* octets of the datagram done */
  size_t base;     /* octets before |dg|, when that is the rest of another */
  bool tried;      /* the keys of the Initial's own DCID do not open it */
  qd_held *held;   /* decoded again: what comes out takes its place */
  uint32_t index;
  uint32_t notes;
} qd_decoding;

/* qd_decoding_init makes |p| an empty packet of the datagram. */
void qd_decoding_init(const qd_decoding *ctx, qd_packet *p);

/* qd_decoding_emit counts |p| and hands it out, or holds it while a key for it
   may come. */
void qd_decoding_emit(qd_decoding *ctx, qd_packet *p);

/* qd_decoding_retry tries the packets of |conn| that wait for a key, if there
   are new facts. */
void qd_decoding_retry(qd_decoder *dec, qd_conn *conn);

/* qd_decoding_sender tells by addresses who of |conn| sent |dg|; false when
   they do not tell. */
bool qd_decoding_sender(const qd_conn *conn, const quic_datagram *dg,
                        qd_side *sender);

/* qd_decoding_guess_sender guesses: servers listen on low ports, else the one
   who is seen first is the client. */
qd_side qd_decoding_guess_sender(const quic_datagram *dg);

/* qd_decoding_new_conn makes a connection whose |sender| sent the datagram;
   NULL when out of memory. */
qd_conn *qd_decoding_new_conn(qd_decoding *ctx, qd_side sender);

bool qd_decoding_in_flow(const qd_flow *flow, const qd_conn *conn);

/* qd_decoding_moved binds |conn| to the addresses of a packet that it
   opened. */
void qd_decoding_moved(qd_decoding *ctx, qd_conn *conn, qd_side sender);

/* opening.c */

/* qd_decoding_open tries to open |p| with the keys of |conn| and takes its
   facts.  |p->sender| is corrected while it is only a guess.  Returns what
   qd_keyring_open does. */
int qd_decoding_open(qd_decoder *dec, qd_conn *conn, qd_packet *p);

/* qd_decoding_sent_by turns |conn| round when |side| sent something from |src|
   to |dst|, and until now only a guess said who is who. */
void qd_decoding_sent_by(qd_decoder *dec, qd_conn *conn, const quic_addr *src,
                         const quic_addr *dst, qd_side side);

/* qd_decoding_reason says why |p| stays closed, given what opening returned. */
qd_reason qd_decoding_reason(const qd_conn *conn, const qd_packet *p, int rv);

/* qd_decoding_may_open: a key for |p| may still come. */
bool qd_decoding_may_open(const qd_decoder *dec, const qd_conn *conn,
                          const qd_packet *p);

/* longheader.c, shortheader.c, gquic.c */

/* Each handles the packet at ctx->pos and returns the octets that it takes, 0
   when this is no QUIC. */
size_t qd_decoding_long(qd_decoding *ctx);
size_t qd_decoding_short(qd_decoding *ctx);
size_t qd_decoding_gquic(qd_decoding *ctx); /* before Q044 */

/* qd_decoding_short_again decodes |ctx|, which is a held short header packet of
   |conn| and what may be glued to it, with what is known by now.  Returns 0,
   or why it stays closed. */
int qd_decoding_short_again(qd_decoding *ctx, qd_conn *conn) QUIC_MUST_USE;

#endif /* !defined(QD_DECODING_H) */
