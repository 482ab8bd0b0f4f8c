/* Streams in order against one octet after the other.  The first octet chooses
   where the stream begins and the budget; then commands follow: what (flags,
   offset, length). */

#include "base/inorder.h"
#include "base/reader.h"
#include "tests/fuzz/fuzz.h"

#define INORDER_SPAN 600

enum {
  INORDER_FIN = 0x01,
  INORDER_ALTER = 0x02, /* one octet differs */
  INORDER_SKIP = 0x04,
  INORDER_RESET = 0x08
};

typedef struct inorder_model {
  quic_inorder in;
  quic_inorder_budget budget;
  uint64_t base; /* the offset of |octets[0]| */
  uint8_t octets[INORDER_SPAN + 1];
  bool have[INORDER_SPAN + 1];
  uint64_t offset; /* octets before are past */
  uint64_t taken;  /* end of what was handed on */
  uint64_t final_size, highest, repeated;
} inorder_model;

static void inorder_take(void *user, uint64_t offset, quic_bytes data) {
  inorder_model *m = user;

  FUZZ_CHECK(data.len > 0 && offset >= m->taken && offset >= m->base);
  FUZZ_CHECK(memcmp(data.data, m->octets + (offset - m->base), data.len) == 0);
  m->taken = offset + data.len;
}

static void inorder_advance(inorder_model *m) {
  while (m->offset >= m->base && m->have[m->offset - m->base]) {
    m->offset++;
  }
}

/* inorder_final is the model's RFC 9000 §4.5. */
static unsigned inorder_final(inorder_model *m, uint64_t size) {
  if (m->final_size == UINT64_MAX && size >= m->highest) {
    m->final_size = size;
  }
  return m->final_size == size ? 0 : QUIC_INORDER_FINAL_SIZE;
}

/* inorder_look tells what the model finds about the octets. */
static unsigned inorder_look(inorder_model *m, uint64_t offset,
                             quic_bytes piece) {
  unsigned found = 0;

  for (size_t i = 0; i < piece.len; i++) {
    uint64_t at = offset + i;

    if (at < m->offset) {
      found |= QUIC_INORDER_REPEATED;
      m->repeated++;
    } else if (m->have[at - m->base]) {
      found |= QUIC_INORDER_REPEATED;
      m->repeated++;
      if (m->octets[at - m->base] != piece.data[i]) {
        found |= QUIC_INORDER_CONFLICT;
      }
    }
  }
  return found;
}

static void inorder_keep(inorder_model *m, uint64_t offset, quic_bytes piece) {
  for (size_t i = 0; i < piece.len; i++) {
    uint64_t at = offset + i - m->base;

    if (offset + i >= m->offset && !m->have[at]) {
      m->have[at] = true;
      m->octets[at] = piece.data[i];
    }
  }
}

static void inorder_check(const inorder_model *m) {
  uint64_t waiting = 0, hole = 0;

  for (uint64_t i = INORDER_SPAN; i-- > 0;) {
    if (m->have[i] && m->base + i >= m->offset) {
      waiting++;
      hole = m->base + i - m->offset;
    }
  }
  FUZZ_CHECK(m->in.offset == m->offset);
  FUZZ_CHECK(m->in.waiting == waiting);
  FUZZ_CHECK(quic_inorder_hole(&m->in) == hole);
  FUZZ_CHECK(m->in.final_size == m->final_size);
  FUZZ_CHECK(m->in.highest == m->highest);
  FUZZ_CHECK(m->in.repeated == m->repeated);
  FUZZ_CHECK(quic_inorder_done(&m->in) == (m->offset == m->final_size));
  FUZZ_CHECK(m->budget.used <= m->budget.limit);
  FUZZ_CHECK(waiting ? m->budget.used > waiting : m->budget.used == 0);
}

static void inorder_piece(inorder_model *m, unsigned flags, uint64_t offset,
                          quic_bytes piece) {
  uint64_t end = offset + piece.len;
  uint64_t used = m->budget.used;
  unsigned want = 0, found;
  quic_bytes known = piece;
  inorder_model before;
  int rv;

  if (flags & INORDER_FIN) {
    want |= inorder_final(m, end);
  }
  if (end > m->final_size) {
    want |= QUIC_INORDER_FINAL_SIZE;
    end = m->final_size;
    known.len = end > offset ? (size_t)(end - offset) : 0;
  }
  m->highest = end > m->highest ? end : m->highest;
  want |= inorder_look(m, offset, known);
  before = *m;
  inorder_keep(m, offset, known);
  rv = quic_inorder_add(&m->in, quic_mem_default(), &m->budget, offset, piece,
                        flags & INORDER_FIN, inorder_take, m, &found);
  FUZZ_CHECK(found == want);
  if (rv != 0) {
    FUZZ_CHECK(rv == QUIC_ERR_LIMIT && offset > m->offset);
    FUZZ_CHECK(m->budget.used == used);
    memcpy(m->have, before.have, sizeof(m->have));
    memcpy(m->octets, before.octets, sizeof(m->octets));
  }
  inorder_advance(m);
  FUZZ_CHECK(m->taken == m->offset || m->offset < m->base || m->taken == 0);
}

static void inorder_skip(inorder_model *m) {
  if (m->in.pieces) {
    m->offset += quic_inorder_hole(&m->in);
    FUZZ_CHECK(m->offset >= m->base && m->have[m->offset - m->base]);
    inorder_advance(m);
  }
  quic_inorder_skip(&m->in, quic_mem_default(), &m->budget, inorder_take, m);
}

static void inorder_command(inorder_model *m, quic_reader *rd) {
  unsigned flags = quic_reader_u8(rd);
  uint64_t at = quic_reader_u16(rd) % INORDER_SPAN;
  uint64_t len = quic_reader_u8(rd);
  uint8_t octets[256];

  if (flags & INORDER_SKIP) {
    inorder_skip(m);
  } else if (flags & INORDER_RESET) {
    unsigned want = inorder_final(m, m->base + at);

    FUZZ_CHECK(quic_inorder_end(&m->in, m->base + at) == want);
  } else {
    uint8_t *copy;

    len = len < INORDER_SPAN - at ? len : INORDER_SPAN - at;
    for (uint64_t i = 0; i < len; i++) {
      octets[i] = (uint8_t)((at + i) * 7 + (at + i) / 256);
    }
    if (flags & INORDER_ALTER && len) {
      octets[flags % len] ^= 1;
    }
    copy = fuzz_copy(quic_bytes_of(octets, (size_t)len));
    inorder_piece(m, flags, m->base + at, quic_bytes_of(copy, (size_t)len));
    free(copy);
  }
  inorder_check(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static inorder_model m;
  quic_reader rd;
  uint8_t first;

  memset(&m, 0, sizeof(m));
  quic_reader_init(&rd, data, size);
  first = quic_reader_u8(&rd);
  m.base = first & 1 ? (UINT64_C(1) << 62) - INORDER_SPAN : 0;
  m.budget.limit = first & 2 ? 50 * (uint64_t)first : 1 << 20;
  m.final_size = UINT64_MAX;
  quic_inorder_init(&m.in);
  while (quic_reader_left(&rd)) {
    inorder_command(&m, &rd);
  }
  quic_inorder_free(&m.in, quic_mem_default(), &m.budget);
  FUZZ_CHECK(m.budget.used == 0 && m.in.waiting == 0);
  return 0;
}
