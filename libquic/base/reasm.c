#include "base/reasm.h"

#define REASM_HOLES 1024 /* ranges kept at most */

void quic_reasm_init(quic_reasm *re, const quic_mem *mem, size_t limit) {
  memset(re, 0, sizeof(*re));
  re->mem = mem;
  re->limit = limit;
  quic_rangeset_init(&re->have, mem, REASM_HOLES);
}

void quic_reasm_free(quic_reasm *re) {
  quic_mem_free(re->mem, re->data);
  quic_rangeset_free(&re->have);
  re->data = NULL;
  re->cap = 0;
}

bool quic_reasm_contradicts(const quic_reasm *re, uint64_t offset,
                            quic_bytes piece) {
  size_t i = quic_rangeset_seek(&re->have, offset);

  for (; i < re->have.len && re->have.items[i].start < offset + piece.len;
       i++) {
    uint64_t start = re->have.items[i].start;
    uint64_t end = re->have.items[i].end;

    if (start < offset) {
      start = offset;
    }
    if (end > offset + piece.len) {
      end = offset + piece.len;
    }
    if (start < end && memcmp(re->data + start, piece.data + (start - offset),
                              (size_t)(end - start)) != 0) {
      return true;
    }
  }
  return false;
}

int quic_reasm_add(quic_reasm *re, uint64_t offset, quic_bytes piece) {
  uint64_t at = offset;
  uint64_t end;
  quic_range gap;
  int rv;

  if (piece.len == 0) {
    return 0;
  }
  if (offset > re->limit || piece.len > re->limit - offset) {
    return QUIC_ERR_LIMIT;
  }
  end = offset + piece.len;
  rv = quic_mem_grow(re->mem, (void **)&re->data, &re->cap, (size_t)end, 1);
  if (rv != 0) {
    return rv;
  }
  re->conflict = re->conflict || quic_reasm_contradicts(re, offset, piece);
  while (quic_rangeset_gap(&re->have, at, end, &gap)) {
    memcpy(re->data + gap.start, piece.data + (gap.start - offset),
           (size_t)(gap.end - gap.start));
    at = gap.end;
  }
  return quic_rangeset_add(&re->have, offset, end);
}

quic_bytes quic_reasm_ready(const quic_reasm *re) {
  size_t n = re->have.len && re->have.items[0].start == 0
                 ? (size_t)re->have.items[0].end
                 : 0;

  return quic_bytes_of(re->data, n);
}
