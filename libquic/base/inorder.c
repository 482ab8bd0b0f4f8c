#include "base/inorder.h"

#define INORDER_END_MAX (UINT64_C(1) << 62)
/* What an allocator adds to a block, about. */
#define INORDER_BLOCK 16

/* Octets behind a hole, a node of a splay tree by offset.  Such a tree needs no
   randomness that an attacker could guess, takes runs in either direction in
   constant time a piece, and anything else in logarithmic time (amortised). */
struct quic_inorder_piece {
  quic_inorder_piece *left;
  quic_inorder_piece *right;
  uint64_t offset;
  size_t len;
  uint8_t data[];
};

static uint64_t inorder_cost(uint64_t len) {
  return sizeof(quic_inorder_piece) + INORDER_BLOCK + len;
}

static uint64_t inorder_end_of(const quic_inorder_piece *p) {
  return p->offset + p->len;
}

/* --- the tree --------------------------------------------------------------
 */

/* inorder_splay brings the piece at |at|, or a neighbour of that place, to the
   root and returns it (Sleator and Tarjan's top-down splay). */
static quic_inorder_piece *inorder_splay(quic_inorder_piece *t, uint64_t at) {
  quic_inorder_piece *below = NULL, *above = NULL, *child;
  quic_inorder_piece **below_end = &below, **above_end = &above;

  while (t && t->offset != at) {
    if (at < t->offset) {
      child = t->left;
      if (child && at < child->offset) {
        t->left = child->right;
        child->right = t;
        t = child;
      }
      if (!t->left) {
        break;
      }
      *above_end = t;
      above_end = &t->left;
      t = t->left;
    } else {
      child = t->right;
      if (child && at > child->offset) {
        t->right = child->left;
        child->left = t;
        t = child;
      }
      if (!t->right) {
        break;
      }
      *below_end = t;
      below_end = &t->right;
      t = t->right;
    }
  }
  if (t) {
    *below_end = t->left;
    *above_end = t->right;
    t->left = below;
    t->right = above;
  }
  return t;
}

/* inorder_split cuts |t| into pieces that begin before |at|, whose last is the
   root then, and |*rest|. */
static quic_inorder_piece *inorder_split(quic_inorder_piece *t, uint64_t at,
                                         quic_inorder_piece **rest) {
  quic_inorder_piece *before;

  *rest = NULL;
  t = inorder_splay(t, at);
  if (!t) {
    return NULL;
  }
  if (t->offset < at) {
    *rest = t->right;
    t->right = NULL;
    return t;
  }
  before = inorder_splay(t->left, at);
  t->left = NULL;
  *rest = t;
  return before;
}

/* inorder_join puts |before|, as inorder_split gave it, in front of |rest|. */
static quic_inorder_piece *inorder_join(quic_inorder_piece *before,
                                        quic_inorder_piece *rest) {
  if (!before) {
    return rest;
  }
  before->right = rest;
  return before;
}

/* inorder_line turns |t| into a list in ascending order, linked by |right|. */
static quic_inorder_piece *inorder_line(quic_inorder_piece *t) {
  quic_inorder_piece *first = NULL;
  quic_inorder_piece **link = &first;

  while (t) {
    quic_inorder_piece *left = t->left;

    if (left) {
      t->left = left->right;
      left->right = t;
      t = left;
    } else {
      *link = t;
      link = &t->right;
      t = t->right;
    }
  }
  return first;
}

static void inorder_drop(quic_inorder *in, const quic_mem *mem,
                         quic_inorder_budget *budget, quic_inorder_piece *p) {
  in->waiting -= p->len;
  budget->used -= inorder_cost(p->len);
  quic_mem_free(mem, p);
}

/* --- pieces ----------------------------------------------------------------
 */

void quic_inorder_init(quic_inorder *in) {
  memset(in, 0, sizeof(*in));
  in->final_size = UINT64_MAX;
}

