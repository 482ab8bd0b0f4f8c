#include "qpack/table.h"

#define TABLE_ROOM_MIN 16

void qpack_table_init(qpack_table *table, const quic_mem *mem) {
  memset(table, 0, sizeof(*table));
  table->mem = mem;
}

/* table_evict drops the oldest entries until |size| is at most |limit|. */
static void table_evict(qpack_table *table, uint64_t limit) {
  while (table->size > limit) {
    qpack_entry *e = table->ring[table->dropped++ & (table->room - 1)];

    table->size -= qpack_entry_size(e);
    quic_mem_free(table->mem, e);
  }
}

void qpack_table_free(qpack_table *table) {
  table_evict(table, 0);
  quic_mem_free(table->mem, table->ring);
  qpack_table_init(table, table->mem);
}

void qpack_table_set_capacity(qpack_table *table, uint64_t capacity) {
  table->capacity = capacity;
  table_evict(table, capacity);
}

/* table_reserve makes room for one entry more. */
static int table_reserve(qpack_table *table) {
  size_t room = table->room ? table->room * 2 : TABLE_ROOM_MIN;
  qpack_entry **ring;

  if (table->inserted - table->dropped < table->room) {
    return 0;
  }
  ring = quic_mem_resize(table->mem, NULL, room, sizeof(*ring));
  if (!ring) {
    return QUIC_ERR_NOMEM;
  }
  for (uint64_t i = table->dropped; i < table->inserted; i++) {
    ring[i & (room - 1)] = table->ring[i & (table->room - 1)];
  }
  quic_mem_free(table->mem, table->ring);
  table->ring = ring;
  table->room = room;
  return 0;
}

int qpack_table_insert(qpack_table *table, quic_bytes name, quic_bytes value,
                       const qpack_entry **entry) {
  uint64_t size = (uint64_t)name.len + value.len + QPACK_FIELD_OVERHEAD;
  qpack_entry *e;
  uint8_t *text;

  if (size > table->capacity) {
    return QUIC_ERR_LIMIT;
  }
  e = quic_mem_alloc(table->mem, sizeof(*e) + name.len + value.len);
  if (!e || table_reserve(table) != 0) {
    quic_mem_free(table->mem, e);
    return QUIC_ERR_NOMEM;
  }
  text = (uint8_t *)(e + 1);
  e->name = quic_bytes_of(text, name.len);
  e->value = quic_bytes_of(text + name.len, value.len);
  if (name.len) {
    memcpy(text, name.data, name.len);
  }
  if (value.len) {
    memcpy(text + name.len, value.data, value.len);
  }
  /* Only now: the name may be that of an entry which goes, §3.2.2. */
  table_evict(table, table->capacity - size);
  table->ring[table->inserted++ & (table->room - 1)] = e;
  table->size += size;
  if (table->size > table->peak) {
    table->peak = table->size;
  }
  *entry = e;
  return 0;
}
