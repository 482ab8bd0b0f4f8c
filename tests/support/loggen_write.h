#ifndef TESTS_SUPPORT_LOGGEN_WRITE_H
#define TESTS_SUPPORT_LOGGEN_WRITE_H

/* Writers: each renders the events of an endpoint as one logger in the field
   does, with its habits. */

#include <stdio.h>

#include "base/rng.h"
#include "tests/support/loggen_types.h"

typedef enum lg_tongue {
  LG_DRAFT14,
  LG_QUICHE,
  LG_NGTCP2,
  LG_PICOQUIC,
  LG_AIOQUIC,
  LG_TONGUES
} lg_tongue;

typedef struct lg_writer lg_writer;

typedef struct lg_writer_kind {
  const char *name, *suffix;
  lg_tongue tongue;
  void (*head)(lg_writer *w);
  void (*event)(lg_writer *w, const lg_event *e);
  void (*tail)(lg_writer *w);
  /* What it tells. */
  bool cuts;    /* variant 1 lacks the end of the file */
  bool closes;  /* connection_closed */
  bool losses;  /* packet_lost */
  bool states;  /* of the congestion controller */
  bool dropped; /* packets that it could not open */
  bool http;
  bool blocked;
  bool migration, mtu, ecn; /* their states */
} lg_writer_kind;

extern const lg_writer_kind lg_writer_draft14, lg_writer_quiche,
    lg_writer_ngtcp2, lg_writer_picoquic, lg_writer_aioquic;

struct lg_writer {
  const lg_writer_kind *kind;
  lg_tongue tongue;
  FILE *out;
  int vantage;
  quic_rng rng;
  quic_time base;    /* added to each time, ns */
  uint64_t epoch;    /* wall clock of time 0, ms since 1970 */
  unsigned variant;  /* of the writer, from the seed */
  uint64_t numbers;  /* added to the client's packet numbers */
  const char *group; /* of this connection, hex */
  char scid[24], dcid[24];
  size_t records;
  /* state */
  bool comma;
  lg_metrics told;
  bool told_any;
};

/* lg_json_*: a small emitter; ", " and ": " for those who write so. */
void lg_json_open(lg_writer *w, const char *key, char bracket);
void lg_json_close(lg_writer *w, char bracket);
void lg_json_u64(lg_writer *w, const char *key, uint64_t v);
void lg_json_str(lg_writer *w, const char *key, const char *s);
void lg_json_bool(lg_writer *w, const char *key, bool v);
/* |ns| as milliseconds: whole ones, or with a fraction. */
void lg_json_ms(lg_writer *w, const char *key, uint64_t ns);
void lg_json_hex(lg_writer *w, const char *key, uint64_t v, unsigned octets);

/* lg_json_begin starts the next top-level value. */
void lg_json_begin(lg_writer *w);
const char *lg_key_name(const lg_event *e); /* of a KEY event */

/* lg_write_frames writes the member "frames". */
void lg_write_frames(lg_writer *w, const lg_packet *p, int sender);

const char *lg_frame_name(lg_frame_type type);
const char *lg_packet_name(lg_packet_type type);
uint64_t lg_write_number(const lg_writer *w, const lg_packet *p, int sender);

#endif /* !defined(TESTS_SUPPORT_LOGGEN_WRITE_H) */
