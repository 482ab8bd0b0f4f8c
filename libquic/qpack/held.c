#include "qpack/held.h"

struct qpack_held_stream {
  uint64_t id;
  size_t place; /* in the heap */
  quic_list sections;
};

static quic_bytes held_key(const uint64_t *stream_id) {
  return quic_bytes_of(stream_id, sizeof(*stream_id));
}

static qpack_held_section *held_first(const qpack_held_stream *stream) {
  return QUIC_LIST_ITEM(stream->sections.next, qpack_held_section, node);
}

/* held_before: by Required Insert Count, then as they came. */
static bool held_before(const qpack_held *held, size_t a, size_t b) {
  const qpack_held_section *x = held_first(held->heap[a]);
  const qpack_held_section *y = held_first(held->heap[b]);

  return x->required != y->required ? x->required < y->required
                                    : x->order < y->order;
}

static void held_swap(qpack_held *held, size_t a, size_t b) {
  qpack_held_stream *stream = held->heap[a];

  held->heap[a] = held->heap[b];
  held->heap[b] = stream;
  held->heap[a]->place = a;
  held->heap[b]->place = b;
}

/* held_settle restores the heap after the key at |i| changed. */
static void held_settle(qpack_held *held, size_t i) {
  while (i && held_before(held, i, (i - 1) / 2)) {
    held_swap(held, i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
  for (;;) {
    size_t least = i;

    for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++) {
      if (child < held->len && held_before(held, child, least)) {
        least = child;
      }
    }
    if (least == i) {
      return;
    }
    held_swap(held, i, least);
    i = least;
  }
}

void qpack_held_init(qpack_held *held, const quic_mem *mem, size_t max_octets,
                     const uint64_t seed[2]) {
  memset(held, 0, sizeof(*held));
  held->mem = mem;
  held->max_octets = max_octets;
  quic_map_init(&held->streams, mem, seed);
}

/* held_drop removes a stream and all that waits there. */
static void held_drop(qpack_held *held, qpack_held_stream *stream) {
  size_t place = stream->place;

  while (!quic_list_empty(&stream->sections)) {
    qpack_held_section *section = held_first(stream);

    quic_list_remove(&section->node);
    qpack_held_release(held, section);
  }
  held->len--;
  if (place != held->len) {
    held->heap[place] = held->heap[held->len];
    held->heap[place]->place = place;
    held_settle(held, place);
  }
  (void)quic_map_remove(&held->streams, held_key(&stream->id));
  quic_mem_free(held->mem, stream);
}

void qpack_held_free(qpack_held *held) {
  while (held->len) {
    held_drop(held, held->heap[held->len - 1]);
  }
  quic_mem_free(held->mem, held->heap);
  held->heap = NULL;
  held->cap = 0;
  quic_map_free(&held->streams);
}

bool qpack_held_has(const qpack_held *held, uint64_t stream_id) {
  return held->len && quic_map_get(&held->streams, held_key(&stream_id));
}

/* held_stream returns the stream, a new one without sections if need be. */
static qpack_held_stream *held_stream(qpack_held *held, uint64_t id) {
  qpack_held_stream *stream = quic_map_get(&held->streams, held_key(&id));
  void *heap = held->heap;

  if (stream) {
    return stream;
  }
  if (quic_mem_grow(held->mem, &heap, &held->cap, held->len + 1,
                    sizeof(held->heap[0])) != 0) {
    return NULL;
  }
  held->heap = heap;
  stream = quic_mem_alloc(held->mem, sizeof(*stream));
  if (!stream || quic_map_put(&held->streams, held_key(&id), stream) != 0) {
    quic_mem_free(held->mem, stream);
    return NULL;
  }
  stream->id = id;
  stream->place = held->len;
  quic_list_init(&stream->sections);
  held->heap[held->len++] = stream;
  return stream;
}

static size_t held_cost(size_t len) {
  return len + sizeof(qpack_held_section) + sizeof(qpack_held_stream);
}

int qpack_held_add(qpack_held *held, const qpack_held_section *section) {
  size_t len = section->section.len;
  qpack_held_section *copy;
  qpack_held_stream *stream;

  if (len > held->max_octets ||
      held_cost(len) > held->max_octets - held->octets) {
    return QUIC_ERR_LIMIT;
  }
  copy = quic_mem_alloc(held->mem, sizeof(*copy) + len);
  stream = copy ? held_stream(held, section->stream_id) : NULL;
  if (!stream) {
    quic_mem_free(held->mem, copy);
    return QUIC_ERR_NOMEM;
  }
  *copy = *section;
  copy->order = held->added++;
  copy->section.data = (const uint8_t *)(copy + 1);
  memcpy(copy + 1, section->section.data, len);
  held->octets += held_cost(len);
  quic_list_push_back(&stream->sections, &copy->node);
  held_settle(held, stream->place);
  return 0;
}

qpack_held_section *qpack_held_take(qpack_held *held, uint64_t inserted) {
  qpack_held_stream *stream;
  qpack_held_section *section;

  if (held->len == 0 || held_first(held->heap[0])->required > inserted) {
    return NULL;
  }
  stream = held->heap[0];
  section = held_first(stream);
  quic_list_remove(&section->node);
  if (quic_list_empty(&stream->sections)) {
    held_drop(held, stream);
  } else {
    held_settle(held, 0);
  }
  return section;
}

void qpack_held_release(qpack_held *held, qpack_held_section *section) {
  held->octets -= held_cost(section->section.len);
  quic_mem_free(held->mem, section);
}

void qpack_held_cancel(qpack_held *held, uint64_t stream_id) {
  qpack_held_stream *stream =
      quic_map_get(&held->streams, held_key(&stream_id));

  if (stream) {
    held_drop(held, stream);
  }
}
