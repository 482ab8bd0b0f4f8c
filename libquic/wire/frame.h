#ifndef QUIC_WIRE_FRAME_H
#define QUIC_WIRE_FRAME_H

/* Frames: RFC 9000 §19, RFC 9221 DATAGRAM, ACK_FREQUENCY, RESET_STREAM_AT,
   TIMESTAMP, multipath.  One table drives decode, encode and every way of
   printing: a frame type is a row, its content a list of fields. */

#include "base/reader.h"
#include "base/writer.h"
#include "wire/header.h"

/* How a field is laid out on the wire and in struct quic_frame. */
typedef enum quic_field_kind {
  QUIC_FIELD_END,    /* closes a list */
  QUIC_FIELD_VARINT, /* uint64_t */
  QUIC_FIELD_FIXED,  /* quic_bytes of |size| octets */
  QUIC_FIELD_LV8,    /* quic_bytes behind an 8-bit length */
  QUIC_FIELD_LV,     /* quic_bytes behind a varint length */
  QUIC_FIELD_REST,   /* quic_bytes to the end of the packet */
  QUIC_FIELD_RANGES, /* quic_bytes: |ack.range_count| pairs gap, length */
  QUIC_FIELD_ZEROS   /* uint64_t: a run of octets equal to the type (0) */
} quic_field_kind;

/* What a number means, for printing. */
typedef enum quic_field_role {
  QUIC_ROLE_PLAIN,
  QUIC_ROLE_TRANSPORT_ERROR,
  QUIC_ROLE_APP_ERROR,
  QUIC_ROLE_FRAME_TYPE,
  QUIC_ROLE_STREAM_ID,
  QUIC_ROLE_OFFSET,
  QUIC_ROLE_TEXT, /* quic_bytes that should be UTF-8 */
  QUIC_ROLE_DATA, /* quic_bytes of payload */
  QUIC_ROLE_HEX   /* quic_bytes such as a CID or token */
} quic_field_role;

typedef struct quic_frame_field {
  quic_field_kind kind;
  quic_field_role role;
  uint16_t offset;  /* of the member in quic_frame */
  uint8_t size;     /* QUIC_FIELD_FIXED: octets */
  uint8_t if_mask;  /* present only when (type & if_mask) == if_value; */
  uint8_t if_value; /* mask 0 = always */
  const char *name; /* the RFC's field name in snake case */
} quic_frame_field;

#define QUIC_FRAME_FIELDS_MAX 9 /* PATH_ACK with ECN */

/* Rows' flags. */
#define QUIC_FRAME_INITIAL 0x01 /* legal in Initial (RFC 9000 table 3) */
#define QUIC_FRAME_0RTT 0x02
#define QUIC_FRAME_HANDSHAKE 0x04
#define QUIC_FRAME_1RTT 0x08
#define QUIC_FRAME_ELICITING 0x10 /* ack-eliciting */
#define QUIC_FRAME_PROBING 0x20   /* RFC 9000 §9.1 */
/* counts as in flight though not eliciting (PADDING) */
#define QUIC_FRAME_FLOW 0x40

typedef struct quic_frame_info {
  uint64_t type_first; /* types that the row covers */
  uint64_t type_last;
  uint64_t means;         /* the final type for type_first: the same, but for
                             the numbers of drafts */
  const char *name;       /* "MAX_STREAMS": the RFC's name */
  const char *short_name; /* "max_streams": for filters and qlog */
  unsigned flags;
  const quic_frame_field *fields;
} quic_frame_info;

