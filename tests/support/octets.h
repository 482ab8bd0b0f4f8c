#ifndef TESTS_SUPPORT_OCTETS_H
#define TESTS_SUPPORT_OCTETS_H

/* Octets for tests: vectors in hex, and copies in which a sanitizer sees the
   first octet read behind the end. */

#include "base/bytes.h"

/* octets_hex decodes |hex| (spaces are skipped) into |out| of |cap| octets and
   returns what was written.  Fails the test when |hex| is ill-formed. */
quic_bytes octets_hex(const char *hex, uint8_t *out, size_t cap);

/* octets_exact returns a copy of |data| in a block of its very size, which the
   caller frees. */
uint8_t *octets_exact(const void *data, size_t len);

#endif /* !defined(TESTS_SUPPORT_OCTETS_H) */