void quic_inorder_free(quic_inorder *in, const quic_mem *mem,
                       quic_inorder_budget *budget) {
  quic_inorder_piece *p = inorder_line(in->pieces);

  while (p) {
    quic_inorder_piece *next = p->right;

    inorder_drop(in, mem, budget, p);
    p = next;
  }
  in->pieces = NULL;
}

/* inorder_hand gives |data|, the next octets, to |fn|. */
static void inorder_hand(quic_inorder *in, quic_bytes data, quic_inorder_fn *fn,
                         void *user) {
  uint64_t offset = in->offset;

  if (data.len) {
    in->offset += data.len;
    fn(user, offset, data);
  }
}

/* inorder_hand_first gives the first piece to |fn| and drops it. */
static void inorder_hand_first(quic_inorder *in, const quic_mem *mem,
                               quic_inorder_budget *budget, quic_inorder_fn *fn,
                               void *user) {
  quic_inorder_piece *p = inorder_splay(in->pieces, in->first);

  in->pieces = inorder_splay(p->right, 0);
  in->first = in->pieces ? in->pieces->offset : 0;
  inorder_hand(in, quic_bytes_of(p->data, p->len), fn, user);
  inorder_drop(in, mem, budget, p);
}

/* inorder_known notes that |piece| repeats the octets at |kept|. */
static unsigned inorder_known(quic_inorder *in, const uint8_t *kept,
                              const uint8_t *piece, uint64_t len) {
  in->repeated += len;
  return memcmp(kept, piece, (size_t)len) == 0
             ? QUIC_INORDER_REPEATED
             : QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT;
}

/* inorder_pass hands on |piece|, which begins at |in->offset|, and all that
   waited for it.  Where octets waited already, these are handed on. */
static void inorder_pass(quic_inorder *in, const quic_mem *mem,
                         quic_inorder_budget *budget, quic_bytes piece,
                         quic_inorder_fn *fn, void *user, unsigned *found) {
  uint64_t end = in->offset + piece.len;
  const uint8_t *base = piece.data;
  uint64_t start = in->offset;

  while (in->offset < end) {
    uint64_t to = in->pieces && in->first < end ? in->first : end;
    const quic_inorder_piece *p;

    inorder_hand(
        in,
        quic_bytes_of(base + (in->offset - start), (size_t)(to - in->offset)),
        fn, user);
    if (to == end) {
      break;
    }
    in->pieces = inorder_splay(in->pieces, in->first);
    p = in->pieces;
    *found |= inorder_known(in, p->data, base + (to - start),
                            p->len < end - to ? p->len : end - to);
    inorder_hand_first(in, mem, budget, fn, user);
  }
  while (in->pieces && in->first == in->offset) {
    inorder_hand_first(in, mem, budget, fn, user);
  }
}

/* inorder_merge makes one piece of |data| at |offset| and those in the list
   |inside|, whose octets stand.  Returns NULL and the reason in |*rv|, with
   nothing changed. */
static quic_inorder_piece *inorder_merge(quic_inorder *in, const quic_mem *mem,
                                         quic_inorder_budget *budget,
                                         quic_inorder_piece *inside,
                                         uint64_t offset, quic_bytes data,
                                         int *rv) {
  quic_inorder_piece *merged;
  uint64_t used = budget->used;

  for (const quic_inorder_piece *p = inside; p; p = p->right) {
    used -= inorder_cost(p->len);
  }
  if (used > budget->limit || inorder_cost(data.len) > budget->limit - used) {
    *rv = QUIC_ERR_LIMIT;
    return NULL;
  }
  merged = quic_mem_alloc(mem, sizeof(*merged) + data.len);
  if (!merged) {
    *rv = QUIC_ERR_NOMEM;
    return NULL;
  }
  merged->offset = offset;
  merged->len = data.len;
  memcpy(merged->data, data.data, data.len);
  while (inside) {
    quic_inorder_piece *next = inside->right;

    memcpy(merged->data + (inside->offset - offset), inside->data, inside->len);
    inorder_drop(in, mem, budget, inside);
    inside = next;
  }
  in->waiting += merged->len;
  budget->used += inorder_cost(merged->len);
  return merged;
}

