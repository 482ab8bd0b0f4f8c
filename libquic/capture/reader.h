#ifndef QUIC_CAPTURE_READER_H
#define QUIC_CAPTURE_READER_H

/* Reads pcap and pcapng from bytes: microsecond and nanosecond pcap in both
   byte orders (also the Kuznetzov header), and every pcapng block
   (draft-ietf-opsawg-pcapng), several sections, interfaces and link types.  It
   owns no file: the caller hands it a window of octets and gives more when
   asked. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/time.h"

#define QUIC_CAPTURE_PACKET_MAX 262144    /* octets captured of one packet */
#define QUIC_CAPTURE_BLOCK_MAX (16 << 20) /* octets of one pcapng block */
#define QUIC_CAPTURE_INTERFACES_MAX 4096  /* in one section */

#define QUIC_CAPTURE_SECRETS_TLS 0x544c534bu /* Decryption Secrets: TLS log */

typedef enum quic_capture_kind {
  QUIC_CAPTURE_PACKET,  /* a frame of a link */
  QUIC_CAPTURE_SECRETS, /* Decryption Secrets Block */
  QUIC_CAPTURE_OTHER    /* a header or a block without interest; no data */
} quic_capture_kind;

typedef struct quic_capture_record {
  quic_capture_kind kind;
  uint64_t offset; /* of the record in the file, octets */
  quic_bytes data; /* PACKET: captured octets; SECRETS: the secrets */
  /* PACKET: */
  uint64_t number;       /* 1-based over the file, as other tools count */
  uint32_t interface_id; /* pcapng, over all sections; 0 in pcap */
  uint32_t linktype;     /* LINKTYPE_ value */
  uint32_t orig_len;     /* octets on the wire, >= data.len */
  bool has_time;         /* false in Simple Packet Blocks */
  quic_time time;        /* ns since 1970 */
  /* SECRETS: */
  uint32_t secrets_type;
} quic_capture_record;

typedef struct quic_capture_reader quic_capture_reader;

/* quic_capture_reader_new returns 0 or QUIC_ERR_NOMEM. */
int quic_capture_reader_new(quic_capture_reader **out,
                            const quic_mem *mem) QUIC_MUST_USE;
void quic_capture_reader_del(quic_capture_reader *cr);

/* quic_capture_reader_next takes one record from |window|, which starts where
   the last one ended.  |*used| says how many octets to move on (also on
   success, where |rec|->data borrows from |window|).  |last| means that
   nothing follows the window.  Returns
     0                    a record;
     QUIC_ERR_AGAIN       call again with at least |*need| octets in window,
                          or with |last|;
     QUIC_ERR_END         the file ends here, cleanly;
     QUIC_ERR_SHORT       |last| is set and the record is cut: see problem;
     QUIC_ERR_UNSUPPORTED not a capture at all, or an empty file (first record
                          only): see problem, which also names gzip and such;
     QUIC_ERR_MALFORMED   broken: see problem.  |*used| is 0 when nothing
                          can follow; otherwise the block is sound outside,
                          and the next call goes on behind it;
     QUIC_ERR_NOMEM. */
int quic_capture_reader_next(quic_capture_reader *cr, quic_bytes window,
                             bool last, size_t *used, size_t *need,
                             quic_capture_record *rec) QUIC_MUST_USE;

/* quic_capture_reader_skip asks how far a scan for secrets may jump: given the
   first octets (24 suffice) of a record in |window|, returns its whole length
   if it is not a Decryption Secrets Block, Section Header or Interface
   Description; 0 when it must be read with next. */
uint64_t quic_capture_reader_skip(const quic_capture_reader *cr,
                                  quic_bytes window);

/* quic_capture_reader_seek tells the reader that the caller skipped |len|
   octets (a whole record, as skip said).  Skipped packets are not counted in
   later numbers. */
void quic_capture_reader_seek(quic_capture_reader *cr, uint64_t len);

/* quic_capture_reader_problem returns the last error in one clause ("block
   length 7 is not a multiple of 4"); owned by |cr|. */
const char *quic_capture_reader_problem(const quic_capture_reader *cr);

/* quic_capture_reader_offset is the file offset of the next record. */
uint64_t quic_capture_reader_offset(const quic_capture_reader *cr);

/* quic_capture_reader_format: "pcap", "pcapng", or "" before the first. */
const char *quic_capture_reader_format(const quic_capture_reader *cr);

#endif /* !defined(QUIC_CAPTURE_READER_H) */
