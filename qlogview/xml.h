#ifndef QV_XML_H
#define QV_XML_H

/* Text and attributes of XML 1.0, from wherever they come. */

#include "base/bytes.h"
#include "base/text.h"

/* qv_xml_text writes |b| so that it can stand between tags and in an attribute:
   markup as entities; tabs, line ends and what could fool a terminal as
   numeric references; characters that XML forbids, and octets that are no
   UTF-8, as U+FFFD. */
void qv_xml_text(quic_text *t, quic_bytes b);

/* qv_xml_str does so with a NUL-terminated text. */
void qv_xml_str(quic_text *t, const char *s);

/* qv_xml_attribute writes " |name|=\"|value|\"". */
void qv_xml_attribute(quic_text *t, const char *name, const char *value);
void qv_xml_attribute_u64(quic_text *t, const char *name, uint64_t value);

#endif /* !defined(QV_XML_H) */