/* inorder_wait keeps what is new of |data| at |offset|, behind a hole. */
static int inorder_wait(quic_inorder *in, const quic_mem *mem,
                        quic_inorder_budget *budget, uint64_t offset,
                        quic_bytes data, unsigned *found) {
  uint64_t start = offset, end = offset + data.len, known = 0;
  quic_inorder_piece *before, *inside, *after, *merged;
  quic_inorder_piece **link;
  int rv = 0;

  before = inorder_split(in->pieces, offset, &inside);
  if (before && inorder_end_of(before) > start) {
    uint64_t to = inorder_end_of(before) < end ? inorder_end_of(before) : end;

    *found |= inorder_known(in, before->data + (start - before->offset),
                            data.data, to - start);
    start = to;
  }
  /* What the piece covers whole is merged; what goes beyond it stays. */
  inside = inorder_line(inorder_split(inside, end, &after));
  for (link = &inside; *link; link = &(*link)->right) {
    quic_inorder_piece *p = *link;
    uint64_t to = inorder_end_of(p) < end ? inorder_end_of(p) : end;

    *found |= inorder_known(in, p->data, data.data + (p->offset - offset),
                            to - p->offset);
    if (inorder_end_of(p) > end) {
      end = p->offset;
      p->right = after;
      after = p;
      *link = NULL;
      break;
    }
    known += p->len;
  }
  if (known == end - start) {
    merged = NULL;
  } else {
    merged = inorder_merge(
        in, mem, budget, inside, start,
        quic_bytes_of(data.data + (start - offset), (size_t)(end - start)),
        &rv);
  }
  if (merged) {
    in->first = before ? in->first : start;
    merged->left = before;
    merged->right = after;
    in->pieces = merged;
    return 0;
  }
  for (link = &inside; *link; link = &(*link)->right) {
  }
  *link = after;
  in->pieces = inorder_join(before, inside);
  return rv;
}

unsigned quic_inorder_end(quic_inorder *in, uint64_t final_size) {
  if (in->final_size == final_size) {
    return 0;
  }
  if (in->final_size != UINT64_MAX || final_size < in->highest) {
    return QUIC_INORDER_FINAL_SIZE;
  }
  in->final_size = final_size;
  return 0;
}

int quic_inorder_add(quic_inorder *in, const quic_mem *mem,
                     quic_inorder_budget *budget, uint64_t offset,
                     quic_bytes piece, bool fin, quic_inorder_fn *fn,
                     void *user, unsigned *found) {
  uint64_t end;

  *found = 0;
  if (offset > INORDER_END_MAX || piece.len > INORDER_END_MAX - offset) {
    return QUIC_ERR_INVALID;
  }
  end = offset + piece.len;
  if (fin) {
    *found |= quic_inorder_end(in, end);
  }
  if (end > in->final_size) {
    *found |= QUIC_INORDER_FINAL_SIZE;
    end = in->final_size;
    piece.len = end > offset ? (size_t)(end - offset) : 0;
  }
  in->highest = end > in->highest ? end : in->highest;
  if (offset < in->offset && piece.len) {
    uint64_t n = in->offset - offset;

    n = n < piece.len ? n : piece.len;
    in->repeated += n;
    *found |= QUIC_INORDER_REPEATED;
    piece = quic_bytes_of(piece.data + n, piece.len - (size_t)n);
    offset += n;
  }
  if (piece.len == 0) {
    return 0;
  }
  if (offset > in->offset) {
    return inorder_wait(in, mem, budget, offset, piece, found);
  }
  inorder_pass(in, mem, budget, piece, fn, user, found);
  return 0;
}

uint64_t quic_inorder_hole(const quic_inorder *in) {
  return in->pieces ? in->first - in->offset : 0;
}

void quic_inorder_skip(quic_inorder *in, const quic_mem *mem,
                       quic_inorder_budget *budget, quic_inorder_fn *fn,
                       void *user) {
  if (!in->pieces) {
    return;
  }
  in->offset = in->first;
  while (in->pieces && in->first == in->offset) {
    inorder_hand_first(in, mem, budget, fn, user);
  }
}
