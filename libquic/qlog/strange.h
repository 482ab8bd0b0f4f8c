#ifndef QUIC_QLOG_STRANGE_H
#define QUIC_QLOG_STRANGE_H

/* What a record tells that an event cannot hold. */

#include "qlog/convert.h"

/* qlog_strange_members counts the members of |record| beside "data", if it is
   an object, and of |data| at any depth, whose names are none that |c| asks for
   in any event. */
uint64_t qlog_strange_members(const qlog_convert *c, quic_bytes record,
                              quic_bytes data);

#endif /* !defined(QUIC_QLOG_STRANGE_H) */
