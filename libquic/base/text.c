#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void quic_text_init(quic_text *t, char *buf, size_t cap) {
  memset(t, 0, sizeof(*t));
  t->buf = buf;
  t->cap = cap;
}

const char *quic_text_cstr(quic_text *t) {
  t->buf[t->len] = '\0';
  return t->buf;
}

void quic_text_flush(quic_text *t) {
  if (t->flush && t->len) {
    t->flush(t->user, t->buf, t->len);
    t->flushed += t->len;
    t->len = 0;
  }
}

void quic_text_mem(quic_text *t, const char *s, size_t len) {
  /* One octet stays free for the NUL. */
  if (len >= t->cap - t->len) {
    if (t->flush) {
      quic_text_flush(t);
      if (len >= t->cap) {
        t->flush(t->user, s, len);
        t->flushed += len;
        return;
      }
    } else {
      len = t->cap - t->len - 1;
      t->cut = true;
    }
  }
  if (len) {
    memcpy(t->buf + t->len, s, len);
    t->len += len;
  }
}

void quic_text_char(quic_text *t, char c) {
  quic_text_mem(t, &c, 1);
}

void quic_text_str(quic_text *t, const char *s) {
  quic_text_mem(t, s, strlen(s));
}

void quic_text_printf(quic_text *t, const char *fmt, ...) {
  char tmp[1024];
  va_list ap;
  int n;

  va_start(ap, fmt);
  n = vsnprintf(tmp, sizeof(tmp), fmt, ap);
  va_end(ap);
  if (n > 0) {
    quic_text_mem(t, tmp,
                  (size_t)n < sizeof(tmp) ? (size_t)n : sizeof(tmp) - 1);
  }
}

static size_t text_digits(char out[20], uint64_t v) {
  char *p = out + 20;
  size_t n;

  do {
    *--p = (char)('0' + v % 10);
    v /= 10;
  } while (v);
  n = (size_t)(out + 20 - p);
  memmove(out, p, n);
  return n;
}

void quic_text_u64(quic_text *t, uint64_t v) {
  char tmp[20];
  size_t n = text_digits(tmp, v);

  quic_text_mem(t, tmp, n);
}

void quic_text_u64_width(quic_text *t, uint64_t v, int width) {
  char tmp[20];
  size_t n = text_digits(tmp, v);

  for (size_t i = n; width > 0 && i < (size_t)width; i++) {
    quic_text_char(t, ' ');
  }
  quic_text_mem(t, tmp, n);
}

static const char text_hexdigits[] = "0123456789abcdef";

void quic_text_hex_u64(quic_text *t, uint64_t v) {
  char tmp[18];
  size_t n = sizeof(tmp);

  do {
    tmp[--n] = text_hexdigits[v & 15];
    v >>= 4;
  } while (v);
  tmp[--n] = 'x';
  tmp[--n] = '0';
  quic_text_mem(t, tmp + n, sizeof(tmp) - n);
}

void quic_text_hex(quic_text *t, quic_bytes b) {
  for (size_t i = 0; i < b.len; i++) {
    char two[2] = {text_hexdigits[b.data[i] >> 4],
                   text_hexdigits[b.data[i] & 15]};

    quic_text_mem(t, two, 2);
  }
}

void quic_text_pad(quic_text *t, size_t start, size_t width) {
  size_t used = quic_text_pos(t) - start;

  for (; used < width && !t->cut; used++) {
    quic_text_char(t, ' ');
  }
}

size_t quic_text_utf8(const uint8_t *p, size_t left, uint32_t *cp) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = p[0] < 0x80             ? 1
             : (p[0] & 0xe0) == 0xc0 ? 2
             : (p[0] & 0xf0) == 0xe0 ? 3
             : (p[0] & 0xf8) == 0xf0 ? 4
                                     : 0;

  if (n == 0 || n > left) {
    return 0;
  }
  *cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if ((p[i] & 0xc0) != 0x80) {
      return 0;
    }
    *cp = *cp << 6 | (p[i] & 0x3f);
  }
  if (*cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000)) {
    return 0;
  }
  return n;
}

/* C0, DEL, C1, soft hyphen, combining grapheme joiner, bidirectional and
   zero-width controls, separators, interlinear marks, BOM, variation selectors,
   tags, private use and noncharacters. */
bool quic_text_unsafe(uint32_t cp) {
  static const struct {
    uint32_t first, last;
  } unsafe[] = {{0x00, 0x1f},       {0x5c, 0x5c},       {0x7f, 0x9f},
                {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
                {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
                {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
                {0x3164, 0x3164},   {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},
                {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
                {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};

  if (cp >= 0x20 && cp < 0x7f && cp != 0x5c) {
    return false;
  }
  if ((cp & 0xfffe) == 0xfffe) {
    return true;
  }
  for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
    if (cp >= unsafe[i].first && cp <= unsafe[i].last) {
      return true;
    }
  }
  return false;
}

void quic_text_untrusted(quic_text *t, quic_bytes b, size_t max) {
  size_t len = max && b.len > max ? max : b.len;
  size_t i = 0;

  while (i < len) {
    uint32_t cp = 0;
    size_t n = quic_text_utf8(b.data + i, b.len - i, &cp);

    if (n > len - i) {
      break;
    }
    if (n == 0) {
      n = 1;
      quic_text_printf(t, "\\x%02x", b.data[i]);
    } else if (cp == '\\') {
      quic_text_str(t, "\\\\");
    } else if (!quic_text_unsafe(cp)) {
      quic_text_mem(t, (const char *)b.data + i, n);
    } else if (cp < 0x80) {
      quic_text_printf(t, "\\x%02x", (unsigned)cp);
    } else {
      quic_text_printf(t, "\\u{%04x}", (unsigned)cp);
    }
    i += n;
  }
  if (i < b.len) {
    quic_text_str(t, "...");
  }
}

void quic_text_quoted(quic_text *t, quic_bytes b, size_t max) {
  size_t len = max && b.len > max ? max : b.len;
  size_t start = 0;

  quic_text_char(t, '"');
  for (size_t i = 0; i < len; i++) {
    if (b.data[i] == '"') {
      quic_text_untrusted(t, quic_bytes_of(b.data + start, i - start), 0);
      quic_text_str(t, "\\\"");
      start = i + 1;
    }
  }
  if (start < b.len) {
    quic_text_untrusted(t, quic_bytes_of(b.data + start, b.len - start),
                        max ? len - start : 0);
  }
  quic_text_char(t, '"');
}
