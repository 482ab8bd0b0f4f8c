#include "qlogview/xml.h"

#define XML_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* xml_char: |cp| may stand in a document (XML 1.0 §2.2). */
static bool xml_char(uint32_t cp) {
  return cp == '\t' || cp == '\n' || cp == '\r' ||
         (cp >= 0x20 && cp < 0xfffe) || cp > 0xffff;
}

static void xml_put(quic_text *t, const uint8_t *p, size_t len, uint32_t cp) {
  switch (cp) {
  case '&':
    quic_text_str(t, "&amp;");
    break;
  case '<':
    quic_text_str(t, "&lt;");
    break;
  case '>':
    quic_text_str(t, "&gt;");
    break;
  case '"':
    quic_text_str(t, "&quot;");
    break;
  case '\\':
    quic_text_char(t, '\\');
    break;
  default:
    if (!xml_char(cp)) {
      quic_text_str(t, XML_REPLACEMENT);
    } else if (quic_text_unsafe(cp)) {
      quic_text_printf(t, "&#x%X;", (unsigned)cp);
    } else {
      quic_text_mem(t, (const char *)p, len);
    }
    break;
  }
}

void qv_xml_text(quic_text *t, quic_bytes b) {
  size_t i = 0;

  while (i < b.len) {
    uint32_t cp = 0;
    size_t n = quic_text_utf8(b.data + i, b.len - i, &cp);

    if (n == 0) {
      quic_text_str(t, XML_REPLACEMENT);
      n = 1;
    } else {
      xml_put(t, b.data + i, n, cp);
    }
    i += n;
  }
}

void qv_xml_str(quic_text *t, const char *s) {
  qv_xml_text(t, quic_bytes_of(s, strlen(s)));
}

void qv_xml_attribute(quic_text *t, const char *name, const char *value) {
  quic_text_char(t, ' ');
  quic_text_str(t, name);
  quic_text_str(t, "=\"");
  qv_xml_str(t, value);
  quic_text_char(t, '"');
}

void qv_xml_attribute_u64(quic_text *t, const char *name, uint64_t value) {
  quic_text_printf(t, " %s=\"%llu\"", name, (unsigned long long)value);
}