typedef struct quic_frame {
  uint64_t type;               /* as on the wire */
  const quic_frame_info *info; /* static row */
  quic_bytes wire;             /* the whole frame, set by decode */
  uint64_t missing;   /* octets of the last field that quic_frame_decode_cut did
                         not find; 0 otherwise */
  uint8_t type_width; /* octets of the type varint */
  uint8_t width[QUIC_FRAME_FIELDS_MAX]; /* octets of each varint or varint
                                  length, by field index; 0 = shortest */
  union {
    struct {
      uint64_t count; /* octets, the type octet included */
    } padding;
    struct {
      uint64_t path_id; /* PATH_ACK only */
      uint64_t largest;
      uint64_t delay; /* raw, unscaled */
      uint64_t range_count;
      uint64_t first_range;
      quic_bytes ranges; /* raw varint pairs; see quic_ack_iter */
      uint64_t ect0, ect1, ce;
    } ack;
    struct {
      uint64_t stream_id, error_code, final_size, reliable_size;
    } reset_stream; /* and RESET_STREAM_AT */
    struct {
      uint64_t stream_id, error_code;
    } stop_sending;
    struct {
      uint64_t offset;
      quic_bytes data;
    } crypto;
    struct {
      quic_bytes token;
    } new_token;
    struct {
      uint64_t stream_id, offset;
      quic_bytes data;
    } stream; /* FIN is type & 1 */
    struct {
      uint64_t stream_id; /* MAX_STREAM_DATA, STREAM_DATA_BLOCKED */
      uint64_t limit;
    } limit; /* MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS, *_BLOCKED,
                MAX_PATH_ID, PATHS_BLOCKED */
    struct {
      uint64_t path_id; /* PATH_NEW_CONNECTION_ID only */
      uint64_t sequence, retire_prior_to;
      quic_bytes cid;
      quic_bytes reset_token;
    } new_cid;
    struct {
      uint64_t path_id; /* PATH_RETIRE_CONNECTION_ID, PATH_CIDS_BLOCKED */
      uint64_t sequence;
    } retire_cid;
    struct {
      quic_bytes data; /* 8 octets */
    } path_challenge;  /* and PATH_RESPONSE */
    struct {
      uint64_t error_code, frame_type; /* frame_type: 0x1c only */
      quic_bytes reason;
    } close;
    struct {
      quic_bytes data;
    } datagram;
    struct {
      uint64_t sequence, eliciting_threshold, max_ack_delay,
          reordering_threshold;
    } ack_frequency;
    struct {
      uint64_t value;
    } timestamp;
    struct {
      uint64_t path_id, value; /* PATH_ABANDON: error code; PATH_STATUS_*:
                                  sequence number */
    } path;
  } u;
} quic_frame;

/* Frame types by name, for code that must know one. */
enum {
  QUIC_FRAME_PADDING = 0x00,
  QUIC_FRAME_PING = 0x01,
  QUIC_FRAME_ACK = 0x02,
  QUIC_FRAME_ACK_ECN = 0x03,
  QUIC_FRAME_RESET_STREAM = 0x04,
  QUIC_FRAME_STOP_SENDING = 0x05,
  QUIC_FRAME_CRYPTO = 0x06,
  QUIC_FRAME_NEW_TOKEN = 0x07,
  QUIC_FRAME_STREAM = 0x08, /* to 0x0f */
  QUIC_FRAME_MAX_DATA = 0x10,
  QUIC_FRAME_MAX_STREAM_DATA = 0x11,
  QUIC_FRAME_MAX_STREAMS_BIDI = 0x12,
  QUIC_FRAME_MAX_STREAMS_UNI = 0x13,
  QUIC_FRAME_DATA_BLOCKED = 0x14,
  QUIC_FRAME_STREAM_DATA_BLOCKED = 0x15,
  QUIC_FRAME_STREAMS_BLOCKED_BIDI = 0x16,
  QUIC_FRAME_STREAMS_BLOCKED_UNI = 0x17,
  QUIC_FRAME_NEW_CONNECTION_ID = 0x18,
  QUIC_FRAME_RETIRE_CONNECTION_ID = 0x19,
  QUIC_FRAME_PATH_CHALLENGE = 0x1a,
  QUIC_FRAME_PATH_RESPONSE = 0x1b,
  QUIC_FRAME_CONNECTION_CLOSE = 0x1c, /* transport; 0x1d application */
  QUIC_FRAME_CONNECTION_CLOSE_APP = 0x1d,
  QUIC_FRAME_HANDSHAKE_DONE = 0x1e,
  QUIC_FRAME_IMMEDIATE_ACK = 0x1f,
  QUIC_FRAME_RESET_STREAM_AT = 0x24,
  QUIC_FRAME_DATAGRAM = 0x30, /* 0x31 with length */
  QUIC_FRAME_ACK_FREQUENCY = 0xaf,
  QUIC_FRAME_TIMESTAMP = 0x2f5,
  QUIC_FRAME_PATH_ACK = 0x3e, /* 0x3f with ECN */
  QUIC_FRAME_PATH_ABANDON = 0x3e75,
  QUIC_FRAME_PATH_STATUS_BACKUP = 0x3e76,
  QUIC_FRAME_PATH_STATUS_AVAILABLE = 0x3e77,
  QUIC_FRAME_PATH_NEW_CONNECTION_ID = 0x3e78,
  QUIC_FRAME_PATH_RETIRE_CONNECTION_ID = 0x3e79,
  QUIC_FRAME_MAX_PATH_ID = 0x3e7a,
  QUIC_FRAME_PATHS_BLOCKED = 0x3e7b,
  QUIC_FRAME_PATH_CIDS_BLOCKED = 0x3e7c
};

