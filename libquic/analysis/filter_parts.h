#ifndef QUIC_ANALYSIS_FILTER_PARTS_H
#define QUIC_ANALYSIS_FILTER_PARTS_H

/* What filter.c (parsing), filter_match.c (the machine) and filter_near.c
   (suggestions) share.  Private to this folder.

   The expression becomes a list of instructions for a machine with one flag: a
   test sets it, NOT turns it, and the jumps skip what and/or no longer need.
   So a match neither recurses nor allocates. */

#include "analysis/filter.h"

typedef enum filter_op {
  OP_TEST,       /* flag = the field holds */
  OP_NOT,        /* flag = !flag */
  OP_JUMP_TRUE,  /* go to target when the flag is set */
  OP_JUMP_FALSE, /* and when it is not */
} filter_op;

typedef enum filter_cmp {
  CMP_SET, /* neither 0 nor empty */
  CMP_EQ,  /* one of the operands */
  CMP_LT,
  CMP_LE,
  CMP_GT,
  CMP_GE,
  CMP_CONTAINS
} filter_cmp;

/* A range of numbers, or a piece of the text pool. */
typedef struct filter_operand {
  uint64_t first;
  uint64_t last;
  size_t text; /* offset */
  size_t len;
} filter_operand;

typedef struct filter_insn {
  filter_op op;
  filter_cmp cmp;
  const quic_filter_field *field;
  size_t operand; /* index of the first */
  size_t noperands;
  size_t target;
} filter_insn;

struct quic_filter {
  const quic_mem *mem;
  filter_insn *insns;
  size_t len, cap;
  filter_operand *operands;
  size_t noperands, operands_cap;
  uint8_t *pool; /* octets of the texts, in lower case */
  size_t pool_len, pool_cap;
};

struct quic_filter_visitor {
  const quic_filter *filter;
  const filter_insn *insn;
  bool hit;
};

static inline uint8_t filter_lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* quic_filter_near_field returns the name of the field that is fewest edits
   from |word|, quic_filter_near_symbol that of |field|'s symbol; NULL when none
   is near.  Static. */
const char *quic_filter_near_field(const quic_filter_field *fields,
                                   size_t nfields, quic_bytes word);
const char *quic_filter_near_symbol(const quic_filter_field *field,
                                    quic_bytes word);

#endif /* !defined(QUIC_ANALYSIS_FILTER_PARTS_H) */
