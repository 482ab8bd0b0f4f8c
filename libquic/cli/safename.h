#ifndef QUIC_CLI_SAFENAME_H
#define QUIC_CLI_SAFENAME_H

/* File names made from what a capture says, so that no name reaches outside its
   directory, hides, or means anything to a shell. */

#include "base/bytes.h"
#include "base/text.h"

#define CLI_SAFENAME_MAX                                                       \
  200 /* octets of a name, all that is added included                          \
       */

/* A name in two parts, so that a number can stand between. */
typedef struct cli_safename {
  char stem[CLI_SAFENAME_MAX + 1];
  char end[CLI_SAFENAME_MAX + 1]; /* from the last dot on; may be empty */
} cli_safename;

/* cli_safename_init makes a name of |authority| and |path| (either may be
   empty), |suffix| (a trusted constant) behind both.  What is no ASCII letter,
   digit or one of "-._+=,@%~" becomes "_", runs of dots become one, and it
   starts with a letter, digit or "_".  Long names lose their middle. */
void cli_safename_init(cli_safename *name, quic_bytes authority,
                       quic_bytes path, const char *suffix);

/* cli_safename_text appends the name as the |number|-th of its kind ("a.js",
   "a-2.js"; 0 and 1 are the first) and |suffix|: at most CLI_SAFENAME_MAX
   octets when |suffix| has at most 8. */
void cli_safename_text(const cli_safename *name, uint64_t number,
                       const char *suffix, quic_text *t);

#endif /* !defined(QUIC_CLI_SAFENAME_H) */
