#ifndef QD_DECODER_H
#define QD_DECODER_H

/* From UDP datagrams to QUIC packets: which connection, which packets, which
   key.  The passive twin of a receiving endpoint, except that it knows both
   sides and gives up on nothing it may still learn. */

#include "capture/link.h"
#include "pcap/conntab.h"
#include "pcap/hold.h"

#define QD_CRYPTO_BYTES (16u << 20) /* CRYPTO streams of all connections */
/* Octets of one connection that are held while no hello was seen. */
#define QD_NO_HELLO_HELD (300u << 10)
/* Packets of one connection on which all unclaimed secrets are tried. */
#define QD_BORROWS_MAX 8
#define QD_BORROW_COST 4 /* keys derived for one of them */
/* Keys derived to find connections without a handshake in the capture, at
   least; see QD_TRIAL_ENTRY_KEYS. */
#define QD_TRIAL_KEYS 60000
#define QD_DUPLICATE_WINDOW (50 * QUIC_MILLISECOND)

typedef struct qd_decoder_settings {
  const quic_mem *mem;
  const quic_crypto *crypto;
  quic_keylog *keylog;    /* NULL = none; borrowed */
  quic_duration patience; /* ns that a packet may hold others back while it
                             waits for a key (hold.h) */
  bool late_keys;         /* the key log may still grow */
  uint64_t seed[2];       /* for the hash tables */
  qd_packet_fn *fn;       /* gets each packet */
  void *user;
} qd_decoder_settings;

typedef struct qd_decoder_stats {
  uint64_t datagrams; /* UDP datagrams seen */
  uint64_t quic_datagrams;
  uint64_t packets;    /* QUIC packets, padding not counted */
  uint64_t encrypted;  /* of them with packet protection */
  uint64_t opened;     /* of them opened, authenticated or not */
  uint64_t duplicates; /* datagrams */
  uint64_t late;       /* opened after they had been shown or held */
} qd_decoder_stats;

typedef struct qd_decoder qd_decoder;

/* qd_decoder_new returns 0 or QUIC_ERR_NOMEM. */
int qd_decoder_new(qd_decoder **out,
                   const qd_decoder_settings *settings) QUIC_MUST_USE;
void qd_decoder_del(qd_decoder *dec);

/* qd_decoder_datagram takes the datagram |dg| of capture record |frame|, seen
   at |now|. */
void qd_decoder_datagram(qd_decoder *dec, uint64_t frame, quic_time now,
                         const quic_datagram *dg);

/* qd_decoder_ahead lets |threads| threads (QD_WORKERS_MAX at most, and 0 is
   allowed) open packets before they are decoded, once the AEAD of a connection
   is a costly one.  Datagrams then wait in a queue until it is full, or until
   qd_decoder_flush or another function below is called; what comes out is the
   same, only later.  |eager| (for tests): at once, and whatever the AEAD costs.
   To be called before the first datagram; secrets may be added to the key log
   when nothing waits.  Without memory nothing changes. */
void qd_decoder_ahead(qd_decoder *dec, unsigned threads, bool eager);

/* qd_decoder_flush decodes what waits. */
void qd_decoder_flush(qd_decoder *dec);

/* qd_decoder_stop drops what waits and belongs to another record than the
   datagram in work; nothing more is handed in. */
void qd_decoder_stop(qd_decoder *dec);

/* qd_decoder_keys_changed tries what waits again, after the key log grew. */
void qd_decoder_keys_changed(qd_decoder *dec);

/* qd_decoder_set_patience changes the setting for what comes. */
void qd_decoder_set_patience(qd_decoder *dec, quic_duration patience);

/* qd_decoder_tick tells the time by a clock that does not go back. */
void qd_decoder_tick(qd_decoder *dec, quic_time now);

/* qd_decoder_finish hands out all that is held.  No key comes any more. */
void qd_decoder_finish(qd_decoder *dec);

const qd_decoder_stats *qd_decoder_get_stats(const qd_decoder *dec);

/* Connections forgotten, and packets let go, for want of room; attempts to open
   that were not made for want of work (qd_work). */
uint64_t qd_decoder_evicted(const qd_decoder *dec);
uint64_t qd_decoder_given_up(const qd_decoder *dec);
uint64_t qd_decoder_refused(const qd_decoder *dec);

/* Packets that were opened ahead, and found so when they were decoded. */
uint64_t qd_decoder_opened_ahead(const qd_decoder *dec);

#endif /* !defined(QD_DECODER_H) */
