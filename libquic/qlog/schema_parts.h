#ifndef QUIC_QLOG_SCHEMA_PARTS_H
#define QUIC_QLOG_SCHEMA_PARTS_H

/* How the tables of schema.c and schema_event.c are written. */

#include "qlog/schema.h"

/* clang-format off */
#define NAMES(id, ...)                                                         \
  static const char *const id##_text[] = {__VA_ARGS__};                        \
  static const qlog_names names_##id = {id##_text,                             \
                                        sizeof(id##_text) / sizeof(char *)}

/* MAY(name, type), MUST(name, type): one value; LIST and SOME: an array.
   ENUM: one of a list of names that is closed; SET: of one that extensions add
   to. */
#define FIELD(name, type, list, must, open, names)                             \
  {name, QLOG_SCHEMA_##type, QLOG_SCHEMA_##list, must, open, names}
#define MAY(name, type) FIELD(name, type, ONE, false, false, NULL)
#define MUST(name, type) FIELD(name, type, ONE, true, false, NULL)
#define LIST(name, type) FIELD(name, type, LIST, false, false, NULL)
#define MUST_LIST(name, type) FIELD(name, type, LIST, true, false, NULL)
#define SOME(name, type) FIELD(name, type, SOME, false, false, NULL)
#define MUST_SOME(name, type) FIELD(name, type, SOME, true, false, NULL)
#define ENUM(name, id) FIELD(name, NAME, ONE, false, false, &names_##id)
#define MUST_ENUM(name, id) FIELD(name, NAME, ONE, true, false, &names_##id)
#define SET(name, id) FIELD(name, NAME, ONE, false, true, &names_##id)
#define MUST_SET(name, id) FIELD(name, NAME, ONE, true, true, &names_##id)
#define END {NULL, QLOG_SCHEMA_ANY, QLOG_SCHEMA_ONE, false, false, NULL}

typedef const qlog_schema_field fields;

#define ADDRESSES                                                              \
  MAY("ip_v4", TEXT), MAY("port_v4", U16), MAY("ip_v6", TEXT),                 \
      MAY("port_v6", U16)
#define RAW_MAY MAY("raw", RAW)
/* clang-format on */

static inline bool schema_is(quic_bytes name, const char *s) {
  return quic_bytes_eq(name, quic_bytes_of(s, strlen(s)));
}

#endif /* !defined(QUIC_QLOG_SCHEMA_PARTS_H) */
