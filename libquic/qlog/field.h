#ifndef QUIC_QLOG_FIELD_H
#define QUIC_QLOG_FIELD_H

/* The plain fields of the events' data: what a field is called, what it is made
   of, where it lies in the struct.  Lists, frames and headers are not in these
   tables; whoever writes or reads them knows them. */

#include "qlog/event.h"

typedef enum qlog_field_kind {
  QLOG_FIELD_END,         /* closes a list */
  QLOG_FIELD_U64,         /* uint64_t */
  QLOG_FIELD_MS,          /* quic_duration, told in milliseconds */
  QLOG_FIELD_THOUSANDTHS, /* uint64_t, told as a decimal number */
  QLOG_FIELD_FLAG,        /* int, 0 or 1 */
  QLOG_FIELD_NAME,        /* int, index of |names| */
  QLOG_FIELD_STR,         /* const char * */
  QLOG_FIELD_TEXT,        /* quic_bytes that should be UTF-8 */
  QLOG_FIELD_HEX,         /* quic_bytes */
  QLOG_FIELD_VERSION,     /* uint64_t, told as 8 hexadecimals */
  QLOG_FIELD_VERSIONS,    /* quic_bytes, 4 octets each */
  QLOG_FIELD_ALPN,        /* quic_bytes */
  QLOG_FIELD_ALPNS,       /* quic_bytes, 8-bit lengths and names */
  QLOG_FIELD_ADDR,        /* const quic_addr *: two fields, ip and port */
  QLOG_FIELD_ENDPOINT,    /* qlog_endpoint */
  QLOG_FIELD_RAW_LENGTH   /* uint64_t, told as raw.length */
} qlog_field_kind;

/* Names of the values 0 to |len| - 1. */
typedef struct qlog_names {
  const char *const *names;
  uint8_t len;
} qlog_names;

typedef struct qlog_field {
  const char *name;
  const char *compat; /* in qlog 0.3; NULL: the same */
  qlog_field_kind kind;
  uint16_t offset; /* in the member of qlog_event.u */
  bool required;   /* told even when empty */
  const qlog_names *names;
} qlog_field;

/* qlog_field_list returns the plain fields of events of |type|. */
const qlog_field *qlog_field_list(qlog_event_type type);

/* Names that other tables use as well. */
extern const qlog_names qlog_names_ecn;  /* by the bits of the IP header */
extern const qlog_names qlog_names_drop; /* qlog_drop */
extern const qlog_names qlog_names_lost; /* qlog_lost */

/* qlog_names_at returns the name of |value|, NULL when it has none. */
static inline const char *qlog_names_at(const qlog_names *names, int value) {
  return value >= 0 && value < names->len ? names->names[value] : NULL;
}

#endif /* !defined(QUIC_QLOG_FIELD_H) */
