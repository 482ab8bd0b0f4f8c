#ifndef QUIC_BASE_INORDER_H
#define QUIC_BASE_INORDER_H

/* quic_inorder hands the octets of one byte stream on in order, each once,
   whatever the order, overlap and repetition of the pieces.  Unlike quic_reasm
   it keeps only what waits behind a hole, so it suits streams of any length,
   up to offset 2^62. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

/* Octets that wait behind holes, and what keeping them costs, of all streams
   that share one. */
typedef struct quic_inorder_budget {
  uint64_t used;
  uint64_t limit;
} quic_inorder_budget;

typedef struct quic_inorder_piece quic_inorder_piece;

typedef struct quic_inorder {
  uint64_t offset;            /* octets handed on or given up */
  quic_inorder_piece *pieces; /* behind a hole, disjoint: a tree */
  uint64_t first;             /* offset of the first of them */
  uint64_t waiting;           /* octets in them */
  uint64_t final_size;        /* UINT64_MAX = not known */
  uint64_t highest;           /* end of the furthest octet seen */
  uint64_t repeated;          /* octets that came again */
} quic_inorder;

/* What a piece revealed, as bits: octets that were there before or were given
   up; octets that differ from those that wait; a contradiction to the final
   size (RFC 9000 §4.5). */
#define QUIC_INORDER_REPEATED 0x01
#define QUIC_INORDER_CONFLICT 0x02
#define QUIC_INORDER_FINAL_SIZE 0x04

/* Takes octets in order; |data| is borrowed for the call.  It must not call
   functions on the same quic_inorder. */
typedef void quic_inorder_fn(void *user, uint64_t offset, quic_bytes data);

void quic_inorder_init(quic_inorder *in);
void quic_inorder_free(quic_inorder *in, const quic_mem *mem,
                       quic_inorder_budget *budget);

/* quic_inorder_add takes |piece| at |offset| (offset + len <= 2^62); |fin|
   says that the stream ends with it.  |fn| is called for what is in order now.
   Octets known already stay as they were; octets handed on already are not
   compared.  The first final size stands: octets beyond it are dropped, and one
   below octets seen is no final size.  |*found| gets QUIC_INORDER_ bits.
   Returns 0, QUIC_ERR_LIMIT (the budget is used up: the octets were not kept
   and may come again; only a piece behind a hole can need any),
   QUIC_ERR_NOMEM (likewise), or QUIC_ERR_INVALID (|offset|). */
int quic_inorder_add(quic_inorder *in, const quic_mem *mem,
                     quic_inorder_budget *budget, uint64_t offset,
                     quic_bytes piece, bool fin, quic_inorder_fn *fn,
                     void *user, unsigned *found) QUIC_MUST_USE;

/* quic_inorder_end notes the final size that RESET_STREAM tells; returns
   QUIC_INORDER_FINAL_SIZE when that contradicts, or 0. */
unsigned quic_inorder_end(quic_inorder *in, uint64_t final_size);

/* quic_inorder_hole: octets are missing at |offset| while later ones wait.
   Returns their number, 0 when nothing waits. */
uint64_t quic_inorder_hole(const quic_inorder *in);

/* quic_inorder_skip gives up the octets of the hole and hands on what is behind
   it: a capture may have lost them for good. */
void quic_inorder_skip(quic_inorder *in, const quic_mem *mem,
                       quic_inorder_budget *budget, quic_inorder_fn *fn,
                       void *user);

/* quic_inorder_done: everything up to the final size was handed on. */
static inline bool quic_inorder_done(const quic_inorder *in) {
  return in->offset == in->final_size;
}

#endif /* !defined(QUIC_BASE_INORDER_H) */
