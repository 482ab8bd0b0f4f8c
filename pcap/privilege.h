#ifndef QD_PRIVILEGE_H
#define QD_PRIVILEGE_H

/* Gives up what a live capture needed and decoding does not. */

#include <stdbool.h>
#include <stddef.h>

/* qd_privilege_drop becomes |user| (NULL: the caller of sudo, else nobody)
   when the process is root, drops all capabilities and their bounding set, and
   forbids new ones.  "root" stays root on the user's own wish.  Returns true;
   on failure false with one clause in |why| of |cap| octets. */
bool qd_privilege_drop(const char *user, char *why, size_t cap);

#endif /* !defined(QD_PRIVILEGE_H) */
