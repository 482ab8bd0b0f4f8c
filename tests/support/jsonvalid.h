#ifndef TESTS_SUPPORT_JSONVALID_H
#define TESTS_SUPPORT_JSONVALID_H

/* Whether a text is JSON (RFC 8259), for tests of what writes it. */

#include "base/bytes.h"

/* jsonvalid reads one value.  Returns the octets it takes, white space behind
   it not; 0 when it is none.  At most 64 levels. */
size_t jsonvalid(quic_bytes text);

/* jsonvalid_lines fails the test unless |text| is lines of one object each.
   Returns how many. */
size_t jsonvalid_lines(const char *text);

#endif /* !defined(TESTS_SUPPORT_JSONVALID_H) */
