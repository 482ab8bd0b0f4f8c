#ifndef QUIC_QLOG_COPY_H
#define QUIC_QLOG_COPY_H

/* JSON from a log written again: without white space and commas that stand
   loose, numbers digit by digit, strings with the escapes that they had. */

#include "qlog/json.h"
#include "qlog/token.h"

/* qlog_copy_value writes the JSON value |json|, null when it is none. */
void qlog_copy_value(qlog_json *j, quic_bytes json);

/* qlog_copy_members writes the members of the object |json| into the object
   that is open, but for those that |skip| returns true for.  Nothing when it is
   no object. */
void qlog_copy_members(qlog_json *j, quic_bytes json,
                       bool (*skip)(const void *user, quic_bytes key),
                       const void *user);

/* qlog_copy_has tells whether the object |json| has a member |name|. */
bool qlog_copy_has(quic_bytes json, const char *name);

#endif /* !defined(QUIC_QLOG_COPY_H) */
