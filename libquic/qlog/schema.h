#ifndef QUIC_QLOG_SCHEMA_H
#define QUIC_QLOG_SCHEMA_H

/* What the newest drafts say of each member of a qlog: its type, whether it
   must be there, which values it may have (main-schema-14, quic-events-13,
   h3-events-13).  What field.h and the table of transport parameters say
   already is taken from there; this file has the rest: heads, headers, frames,
   lists, and which fields are required. */

#include "base/text.h"
#include "qlog/field.h"

/* What a value may be.  From QLOG_SCHEMA_OBJECTS on a type is an object with
   fields of its own. */
typedef enum qlog_schema_type {
  QLOG_SCHEMA_ANY,
  QLOG_SCHEMA_U8,
  QLOG_SCHEMA_U16,
  QLOG_SCHEMA_U32,
  QLOG_SCHEMA_U64, /* may be a string of digits (main-schema §13, I-JSON) */
  QLOG_SCHEMA_FLOAT,
  QLOG_SCHEMA_BOOL,
  QLOG_SCHEMA_TEXT,
  QLOG_SCHEMA_NAME, /* one of |names| */
  QLOG_SCHEMA_HEX,  /* pairs of lower-case hexadecimals */
  QLOG_SCHEMA_MAP,  /* an object of anything */
  QLOG_SCHEMA_U64_OR_TEXT,
  QLOG_SCHEMA_TRANSPORT_ERROR, /* its name, or "crypto_error_0x1" and two
                                  hexadecimals; extensions may add names */
  QLOG_SCHEMA_RANGE,           /* one or two integers */
  QLOG_SCHEMA_DATA,            /* of an event: the fields of its type */
  QLOG_SCHEMA_FRAME, /* an object that its frame_type names; the next alike */
  QLOG_SCHEMA_H3_FRAME,
  QLOG_SCHEMA_CAPSULE,
  QLOG_SCHEMA_OBJECTS, /* see schema.def */
#define QLOG_SCHEMA_OBJECT(id, fields) QLOG_SCHEMA_##id,
#include "qlog/schema.def"
#undef QLOG_SCHEMA_OBJECT
  QLOG_SCHEMA_TYPES
} qlog_schema_type;

typedef enum qlog_schema_list {
  QLOG_SCHEMA_ONE,
  QLOG_SCHEMA_LIST, /* an array of such values */
  QLOG_SCHEMA_SOME  /* at least one */
} qlog_schema_list;

typedef struct qlog_schema_field {
  const char *name; /* NULL closes a list */
  qlog_schema_type type;
  qlog_schema_list list;
  bool required;
  bool open;               /* extensions may add |names| */
  const qlog_names *names; /* of QLOG_SCHEMA_NAME */
} qlog_schema_field;

/* qlog_schema_fields returns the fields of an object |type|. */
const qlog_schema_field *qlog_schema_fields(qlog_schema_type type);

/* qlog_schema_event finds the field |name| of the data of events of |type|;
   false when the drafts have none. */
bool qlog_schema_event(qlog_event_type type, quic_bytes name,
                       qlog_schema_field *out);

/* qlog_schema_required returns the |i|-th field that the data of |type| must
   have, NULL past the end. */
const char *qlog_schema_required(qlog_event_type type, size_t i);

/* qlog_schema_frame returns the fields of what |name| names: |type| is
   QLOG_SCHEMA_FRAME, _H3_FRAME or _CAPSULE.  NULL: the drafts have none. */
const qlog_schema_field *qlog_schema_frame(qlog_schema_type type,
                                           quic_bytes name);

/* qlog_schema_tag returns the field that says which one it is: "frame_type",
   "capsule_type". */
const char *qlog_schema_tag(qlog_schema_type type);

/* qlog_schema_newer returns how the member |name| of an object |type|, which
   the drafts do not have, is called today, or NULL; qlog_schema_event_newer
   that of an event's data. */
const char *qlog_schema_newer(qlog_schema_type type, quic_bytes name);
const char *qlog_schema_event_newer(qlog_event_type event, quic_bytes name);

/* qlog_schema_transport_error: |name| is that of a transport error. */
bool qlog_schema_transport_error(quic_bytes name);

/* qlog_schema_wants writes what is expected of |field|: "an unsigned integer of
   16 bits", "one of local, remote". */
void qlog_schema_wants(const qlog_schema_field *field, quic_text *t);

#endif /* !defined(QUIC_QLOG_SCHEMA_H) */
