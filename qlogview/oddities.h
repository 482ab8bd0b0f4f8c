#ifndef QV_ODDITIES_H
#define QV_ODDITIES_H

/* qv_oddities are what of a file was not as it should be: events that no draft
   knows, records that could not be read, repairs.  They say how good a log is.
 */

#include "qlog/json.h"
#include "qlogview/load.h"

#define QV_ODDITIES_NAMES 32    /* unknown events told apart; others are one */
#define QV_ODDITIES_NAME_MAX 64 /* octets kept of a name */
#define QV_ODDITIES_BAD 10      /* bad records kept */
#define QV_ODDITIES_TEXT_MAX 60 /* octets kept of one */

typedef struct qv_oddities_name {
  char name[QV_ODDITIES_NAME_MAX + 1]; /* untrusted */
  uint64_t count;
} qv_oddities_name;

typedef struct qv_oddities_bad {
  uint64_t number, offset;
  size_t at;       /* octet of the record where it shows */
  const char *why; /* static */
  uint8_t text[QV_ODDITIES_TEXT_MAX];
  size_t len;
} qv_oddities_bad;

typedef struct qv_oddities {
  qv_oddities_name names[QV_ODDITIES_NAMES];
  size_t nnames;
  uint64_t other_names;           /* events of names beyond those */
  char version[QV_TITLE_MAX + 1]; /* as the head says; untrusted */
  qv_oddities_bad bad[QV_ODDITIES_BAD];
  size_t nbad;
} qv_oddities;

void qv_oddities_init(qv_oddities *odd);

/* qv_oddities_unknown counts an event called |space|:|name|. */
void qv_oddities_unknown(qv_oddities *odd, quic_bytes space, quic_bytes name);

/* qv_oddities_add keeps |bad| if it is one of the first. */
void qv_oddities_add(qv_oddities *odd, const qlog_bad *bad);

/* qv_oddities_trace takes the version that a head tells. */
void qv_oddities_trace(qv_oddities *odd, const qlog_trace *trace);

/* qv_oddities_say writes lines about |file|, of which |odd| is. */
void qv_oddities_say(const qv_oddities *odd, const qv_file *file, quic_text *t);

/* qv_oddities_json writes the same as members of an object. */
void qv_oddities_json(const qv_oddities *odd, const qv_file *file,
                      qlog_json *j);

#endif /* !defined(QV_ODDITIES_H) */
