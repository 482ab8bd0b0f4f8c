#ifndef QUIC_BASE_ERR_H
#define QUIC_BASE_ERR_H

/* Error codes: 0 is success, negative values are errors.  The one table is
   err.def. */

#include <stdbool.h>

enum quic_err {
#define QUIC_ERR(name, code, fatal, text) QUIC_ERR_##name = (code),
#include "base/err.def"
#undef QUIC_ERR
};

#if defined(__GNUC__)
#define QUIC_MUST_USE __attribute__((warn_unused_result))
#define QUIC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define QUIC_MUST_USE
#define QUIC_PRINTF(fmt, args)
#endif

/* quic_err_name returns the name of |err| ("QUIC_ERR_SHORT"); "0" for success,
   "QUIC_ERR_UNKNOWN" for a value that is in no table row. */
const char *quic_err_name(int err);

/* quic_err_text returns one sentence about |err|. */
const char *quic_err_text(int err);

/* quic_err_fatal tells whether the object that returned |err| is unusable. */
bool quic_err_fatal(int err);

#endif /* !defined(QUIC_BASE_ERR_H) */
