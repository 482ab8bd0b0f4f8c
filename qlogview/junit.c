#include "qlogview/junit.h"

#include "qlogview/xml.h"

typedef struct junit_sums {
  uint64_t tests, failures, errors;
  quic_duration time;
} junit_sums;

static void junit_sum(junit_sums *s, const qv_scan_row *row) {
  s->tests++;
  s->failures += row->rank > (int)QUIC_NOTE;
  s->errors += row->rank == QV_SCAN_FAILED;
  s->time += row->duration;
}

static void junit_seconds(quic_text *t, quic_duration time) {
  quic_text_printf(t, " time=\"%llu.%06llu\"",
                   (unsigned long long)(time / QUIC_SECOND),
                   (unsigned long long)(time % QUIC_SECOND / QUIC_MICROSECOND));
}

static void junit_attributes(quic_text *t, const junit_sums *s) {
  qv_xml_attribute_u64(t, "tests", s->tests);
  qv_xml_attribute_u64(t, "failures", s->failures);
  qv_xml_attribute_u64(t, "errors", s->errors);
  qv_xml_attribute_u64(t, "skipped", 0);
  junit_seconds(t, s->time);
  quic_text_str(t, ">\n");
}

static void junit_name(quic_text *t, const qv_scan_row *row) {
  quic_text_printf(t, " name=\"connection %u", row->connection);
  if (row->group[0]) {
    quic_text_char(t, ' ');
    qv_xml_str(t, row->group);
  }
  quic_text_printf(t, ", %s\"", row->vantage);
}

static void junit_failure(quic_text *t, const qv_scan_row *row) {
  quic_text_str(t, "      <failure message=\"");
  qv_scan_kinds(t, row, 0, ", ");
  quic_text_printf(t, "\" type=\"%s\">", qv_scan_rank_name(row->rank));
  for (size_t i = 0; i < row->nkinds; i++) {
    const qv_scan_kind *k = &row->kinds[i];

    quic_text_printf(t, "%s: ", quic_severity_name(k->severity));
    qv_xml_str(t, quic_finding_info_of(k->id)->title);
    if (k->count > 1) {
      quic_text_printf(t, ", %llu times", (unsigned long long)k->count);
    }
    quic_text_char(t, '\n');
  }
  quic_text_str(t, "ended: ");
  qv_xml_str(t, row->ended);
  quic_text_str(t, "</failure>\n");
}

static void junit_case(quic_text *t, const qv_scan_row *row) {
  quic_text_str(t, "    <testcase");
  qv_xml_attribute(t, "classname", row->path);
  if (row->rank == QV_SCAN_FAILED) {
    qv_xml_attribute(t, "name", "read");
  } else {
    junit_name(t, row);
  }
  junit_seconds(t, row->duration);
  if (row->rank == QV_SCAN_FAILED) {
    quic_text_str(t, ">\n      <error type=\"input\"");
    qv_xml_attribute(t, "message", row->ended);
    quic_text_str(t, "/>\n    </testcase>\n");
  } else if (row->rank > (int)QUIC_NOTE) {
    quic_text_str(t, ">\n");
    junit_failure(t, row);
    quic_text_str(t, "    </testcase>\n");
  } else {
    quic_text_str(t, "/>\n");
  }
}

static bool junit_together(const qv_scan_row *a, const qv_scan_row *b) {
  size_t n = qv_scan_folder(a->path);

  return n == qv_scan_folder(b->path) && memcmp(a->path, b->path, n) == 0;
}

/* junit_suite writes the rows of one folder from |from| on; returns where the
   next one begins. */
static size_t junit_suite(quic_text *t, const qv_scan *scan, size_t from) {
  const char *path = scan->rows[from]->path;
  size_t folder = qv_scan_folder(path), to = from;
  junit_sums sums = {0};

  while (to < scan->len && junit_together(scan->rows[from], scan->rows[to])) {
    junit_sum(&sums, scan->rows[to++]);
  }
  quic_text_str(t, "  <testsuite name=\"");
  if (folder) {
    qv_xml_text(t, quic_bytes_of(path, folder));
  } else {
    quic_text_char(t, '.');
  }
  quic_text_char(t, '"');
  junit_attributes(t, &sums);
  for (size_t i = from; i < to; i++) {
    junit_case(t, scan->rows[i]);
  }
  quic_text_str(t, "  </testsuite>\n");
  return to;
}

void qv_junit_write(qv_scan *scan, quic_text *t) {
  junit_sums sums = {0};

  qv_scan_by_folder(scan);
  for (size_t i = 0; i < scan->len; i++) {
    junit_sum(&sums, scan->rows[i]);
  }
  quic_text_str(t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<testsuites name=\"qlogview scan\"");
  junit_attributes(t, &sums);
  for (size_t i = 0; i < scan->len;) {
    i = junit_suite(t, scan, i);
  }
  quic_text_str(t, "</testsuites>\n");
}
