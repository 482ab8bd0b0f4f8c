#include "cli/fieldhelp.h"

#define HELP_WIDTH 79
#define HELP_INDENT 13 /* columns before the help of a field */

static void fieldhelp_symbols(const quic_filter_field *field, quic_text *out) {
  size_t start = quic_text_pos(out);
  quic_filter_symbol sym;

  quic_text_pad(out, start, HELP_INDENT);
  for (size_t i = 0; field->symbol(i, &sym); i++) {
    size_t len = strlen(sym.name);

    if (i && quic_text_pos(out) - start + 1 + len > HELP_WIDTH) {
      quic_text_char(out, '\n');
      start = quic_text_pos(out);
      quic_text_pad(out, start, HELP_INDENT);
    } else if (i) {
      quic_text_char(out, ' ');
    }
    for (size_t c = 0; c < len; c++) {
      char upper = sym.name[c];

      quic_text_char(out, upper >= 'A' && upper <= 'Z' ? (char)(upper | 0x20)
                                                       : upper);
    }
  }
  quic_text_char(out, '\n');
}

void cli_fieldhelp(quic_text *out, const quic_filter_field *fields,
                   size_t nfields) {
  for (size_t i = 0; i < nfields; i++) {
    const quic_filter_field *field = &fields[i];
    size_t start = quic_text_pos(out);

    quic_text_str(out, "  ");
    quic_text_str(out, field->name);
    quic_text_char(out, ' ');
    quic_text_pad(out, start, HELP_INDENT);
    quic_text_str(out, field->help);
    quic_text_str(out, field->type == QUIC_FILTER_TEXT ? " (text)\n" : "\n");
    if (field->symbol) {
      fieldhelp_symbols(field, out);
    }
  }
}
