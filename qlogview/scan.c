#include "qlogview/scan.h"

#include <stdlib.h>

void qv_scan_init(qv_scan *scan, const quic_mem *mem) {
  memset(scan, 0, sizeof(*scan));
  scan->mem = mem;
  scan->max = QV_SCAN_ROWS_MAX;
}

void qv_scan_free(qv_scan *scan) {
  for (size_t i = 0; i < scan->len; i++) {
    quic_mem_free(scan->mem, scan->rows[i]);
  }
  quic_mem_free(scan->mem, scan->rows);
  scan->rows = NULL;
  scan->len = scan->cap = 0;
}

/* Orders. */

static int scan_less(uint64_t a, uint64_t b) {
  return a < b ? -1 : a > b;
}

static int scan_order_worst(const void *a, const void *b) {
  const qv_scan_row *x = *(qv_scan_row *const *)a;
  const qv_scan_row *y = *(qv_scan_row *const *)b;
  int rv = (x->rank < y->rank) - (x->rank > y->rank);

  rv = rv ? rv : scan_less(y->serious, x->serious);
  rv = rv ? rv : scan_less(y->findings, x->findings);
  return rv ? rv : scan_less(x->order, y->order);
}

size_t qv_scan_folder(const char *path) {
  const char *slash = strrchr(path, '/');

  return slash ? (size_t)(slash - path) + (slash == path) : 0;
}

static int scan_order_folder(const void *a, const void *b) {
  const qv_scan_row *x = *(qv_scan_row *const *)a;
  const qv_scan_row *y = *(qv_scan_row *const *)b;
  size_t m = qv_scan_folder(x->path), n = qv_scan_folder(y->path);
  int rv = memcmp(x->path, y->path, m < n ? m : n);

  rv = rv ? rv : scan_less(m, n);
  return rv ? rv : scan_less(x->order, y->order);
}

static void scan_sort(qv_scan *scan, int (*order)(const void *, const void *)) {
  if (scan->len) {
    qsort(scan->rows, scan->len, sizeof(*scan->rows), order);
  }
}

void qv_scan_worst(qv_scan *scan) {
  scan_sort(scan, scan_order_worst);
  while (scan->len > scan->max) {
    quic_mem_free(scan->mem, scan->rows[--scan->len]);
    scan->left_out++;
  }
}

void qv_scan_by_folder(qv_scan *scan) {
  qv_scan_worst(scan);
  scan_sort(scan, scan_order_folder);
}

/* Rows. */

static const char *scan_copy(char **at, const char *s) {
  size_t len = strlen(s) + 1;
  char *copy = memcpy(*at, s, len);

  *at += len;
  return copy;
}

/* scan_row_copy: a row and all that it points to are one block. */
static qv_scan_row *scan_row_copy(const quic_mem *mem, const qv_scan_row *row) {
  size_t kinds = row->nkinds * sizeof(*row->kinds);
  size_t size = sizeof(*row) + kinds + strlen(row->path) + strlen(row->group) +
                strlen(row->ended) + 3;
  qv_scan_row *copy = quic_mem_alloc(mem, size);
  char *at;

  if (!copy) {
    return NULL;
  }
  *copy = *row;
  at = (char *)(copy + 1);
  if (kinds) {
    copy->kinds = memcpy(at, row->kinds, kinds);
  }
  at += kinds;
  copy->path = scan_copy(&at, row->path);
  copy->group = scan_copy(&at, row->group);
  copy->ended = scan_copy(&at, row->ended);
  return copy;
}

void qv_scan_add(qv_scan *scan, const qv_scan_row *row) {
  void *rows = scan->rows;
  qv_scan_row *copy;

  if (scan->len >= 2 * scan->max) {
    qv_scan_worst(scan);
  }
  scan->ranks[row->rank - QV_SCAN_FAILED]++;
  scan->added++;
  copy = scan_row_copy(scan->mem, row);
  if (!copy || quic_mem_grow(scan->mem, &rows, &scan->cap, scan->len + 1,
                             sizeof(*scan->rows))) {
    quic_mem_free(scan->mem, copy);
    scan->starved++;
    return;
  }
  copy->order = scan->added;
  scan->rows = rows;
  scan->rows[scan->len++] = copy;
}

/* Names. */

uint64_t qv_scan_rank(const qv_scan *scan, int rank) {
  return scan->ranks[rank - QV_SCAN_FAILED];
}

const char *qv_scan_rank_name(int rank) {
  return rank == QV_SCAN_FAILED ? "error"
         : rank == QV_SCAN_NONE ? "none"
                                : quic_severity_name((quic_severity)rank);
}

void qv_scan_kinds(quic_text *t, const qv_scan_row *row, size_t max,
                   const char *between) {
  size_t n = max && row->nkinds > max ? max : row->nkinds;

  for (size_t i = 0; i < n; i++) {
    quic_text_str(t, i ? between : "");
    quic_text_str(t, quic_finding_info_of(row->kinds[i].id)->key);
    if (row->kinds[i].count > 1) {
      quic_text_str(t, " x");
      quic_text_u64(t, row->kinds[i].count);
    }
  }
  if (n < row->nkinds) {
    quic_text_str(t, between);
    quic_text_char(t, '+');
    quic_text_u64(t, row->nkinds - n);
  }
}
