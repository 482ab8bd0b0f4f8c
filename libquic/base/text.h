#ifndef QUIC_BASE_TEXT_H
#define QUIC_BASE_TEXT_H

/* quic_text builds text in a caller's buffer without stdio.  When the buffer
   is full and there is a |flush|, the text goes there; without one the text
   is cut, |cut| is set, and the buffer always keeps room for a NUL. */

#include "base/bytes.h"
#include "base/err.h"

typedef struct quic_text {
  char *buf;
  size_t len;
  size_t cap;
  bool cut;
  size_t flushed; /* octets handed on */
  /* takes |len| octets; NULL = cut.  Errors are the callee's to keep. */
  void (*flush)(void *user, const char *data, size_t len);
  void *user;
} quic_text;

/* quic_text_init starts an empty text in |buf| of |cap| (> 0) octets. */
void quic_text_init(quic_text *t, char *buf, size_t cap);

/* quic_text_cstr terminates the text with NUL and returns it (no flush). */
const char *quic_text_cstr(quic_text *t);

/* quic_text_flush hands what is buffered to |flush|. */
void quic_text_flush(quic_text *t);

void quic_text_char(quic_text *t, char c);
void quic_text_mem(quic_text *t, const char *s, size_t len);

/* quic_text_str appends a trusted NUL-terminated constant. */
void quic_text_str(quic_text *t, const char *s);

/* quic_text_printf appends a formatted text of at most 1023 octets.  Never
   give it a string from outside. */
void quic_text_printf(quic_text *t, const char *fmt, ...) QUIC_PRINTF(2, 3);

void quic_text_u64(quic_text *t, uint64_t v);                  /* decimal */
void quic_text_u64_width(quic_text *t, uint64_t v, int width); /* right */
void quic_text_hex_u64(quic_text *t, uint64_t v); /* 0x..., minimal */
void quic_text_hex(quic_text *t, quic_bytes b);   /* "0a1b" */

/* quic_text_pos returns how many octets were appended since init, flushed or
   not. */
static inline size_t quic_text_pos(const quic_text *t) {
  return t->flushed + t->len;
}

/* quic_text_pad appends spaces until |width| octets stand behind |start|, a
   quic_text_pos.  Nothing when there are as many already. */
void quic_text_pad(quic_text *t, size_t start, size_t width);

/* quic_text_untrusted appends bytes from outside so that no terminal acts on
   them: printable ASCII and valid UTF-8 pass; C0, DEL, C1, bidirectional and
   zero-width controls, line and paragraph separators, invalid UTF-8 and the
   backslash itself become \xNN or \u{NNNN}.  At most |max| octets are
   read, never half a character, then "..." follows (0 = all). */
void quic_text_untrusted(quic_text *t, quic_bytes b, size_t max);

/* quic_text_quoted is quic_text_untrusted between quotation marks; those in |b|
   become \", so that nobody can end the quotation early. */
void quic_text_quoted(quic_text *t, quic_bytes b, size_t max);

/* quic_text_utf8 decodes the UTF-8 sequence (RFC 3629: shortest form, no
   surrogates) at the start of the |left| (> 0) octets at |p|.  Returns its
   length, 0 when invalid. */
size_t quic_text_utf8(const uint8_t *p, size_t left, uint32_t *cp);

/* quic_text_unsafe: a code point, or the backslash, by which a terminal or a
   reader may be fooled; those that quic_text_untrusted does not pass. */
bool quic_text_unsafe(uint32_t cp);

#endif /* !defined(QUIC_BASE_TEXT_H) */
