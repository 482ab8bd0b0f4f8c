#ifndef QD_SAFENAME_H
#define QD_SAFENAME_H

/* File names made from what a capture says, so that no name reaches outside its
   directory, hides, or means anything to a shell. */

#include "base/bytes.h"
#include "base/text.h"

#define QD_SAFENAME_MAX 200 /* octets of a name, all that is added included */

/* A name in two parts, so that a number can stand between. */
typedef struct qd_safename {
  char stem[QD_SAFENAME_MAX + 1];
  char end[QD_SAFENAME_MAX + 1]; /* from the last dot on; may be empty */
} qd_safename;

/* qd_safename_init makes a name of |authority| and |path| (either may be
   empty), |suffix| (a trusted constant) behind both.  What is no ASCII letter,
   digit or one of "-._+=,@%~" becomes "_", runs of dots become one, and it
   starts with a letter, digit or "_".  Long names lose their middle. */
void qd_safename_init(qd_safename *name, quic_bytes authority, quic_bytes path,
                      const char *suffix);

/* qd_safename_text appends the name as the |number|-th of its kind ("a.js",
   "a-2.js"; 0 and 1 are the first) and |suffix|: at most QD_SAFENAME_MAX octets
   when |suffix| has at most 8. */
void qd_safename_text(const qd_safename *name, uint64_t number,
                      const char *suffix, quic_text *t);

#endif /* !defined(QD_SAFENAME_H) */
