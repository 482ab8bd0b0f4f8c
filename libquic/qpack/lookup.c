#include "qpack/lookup.h"

int qpack_lookup_init(qpack_lookup *lookup, const quic_mem *mem,
                      size_t entries) {
  lookup->mem = mem;
  lookup->mask = entries - 1;
  lookup->rows = quic_mem_zalloc(mem, entries * sizeof(lookup->rows[0]));
  lookup->pairs = quic_mem_zalloc(mem, entries * sizeof(lookup->pairs[0]));
  lookup->names = quic_mem_zalloc(mem, entries * sizeof(lookup->names[0]));
  return lookup->rows && lookup->pairs && lookup->names ? 0 : QUIC_ERR_NOMEM;
}

void qpack_lookup_free(qpack_lookup *lookup) {
  quic_mem_free(lookup->mem, lookup->rows);
  quic_mem_free(lookup->mem, lookup->pairs);
  quic_mem_free(lookup->mem, lookup->names);
  memset(lookup, 0, sizeof(*lookup));
}

void qpack_lookup_add(qpack_lookup *lookup, uint64_t index,
                      const qpack_lookup_row *row) {
  qpack_lookup_row *to = qpack_lookup_row_of(lookup, index);
  uint64_t *pair = &lookup->pairs[row->pair & lookup->mask];
  uint64_t *name = &lookup->names[row->name & lookup->mask];

  *to = *row;
  to->pair_next = *pair;
  to->name_next = *name;
  *pair = *name = index + 1;
}

bool qpack_lookup_pair(const qpack_lookup *lookup, const qpack_table *table,
                       uint64_t key, quic_bytes name, quic_bytes value,
                       uint64_t limit, uint64_t *index) {
  uint64_t next = lookup->pairs[key & lookup->mask];

  while (next > table->dropped) {
    const qpack_lookup_row *row = qpack_lookup_row_of(lookup, --next);
    const qpack_entry *e = qpack_table_get(table, next);

    if (row->pair == key && next < limit && e && quic_bytes_eq(e->name, name) &&
        quic_bytes_eq(e->value, value)) {
      *index = next;
      return true;
    }
    next = row->pair_next;
  }
  return false;
}

bool qpack_lookup_name(const qpack_lookup *lookup, const qpack_table *table,
                       uint64_t key, quic_bytes name, uint64_t limit,
                       uint64_t *index) {
  uint64_t next = lookup->names[key & lookup->mask];

  while (next > table->dropped) {
    const qpack_lookup_row *row = qpack_lookup_row_of(lookup, --next);
    const qpack_entry *e = qpack_table_get(table, next);

    if (row->name == key && next < limit && e && quic_bytes_eq(e->name, name)) {
      *index = next;
      return true;
    }
    next = row->name_next;
  }
  return false;
}
