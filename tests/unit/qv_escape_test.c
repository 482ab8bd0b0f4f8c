#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qlogview/csv.h"
#include "qlogview/xml.h"

typedef void escape_fn(quic_text *t, quic_bytes b);

static void expect(escape_fn *escape, const char *in, size_t len,
                   const char *out) {
  char buf[256];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  escape(&t, quic_bytes_of(in, len));
  assert_string_equal(quic_text_cstr(&t), out);
}

#define EXPECT(escape, in, out) expect(escape, in, sizeof(in) - 1, out)

static void test_csv(void **state) {
  (void)state;
  EXPECT(qv_csv_text, "", "");
  EXPECT(qv_csv_text, "plain text", "plain text");
  EXPECT(qv_csv_text, "a,b", "\"a,b\"");
  EXPECT(qv_csv_text, "say \"no\"", "\"say \"\"no\"\"\"");
  EXPECT(qv_csv_text, "\"", "\"\"\"\"");
  EXPECT(qv_csv_text, " a", "\" a\"");
  EXPECT(qv_csv_text, "a ", "\"a \"");
  /* One record stays one line, and no terminal is told anything. */
  EXPECT(qv_csv_text, "a\r\nb", "a\\x0d\\x0ab");
  EXPECT(qv_csv_text, "\033[2J,", "\"\\x1b[2J,\"");
  EXPECT(qv_csv_text, "\xc3\xa4\xff", "\xc3\xa4\\xff");
}

static void test_xml(void **state) {
  (void)state;
  EXPECT(qv_xml_text, "", "");
  EXPECT(qv_xml_text, "a\\b 'c'", "a\\b 'c'");
  EXPECT(qv_xml_text, "<a href=\"&\">", "&lt;a href=&quot;&amp;&quot;&gt;");
  EXPECT(qv_xml_text, "]]>", "]]&gt;");
  /* An attribute's white space would be normalised. */
  EXPECT(qv_xml_text, "a\tb\nc\rd", "a&#x9;b&#xA;c&#xD;d");
  /* What XML 1.0 forbids, even as a reference. */
  EXPECT(qv_xml_text, "\0\x01\x08\x0b\x0c\x1f",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
         "\xef\xbf\xbd");
  EXPECT(qv_xml_text, "\xef\xbf\xbe", "\xef\xbf\xbd");
  /* DEL, C1 and right-to-left override are allowed, and told openly. */
  EXPECT(qv_xml_text, "\x7f\xc2\x9b\xe2\x80\xae", "&#x7F;&#x9B;&#x202E;");
  EXPECT(qv_xml_text, "\xc3\xa4\xf0\x9f\x98\x80", "\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT(qv_xml_text, "\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT(qv_xml_text, "\xed\xa0\x80", /* a surrogate is no UTF-8 */
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_attribute(void **state) {
  char buf[128];
  quic_text t;

  (void)state;
  quic_text_init(&t, buf, sizeof(buf));
  qv_xml_attribute(&t, "name", "a \"b\"");
  qv_xml_attribute_u64(&t, "tests", UINT64_MAX);
  assert_string_equal(
      quic_text_cstr(&t),
      " name=\"a &quot;b&quot;\" tests=\"18446744073709551615\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_csv),
      cmocka_unit_test(test_xml),
      cmocka_unit_test(test_attribute),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
