#ifndef TESTS_SUPPORT_XMLVALID_H
#define TESTS_SUPPORT_XMLVALID_H

/* Whether a text is well-formed XML, as far as programs here write it:
   elements, attributes in double quotation marks, text, the entities that XML
   itself has. */

#include <stdbool.h>

/* xmlvalid reads one element and white space behind it. */
bool xmlvalid(const char *text);

#endif /* !defined(TESTS_SUPPORT_XMLVALID_H) */
