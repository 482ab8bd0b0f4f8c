#include "qpack/ledger.h"

typedef struct ledger_stream {
  quic_list node; /* in |risky|, or of its own */
  uint64_t id;
  uint64_t required; /* the largest of its sections */
  quic_list sections;
} ledger_stream;

static quic_bytes ledger_key(const uint64_t *stream_id) {
  return quic_bytes_of(stream_id, sizeof(*stream_id));
}

int qpack_ledger_init(qpack_ledger *ledger, const quic_mem *mem, size_t entries,
                      const uint64_t seed[2]) {
  memset(ledger, 0, sizeof(*ledger));
  ledger->mem = mem;
  quic_map_init(&ledger->streams, mem, seed);
  quic_list_init(&ledger->risky);
  ledger->mask = entries - 1;
  ledger->pins = quic_mem_zalloc(mem, entries * sizeof(ledger->pins[0]));
  return ledger->pins ? 0 : QUIC_ERR_NOMEM;
}

static qpack_ledger_section *ledger_first(const ledger_stream *stream) {
  return QUIC_LIST_ITEM(stream->sections.next, qpack_ledger_section, node);
}

/* ledger_calm takes a stream out of the risky ones if it is among them. */
static void ledger_calm(qpack_ledger *ledger, ledger_stream *stream) {
  if (!quic_list_empty(&stream->node)) {
    quic_list_remove(&stream->node);
    ledger->nrisky--;
  }
}

/* ledger_pop removes a stream's oldest section. */
static void ledger_pop(qpack_ledger *ledger, ledger_stream *stream) {
  qpack_ledger_section *section = ledger_first(stream);

  quic_list_remove(&section->node);
  ledger->pins[section->lowest & ledger->mask]--;
  ledger->nsections--;
  quic_mem_free(ledger->mem, section);
}

/* ledger_drop removes a stream with what is left of its sections. */
static void ledger_drop(qpack_ledger *ledger, ledger_stream *stream) {
  while (!quic_list_empty(&stream->sections)) {
    ledger_pop(ledger, stream);
  }
  ledger_calm(ledger, stream);
  quic_mem_free(ledger->mem, stream);
}

static void ledger_free_one(void *user, quic_bytes key, void *value) {
  (void)key;
  ledger_drop(user, value);
}

void qpack_ledger_free(qpack_ledger *ledger) {
  quic_map_each(&ledger->streams, ledger_free_one, ledger);
  quic_map_free(&ledger->streams);
  quic_mem_free(ledger->mem, ledger->pins);
  ledger->pins = NULL;
}

bool qpack_ledger_risky(const qpack_ledger *ledger, uint64_t stream_id) {
  const ledger_stream *stream =
      quic_map_get(&ledger->streams, ledger_key(&stream_id));

  return stream && !quic_list_empty(&stream->node);
}

/* ledger_stream_of returns the stream, a new one if need be, or NULL. */
static ledger_stream *ledger_stream_of(qpack_ledger *ledger, uint64_t id) {
  ledger_stream *stream = quic_map_get(&ledger->streams, ledger_key(&id));

  if (stream) {
    return stream;
  }
  stream = quic_mem_zalloc(ledger->mem, sizeof(*stream));
  if (!stream || quic_map_put(&ledger->streams, ledger_key(&id), stream) != 0) {
    quic_mem_free(ledger->mem, stream);
    return NULL;
  }
  stream->id = id;
  quic_list_init(&stream->node);
  quic_list_init(&stream->sections);
  return stream;
}

int qpack_ledger_add(qpack_ledger *ledger, uint64_t stream_id,
                     uint64_t required, uint64_t lowest) {
  qpack_ledger_section *section = quic_mem_alloc(ledger->mem, sizeof(*section));
  ledger_stream *stream = section ? ledger_stream_of(ledger, stream_id) : NULL;

  if (!stream) {
    quic_mem_free(ledger->mem, section);
    return QUIC_ERR_NOMEM;
  }
  section->required = required;
  section->lowest = lowest;
  quic_list_push_back(&stream->sections, &section->node);
  ledger->nsections++;
  ledger->pins[lowest & ledger->mask]++;
  if (stream->required < required) {
    stream->required = required;
  }
  if (required > ledger->known && quic_list_empty(&stream->node)) {
    quic_list_push_back(&ledger->risky, &stream->node);
    ledger->nrisky++;
  }
  return 0;
}

void qpack_ledger_advance(qpack_ledger *ledger, uint64_t known) {
  quic_list *node = ledger->risky.next;

  if (known <= ledger->known) {
    return;
  }
  ledger->known = known;
  while (node != &ledger->risky) {
    ledger_stream *stream = QUIC_LIST_ITEM(node, ledger_stream, node);

    node = node->next;
    if (stream->required <= known) {
      ledger_calm(ledger, stream);
    }
  }
}

bool qpack_ledger_acknowledge(qpack_ledger *ledger, uint64_t stream_id) {
  ledger_stream *stream =
      quic_map_get(&ledger->streams, ledger_key(&stream_id));
  uint64_t required;

  if (!stream) {
    return false;
  }
  required = ledger_first(stream)->required;
  ledger_pop(ledger, stream);
  if (quic_list_empty(&stream->sections)) {
    (void)quic_map_remove(&ledger->streams, ledger_key(&stream_id));
    ledger_drop(ledger, stream);
  }
  qpack_ledger_advance(ledger, required);
  return true;
}

void qpack_ledger_cancel(qpack_ledger *ledger, uint64_t stream_id) {
  ledger_stream *stream =
      quic_map_remove(&ledger->streams, ledger_key(&stream_id));

  if (stream) {
    ledger_drop(ledger, stream);
  }
}
