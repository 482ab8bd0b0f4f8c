#include "cli/para.h"

void cli_para_init(cli_para *para) {
  quic_text_init(&para->text, para->buf, sizeof(para->buf));
}

/* para_columns counts characters: UTF-8 without its continuation octets. */
static size_t para_columns(const char *s, size_t len) {
  size_t n = 0;

  for (size_t i = 0; i < len; i++) {
    n += ((unsigned char)s[i] & 0xc0) != 0x80;
  }
  return n;
}

void cli_para_put(cli_para *para, quic_text *out, size_t column,
                  size_t indent) {
  const char *s = quic_text_cstr(&para->text);
  bool fresh = true; /* no word on this line */

  while (*s) {
    size_t blanks = strspn(s, " ");
    size_t len = strcspn(s + blanks, " ");
    size_t columns = para_columns(s + blanks, len);

    if (!fresh && len && column + blanks + columns > CLI_PARA_WIDTH) {
      quic_text_char(out, '\n');
      quic_text_pad(out, quic_text_pos(out), indent);
      column = indent + columns;
    } else if (len) {
      quic_text_mem(out, s, blanks);
      column += blanks + columns;
    }
    quic_text_mem(out, s + blanks, len);
    fresh = false;
    s += blanks + len;
  }
  quic_text_char(out, '\n');
}