/* quic_frame_info_find returns the row of |type|, or NULL. */
const quic_frame_info *quic_frame_info_find(uint64_t type);

/* quic_frame_info_at returns row |i|, NULL past the end. */
const quic_frame_info *quic_frame_info_at(size_t i);

/* quic_frame_meaning returns the final type that |f|'s type stands for, flag
   bits included: 0x3f for the drafts' 0x15228c01; |f->type| itself where it is
   final or unknown. */
uint64_t quic_frame_meaning(const quic_frame *f);

/* quic_frame_legal tells whether a frame of |info| may appear in packets of
   |type| (RFC 9000 §12.4).  CONNECTION_CLOSE 0x1d is illegal in Initial and
   Handshake although 0x1c is not, so the two are rows of their own. */
bool quic_frame_legal(const quic_frame_info *info, quic_packet_type type);

/* quic_frame_decode reads one frame.  Its quic_bytes are borrowed from |rd|.
   Returns 0, QUIC_ERR_END (nothing left), QUIC_ERR_UNSUPPORTED (unknown type,
   which is in |f->type|; |rd| is left at its start, for what follows cannot
   be found), QUIC_ERR_SHORT (ends inside), or QUIC_ERR_MALFORMED (a value the
   RFC forbids in the encoding itself: an ACK range below 0, a CID length of 0
   or above 20 in NEW_CONNECTION_ID, an offset + length above 2^62-1).  After
   an error |f| holds the type and what was read. */
int quic_frame_decode(quic_frame *f, quic_reader *rd) QUIC_MUST_USE;

/* quic_frame_decode_cut is quic_frame_decode for a packet whose end a capture
   lost: a frame that ends in a byte field with a length gives what is left of
   it, and |f->missing| says how many octets are not there (0 for a field that
   runs to the packet's end, whose frame does not know).  Such a frame is the
   last one, and with |missing| set cannot be encoded. */
int quic_frame_decode_cut(quic_frame *f, quic_reader *rd) QUIC_MUST_USE;

/* quic_frame_encode writes |f|, with the widths in |f|.  Encoding a decoded
   frame gives the same octets.  Returns 0, QUIC_ERR_NOSPACE, or
   QUIC_ERR_INVALID (no row for the type, a value above 2^62-1, a CID or fixed
   field of the wrong length, or ACK ranges that are not |range_count| pairs
   or go below 0). */
int quic_frame_encode(const quic_frame *f, quic_writer *wr) QUIC_MUST_USE;

/* quic_frame_field_present tells whether |field| occurs in |f|, by its
   type's flag bits. */
bool quic_frame_field_present(const quic_frame *f,
                              const quic_frame_field *field);

/* quic_frame_uint and quic_frame_bytes return the value of |field| in |f|:
   the first for VARINT and ZEROS, the other for the rest. */
uint64_t quic_frame_uint(const quic_frame *f, const quic_frame_field *field);
quic_bytes quic_frame_bytes(const quic_frame *f, const quic_frame_field *field);

/* quic_ack_iter walks the acknowledged ranges from the largest down. */
typedef struct quic_ack_iter {
  quic_reader ranges;
  uint64_t smallest; /* of the range just returned */
  uint64_t left;     /* pairs to come */
  bool started;
  const quic_frame *frame;
} quic_ack_iter;

void quic_ack_iter_init(quic_ack_iter *it, const quic_frame *ack);

/* quic_ack_iter_next stores the next range [*smallest, *largest], both
   inclusive.  Returns false at the end. */
bool quic_ack_iter_next(quic_ack_iter *it, uint64_t *smallest,
                        uint64_t *largest);

#endif /* !defined(QUIC_WIRE_FRAME_H) */
