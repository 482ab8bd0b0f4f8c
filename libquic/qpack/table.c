#include "qpack/table.h"

#define TABLE_ROOM_MIN 16

void qpack_table_init(qpack_table *table, const quic_mem *mem) {
  memset(table, 0, sizeof(*table));
  table->mem = mem;
}

static void table_free_text(const qpack_table *table, qpack_text *text) {
  if (text && --text->refs == 0) {
    quic_mem_free(table->mem, text);
  }
}

static void table_free_entry(const qpack_table *table, qpack_entry *e) {
  if (e) {
    table_free_text(table, e->texts[0]);
    table_free_text(table, e->texts[1]);
    quic_mem_free(table->mem, e);
  }
}

/* table_text returns where |*octets| are kept, which is |shared| if they are
   its own, and lets them point there; NULL for none, or without memory. */
static qpack_text *table_text(const qpack_table *table, quic_bytes *octets,
                              qpack_text *shared) {
  qpack_text *text = shared;

  if (octets->len == 0) {
    *octets = quic_bytes_of("", 0);
    return NULL;
  }
  if (!text || octets->data != text->octets) {
    text = quic_mem_alloc(table->mem, sizeof(*text) + octets->len);
    if (!text) {
      return NULL;
    }
    text->refs = 0;
    memcpy(text->octets, octets->data, octets->len);
  }
  text->refs++;
  octets->data = text->octets;
  return text;
}

/* table_entry makes an entry of |name| and |value|, or returns NULL. */
static qpack_entry *table_entry(const qpack_table *table,
                                const qpack_entry *source, quic_bytes name,
                                quic_bytes value) {
  qpack_entry *e = quic_mem_alloc(table->mem, sizeof(*e));

  if (!e) {
    return NULL;
  }
  e->name = name;
  e->value = value;
  e->texts[0] = table_text(table, &e->name, source ? source->texts[0] : NULL);
  e->texts[1] = table_text(table, &e->value, source ? source->texts[1] : NULL);
  if ((name.len && !e->texts[0]) || (value.len && !e->texts[1])) {
    table_free_entry(table, e);
    return NULL;
  }
  return e;
}

/* table_evict drops the oldest entries until |size| is at most |limit|. */
static void table_evict(qpack_table *table, uint64_t limit) {
  while (table->size > limit) {
    qpack_entry *e = table->ring[table->dropped++ & (table->room - 1)];

    table->size -= qpack_entry_size(e);
    table_free_entry(table, e);
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

int qpack_table_insert(qpack_table *table, const qpack_entry *source,
                       quic_bytes name, quic_bytes value,
                       const qpack_entry **entry) {
  uint64_t size = (uint64_t)name.len + value.len + QPACK_FIELD_OVERHEAD;
  qpack_entry *e;

  if (size > table->capacity) {
    return QUIC_ERR_LIMIT;
  }
  e = table_reserve(table) == 0 ? table_entry(table, source, name, value)
                                : NULL;
  if (!e) {
    return QUIC_ERR_NOMEM;
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
