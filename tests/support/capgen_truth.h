#ifndef TESTS_SUPPORT_CAPGEN_TRUTH_H
#define TESTS_SUPPORT_CAPGEN_TRUTH_H

/* A UDP datagram that capgen built, together with what is in it: the packets,
   their frames, and what a reader of the capture should make of them.  The
   truth is written in the form of `quicdump --flat`, by code of its own:

     P frame index type version dcid pn key_phase length
     F frame index frame_index 0xTYPE key=value...
     # frame index conn=N side state reason=R generation=N path=N notes=A,B

   The third kind is for tests that look deeper than --flat. */

#include <stdio.h>

#include "base/addr.h"
#include "wire/frame.h"

typedef enum capgen_side {
  CAPGEN_CLIENT,
  CAPGEN_SERVER,
  CAPGEN_SIDES
} capgen_side;

typedef enum capgen_state {
  CAPGEN_OPEN,   /* opens, if enough of it is captured */
  CAPGEN_CLOSED, /* stays closed, for |reason| */
  CAPGEN_CLEAR,  /* is not encrypted */
  CAPGEN_RESET,
  CAPGEN_PADDING, /* no packet */
  CAPGEN_NOTHING  /* a reader does not see it */
} capgen_state;

/* A frame in a packet's payload. */
typedef struct capgen_mark {
  size_t start; /* in the payload, octets */
  size_t head;  /* octets before data that may be cut: what must be there */
  size_t len;
  bool zeros;  /* PADDING: a cut run is a shorter one */
  size_t text; /* in capgen_datagram.text */
} capgen_mark;

typedef struct capgen_truth {
  capgen_state state;
  const char *reason; /* CLOSED: its name in quicdump */
  const char *notes;  /* names with commas between; NULL: at |notes_at| */
  size_t notes_at;    /* in capgen_datagram.text */
  quic_packet_type type;
  bool is_long;
  uint32_t version;
  uint8_t dcid[QUIC_CID_MAX_ANY];
  uint8_t dcid_len;
  uint64_t pn;
  bool key_phase;
  int conn; /* number; -1 = none */
  capgen_side side;
  uint32_t generation;
  uint32_t path_id;
  size_t start;     /* in the datagram, octets */
  size_t pn_offset; /* in the packet */
  size_t payload;   /* where it starts in the packet */
  size_t len;
  size_t first_mark; /* in capgen_datagram.marks */
  size_t nmarks;
} capgen_truth;

typedef struct capgen_datagram {
  quic_addr src, dst;
  uint8_t ecn;
  uint8_t *data;
  size_t len, cap;
  capgen_truth *packets;
  size_t npackets, packets_cap;
  capgen_mark *marks;
  size_t nmarks, marks_cap;
  char *text; /* NUL-terminated texts of marks */
  size_t text_len, text_cap;
  struct capgen_datagram *next; /* in whoever keeps it */
} capgen_datagram;

/* capgen_grow makes room for |need| items of |size| octets; ends the program
   when there is none. */
void *capgen_grow(void *items, size_t *cap, size_t need, size_t size);

void capgen_datagram_clear(capgen_datagram *dg);
void capgen_datagram_del(capgen_datagram *dg);

/* capgen_truth_frame notes the encoded frame |f|, which starts at |start| of
   the payload and has |len| octets, for the packet that is added next. */
void capgen_truth_frame(capgen_datagram *dg, const quic_frame *f, size_t start,
                        size_t len);

/* capgen_truth_write writes the truth of |dg|, of whose payload |captured|
   octets are in capture record |record|.  |notes| are those of the datagram,
   "" or names with commas between. */
void capgen_truth_write(FILE *out, const capgen_datagram *dg, uint64_t record,
                        size_t captured, const char *notes);

#endif /* !defined(TESTS_SUPPORT_CAPGEN_TRUTH_H) */
