#include "qlogview/violations.h"

#include <stdlib.h>

#define VIOLATIONS_KEY_MAX                                                     \
  (1 + 2 * QLOG_PATH_MAX + QLOG_WANTS_MAX + 3) /* rule, texts and their ends   \
                                                */

void qv_violations_init(qv_violations *all, const quic_mem *mem,
                        const uint64_t seed[2]) {
  memset(all, 0, sizeof(*all));
  all->mem = mem;
  all->seed[0] = seed[0];
  all->seed[1] = seed[1];
  quic_map_init(&all->by_key, mem, seed);
}

void qv_violations_free(qv_violations *all) {
  for (size_t i = 0; i < all->len; i++) {
    quic_mem_free(all->mem, all->rows[i]);
  }
  quic_mem_free(all->mem, all->rows);
  quic_map_free(&all->by_key);
  all->rows = NULL;
  all->len = all->cap = 0;
}

void qv_violations_clear(qv_violations *all) {
  const uint64_t seed[2] = {all->seed[0], all->seed[1]};

  qv_violations_free(all);
  qv_violations_init(all, all->mem, seed);
}

static size_t violations_key_text(uint8_t *key, size_t len, const char *s) {
  size_t n = strlen(s) + 1;

  if (n > VIOLATIONS_KEY_MAX - len) {
    n = VIOLATIONS_KEY_MAX - len;
  }
  memcpy(key + len, s, n);
  return len + n;
}

static const char *violations_copy(char **at, const char *s) {
  size_t len = strlen(s) + 1;
  const char *copy = memcpy(*at, s, len);

  *at += len;
  return copy;
}

/* violations_keep makes a row; what it points to stands behind it. */
static qv_violation *violations_keep(qv_violations *all,
                                     const qlog_violation *v, quic_bytes key) {
  size_t found = v->found.len < QV_VIOLATIONS_FOUND_MAX
                     ? v->found.len
                     : QV_VIOLATIONS_FOUND_MAX;
  void *rows = all->rows;
  qv_violation *row;
  char *at;

  if (all->len >= QV_VIOLATIONS_MAX ||
      quic_mem_grow(all->mem, &rows, &all->cap, all->len + 1,
                    sizeof(*all->rows))) {
    return NULL;
  }
  all->rows = rows;
  row = quic_mem_zalloc(all->mem, sizeof(*row) + strlen(v->event) +
                                      strlen(v->path) + strlen(v->wants) + 3 +
                                      found);
  if (!row || quic_map_put(&all->by_key, key, row)) {
    quic_mem_free(all->mem, row);
    return NULL;
  }
  row->rule = v->rule;
  at = (char *)(row + 1);
  row->event = violations_copy(&at, v->event);
  row->path = violations_copy(&at, v->path);
  row->wants = violations_copy(&at, v->wants);
  row->found = quic_bytes_of(at, found);
  if (found) {
    memcpy(at, v->found.data, found);
  }
  all->rows[all->len++] = row;
  return row;
}

void qv_violations_add(qv_violations *all, const qlog_violation *v,
                       uint64_t record, uint64_t offset) {
  uint8_t buf[VIOLATIONS_KEY_MAX];
  quic_bytes key = {buf, 1};
  qv_violation *row;

  all->rules[v->rule]++;
  buf[0] = (uint8_t)v->rule;
  key.len = violations_key_text(buf, key.len, v->event);
  key.len = violations_key_text(buf, key.len, v->path);
  key.len = violations_key_text(buf, key.len, v->wants);
  row = quic_map_get(&all->by_key, key);
  if (!row) {
    row = violations_keep(all, v, key);
    if (row) {
      row->record = record;
      row->offset = offset + v->at;
    }
  }
  if (row) {
    row->count++;
  } else {
    all->other++;
  }
}

static int violations_order(const void *a, const void *b) {
  const qv_violation *x = *(qv_violation *const *)a;
  const qv_violation *y = *(qv_violation *const *)b;
  bool left = qlog_rule_info_of(x->rule)->error;
  bool right = qlog_rule_info_of(y->rule)->error;

  if (left != right) {
    return left ? -1 : 1;
  }
  if (x->count != y->count) {
    return x->count < y->count ? 1 : -1;
  }
  if (x->offset != y->offset) {
    return x->offset < y->offset ? -1 : 1;
  }
  return (int)x->rule - (int)y->rule;
}

void qv_violations_sort(qv_violations *all) {
  if (all->len) {
    qsort(all->rows, all->len, sizeof(*all->rows), violations_order);
  }
}

uint64_t qv_violations_sum(const qv_violations *all, bool errors) {
  uint64_t sum = 0;

  for (int rule = 0; rule < QLOG_RULES; rule++) {
    if (qlog_rule_info_of((qlog_rule)rule)->error == errors) {
      sum += all->rules[rule];
    }
  }
  return sum;
}
