#include "qlogview/casing.h"

#define CASING_DEPTH 64 /* brackets that are open */

/* Brackets that are open in a text. */
typedef struct casing_brackets {
  char closing[CASING_DEPTH];
  size_t depth;
  bool string, escape;
  bool any;     /* something was open */
  bool broken;  /* or too deep */
  uint8_t last; /* octet that is no white space */
} casing_brackets;

static void casing_string(casing_brackets *b, uint8_t c) {
  if (b->escape) {
    b->escape = false;
  } else if (c == '\\') {
    b->escape = true;
  } else if (c == '"') {
    b->string = false;
  }
}

static void casing_bracket(casing_brackets *b, uint8_t c) {
  if (c == '{' || c == '[') {
    b->any = true;
    if (b->depth == CASING_DEPTH) {
      b->broken = true;
      return;
    }
    b->closing[b->depth++] = c == '{' ? '}' : ']';
  } else if (c == '}' || c == ']') {
    if (b->depth == 0 || b->closing[b->depth - 1] != (char)c) {
      b->broken = true;
      return;
    }
    b->depth--;
  }
}

static void casing_scan(casing_brackets *b, const uint8_t *text, size_t len) {
  memset(b, 0, sizeof(*b));
  for (size_t i = 0; i < len && !b->broken; i++) {
    uint8_t c = text[i];

    if (b->string) {
      casing_string(b, c);
    } else if (c == '"') {
      b->string = true;
    } else {
      casing_bracket(b, c);
    }
    if (c > ' ') {
      b->last = c;
    }
  }
}

void qv_casing_init(qv_casing *f, const quic_mem *mem) {
  memset(f, 0, sizeof(*f));
  f->mem = mem;
}

void qv_casing_free(qv_casing *f) {
  quic_mem_free(f->mem, f->text);
}

static int casing_copy(qv_casing *f, quic_bytes head) {
  int rv = quic_mem_grow(f->mem, (void **)&f->text, &f->cap, head.len, 1);

  if (rv == 0 && head.len > 0) {
    memcpy(f->text, head.data, head.len);
  }
  f->len = rv ? f->len : head.len;
  return rv;
}

int qv_casing_set(qv_casing *f, quic_bytes head) {
  f->len = f->written = 0;
  return casing_copy(f, head);
}

bool qv_casing_begins(const qv_casing *f, quic_bytes head) {
  return head.len >= f->written &&
         (f->written == 0 || memcmp(head.data, f->text, f->written) == 0);
}

int qv_casing_grow(qv_casing *f, quic_bytes head) {
  return qv_casing_begins(f, head) ? casing_copy(f, head) : 0;
}

bool qv_casing_whole(const qv_casing *f) {
  casing_brackets b;

  casing_scan(&b, f->text, f->len);
  return b.any && !b.broken && !b.string && b.depth == 0;
}

int qv_casing_open(qv_casing *f, quic_text *out) {
  casing_brackets b;

  casing_scan(&b, f->text, f->len);
  if (b.broken || b.string || b.last != '[') {
    return QUIC_ERR_MALFORMED;
  }
  quic_text_mem(out, (const char *)f->text, f->len);
  f->written = f->len;
  return 0;
}

void qv_casing_close(qv_casing *f, quic_text *out) {
  casing_brackets b;

  /* What ends in the middle of a member cannot be closed, but without it. */
  casing_scan(&b, f->text, f->len);
  if (b.broken || b.string || (b.last != '}' && b.last != ']')) {
    f->len = f->written;
    casing_scan(&b, f->text, f->len);
  }
  if (f->len > f->written) {
    quic_text_mem(out, (const char *)f->text + f->written, f->len - f->written);
  }
  while (b.depth > 0) {
    quic_text_char(out, b.closing[--b.depth]);
  }
  f->written = f->len = 0;
}
