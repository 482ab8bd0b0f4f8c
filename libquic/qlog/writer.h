#ifndef QUIC_QLOG_WRITER_H
#define QUIC_QLOG_WRITER_H

/* qlog_writer is a sink that writes what it gets as a qlog file: JSON text
   sequences (RFC 7464) as in draft-ietf-quic-qlog-main-schema-14, events as in
   quic-events-13 and h3-events-13.

     qlog_writer_settings set = {.out = &text, .vantage = QLOG_VANTAGE_NETWORK,
                                 .flow = QLOG_VANTAGE_CLIENT, .group = odcid};
     err = qlog_writer_new(&w, mem, &set);
     qlog_writer_sink(w)->event(qlog_writer_sink(w), &event);
     qlog_writer_finish(w);
     qlog_writer_del(w);

   Values that are absent are not written.  Fields that no draft knows, all of
   them in "data":

     capture_frame    number of the record, qlog_packet.number
     datagram_id      packets with the same one shared a UDP datagram
     datagram_length  octets of its payload
     ecn              bits of the packet's IP header, by the draft's names
     path_id          multipath
     side             "client" or "server": whose an inferred event is
     inferred         recovery_metrics_updated: made from what was seen, not
                      told by the sender
     acked_ranges     packets_acked: instead of packet_numbers, when these are
                      more than QLOG_ACKED_MAX

   Frames that the drafts do not know (ACK_FREQUENCY, multipath, ...) have our
   names for frame_type and the RFCs' names for fields.  The addresses of single
   packets are not written; connection_started and tuple_assigned tell them. */

#include "base/mem.h"
#include "base/text.h"
#include "qlog/event.h"

#define QLOG_ACKED_MAX 4096 /* packet numbers listed in a packets_acked */

typedef enum qlog_vantage {
  QLOG_VANTAGE_UNKNOWN,
  QLOG_VANTAGE_CLIENT,
  QLOG_VANTAGE_SERVER,
  QLOG_VANTAGE_NETWORK
} qlog_vantage;

/* Bits of qlog_writer_settings.schemas. */
#define QLOG_SCHEMA_QUIC 0x01
#define QLOG_SCHEMA_HTTP3 0x02
#define QLOG_SCHEMA_HTTP 0x04
#define QLOG_SCHEMA_LOGLEVEL 0x08
#define QLOG_SCHEMA_SIMULATION 0x10

typedef struct qlog_writer_settings {
  quic_text *out;          /* borrowed as long as the writer lives */
  const char *title;       /* the strings are borrowed for the call; NULL */
  const char *description; /* NULL */
  const char *name;        /* of the vantage point; NULL */
  qlog_vantage vantage;
  qlog_vantage flow;   /* NETWORK: whose "sent" is sent */
  quic_time reference; /* what times count from, in the events' clock */
  bool monotonic;      /* which is not ns since 1970 */
  const char *group;   /* group_id of all events, by custom the original
                          destination CID in hexadecimals; NULL: each event has
                          its own, or none */
  unsigned schemas;    /* QLOG_SCHEMA_*; 0: all but the simulation's */
  bool compat;         /* see qlog_writer_new */
  bool undescribed;    /* do not say what the fields of no draft are */
  size_t raw_max;      /* octets shown of payloads and packets; 0: none */
} qlog_writer_settings;

typedef struct qlog_writer qlog_writer;

/* qlog_writer_new makes a writer and writes the head of the file.  With
   |compat| the file is one JSON text in the format 0.3, for tools that know no
   newer one, such as QVIS: the names of events and fields are those of that
   time where it had any (see dialect.h).  Returns 0 or QUIC_ERR_NOMEM. */
int qlog_writer_new(qlog_writer **out, const quic_mem *mem,
                    const qlog_writer_settings *settings) QUIC_MUST_USE;

/* qlog_writer_sink returns the sink of |w|, valid as long as |w|. */
qlog_sink *qlog_writer_sink(qlog_writer *w);

/* An event that no draft knows, as a log told it. */
typedef struct qlog_foreign {
  quic_time time;
  quic_bytes space, name; /* no namespace: empty */
  const char *group;      /* NULL = the trace's */
  quic_bytes record;      /* the JSON object that told it, for its other
                             members; anything else is passed over */
  quic_bytes data;        /* JSON value; empty = none */
} qlog_foreign;

/* qlog_writer_foreign writes |e| with its data and the members of the record as
   they are: only time and group are told anew. */
void qlog_writer_foreign(qlog_writer *w, const qlog_foreign *e);

/* qlog_writer_finish closes the file and flushes the text.  A file that was
   not finished has all its events nevertheless: each is a line. */
void qlog_writer_finish(qlog_writer *w);

/* qlog_writer_del frees |w|, NULL is allowed, and writes nothing. */
void qlog_writer_del(qlog_writer *w);

#endif /* !defined(QUIC_QLOG_WRITER_H) */
