#include "qlogview/tally.h"

#include <stdlib.h>

#include "qlog/field.h"

#define TALLY_NAME_MAX 64 /* octets of a code's name that tell rows apart */
#define TALLY_KEY_MAX                                                          \
  (6 * sizeof(uint64_t) + TALLY_NAME_MAX + QUIC_CLOSE_PHRASE_MAX)
#define TALLY_CRYPTO_ERROR 0x100 /* to 0x1ff, RFC 9001 §4.8 */

void qv_tally_init(qv_tally *tally, const quic_mem *mem,
                   const uint64_t seed[2]) {
  memset(tally, 0, sizeof(*tally));
  tally->mem = mem;
  tally->max = QV_TALLY_ROWS_MAX;
  quic_map_init(&tally->by_key, mem, seed);
}

void qv_tally_free(qv_tally *tally) {
  for (size_t i = 0; i < tally->len; i++) {
    quic_mem_free(tally->mem, tally->rows[i]);
  }
  quic_mem_free(tally->mem, tally->rows);
  quic_map_free(&tally->by_key);
  tally->rows = NULL;
  tally->len = tally->cap = 0;
}

/* tally_of takes from a verdict what tells endings apart. */
static qv_tally_row tally_of(const quic_close *c) {
  qv_tally_row row = {.class = c->class,
                      .by = c->by,
                      .space = c->space,
                      .code = c->code,
                      .frame_type = QLOG_NONE,
                      .name = c->name,
                      .trigger = c->trigger,
                      .phrase = quic_bytes_of(c->phrase, c->phrase_len),
                      .record = c->at.record};

  /* 0 says that no frame is to blame (RFC 9000 §19.19). */
  if (c->space == QUIC_CLOSE_SPACE_TRANSPORT && c->frame_type != 0) {
    row.frame_type = c->frame_type;
  }
  if (row.phrase.len > QUIC_CLOSE_PHRASE_MAX) {
    row.phrase.len = QUIC_CLOSE_PHRASE_MAX;
  }
  return row;
}

static size_t tally_key(const qv_tally_row *row, uint8_t *key) {
  const uint64_t numbers[] = {(uint64_t)row->class, (uint64_t)row->by,
                              (uint64_t)row->space, row->code,
                              row->frame_type,      (uint64_t)row->trigger};
  size_t len = sizeof(numbers), name = row->name ? strlen(row->name) : 0;

  memcpy(key, numbers, sizeof(numbers));
  memset(key + len, 0, TALLY_NAME_MAX);
  if (name) {
    memcpy(key + len, row->name, name < TALLY_NAME_MAX ? name : TALLY_NAME_MAX);
  }
  len += TALLY_NAME_MAX;
  if (row->phrase.len) {
    memcpy(key + len, row->phrase.data, row->phrase.len);
  }
  return len + row->phrase.len;
}

/* tally_keep adds a row; what it points to stands behind it. */
static qv_tally_row *tally_keep(qv_tally *tally, const qv_tally_row *row,
                                const char *path, quic_bytes key) {
  void *rows = tally->rows;
  size_t len = strlen(path) + 1;
  qv_tally_row *copy;
  uint8_t *at;

  if (tally->len >= tally->max ||
      quic_mem_grow(tally->mem, &rows, &tally->cap, tally->len + 1,
                    sizeof(*tally->rows))) {
    return NULL;
  }
  tally->rows = rows;
  copy = quic_mem_alloc(tally->mem, sizeof(*copy) + len + row->phrase.len);
  if (!copy || quic_map_put(&tally->by_key, key, copy)) {
    quic_mem_free(tally->mem, copy);
    return NULL;
  }
  *copy = *row;
  at = (uint8_t *)(copy + 1);
  copy->path = memcpy(at, path, len);
  if (row->phrase.len) {
    memcpy(at + len, row->phrase.data, row->phrase.len);
  }
  copy->phrase.data = at + len;
  tally->rows[tally->len++] = copy;
  return copy;
}

void qv_tally_add(qv_tally *tally, const quic_close *close, const char *path,
                  uint32_t connection) {
  qv_tally_row row = tally_of(close), *found;
  uint8_t buf[TALLY_KEY_MAX];
  quic_bytes key = {buf, tally_key(&row, buf)};

  tally->total++;
  row.connection = connection;
  found = quic_map_get(&tally->by_key, key);
  if (!found) {
    found = tally_keep(tally, &row, path, key);
  }
  if (found) {
    found->count++;
  } else {
    tally->other++;
  }
}

/* Ends of equal count stand together by what they are. */
static int tally_order(const void *a, const void *b) {
  const qv_tally_row *x = *(qv_tally_row *const *)a;
  const qv_tally_row *y = *(qv_tally_row *const *)b;
  const uint64_t left[] = {y->count,
                           (uint64_t)x->class,
                           (uint64_t)x->space,
                           x->code,
                           (uint64_t)(x->by + 1),
                           x->frame_type,
                           (uint64_t)(x->trigger + 1),
                           x->phrase.len};
  const uint64_t right[] = {x->count,
                            (uint64_t)y->class,
                            (uint64_t)y->space,
                            y->code,
                            (uint64_t)(y->by + 1),
                            y->frame_type,
                            (uint64_t)(y->trigger + 1),
                            y->phrase.len};

  for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
    if (left[i] != right[i]) {
      return left[i] < right[i] ? -1 : 1;
    }
  }
  return memcmp(x->phrase.data, y->phrase.data, x->phrase.len);
}

void qv_tally_sort(qv_tally *tally) {
  if (tally->len) {
    qsort(tally->rows, tally->len, sizeof(*tally->rows), tally_order);
  }
}

const char *qv_tally_trigger(const qv_tally_row *row) {
  const qlog_field *f = qlog_field_list(QLOG_CONNECTION_CLOSED);

  while (f->kind != QLOG_FIELD_END && strcmp(f->name, "trigger") != 0) {
    f++;
  }
  return f->names ? qlog_names_at(f->names, row->trigger) : NULL;
}

int qv_tally_alert(const qv_tally_row *row) {
  return row->space == QUIC_CLOSE_SPACE_TRANSPORT && row->code != QLOG_NONE &&
                 row->code >> 8 == TALLY_CRYPTO_ERROR >> 8
             ? (int)(row->code & 0xff)
             : -1;
}
