#include "pcap/tree.h"

#include "wire/varint.h"

#define TREE_DUMP_WIDTH 16 /* octets of a line */

void qd_tree_indent(const qd_tree *tree) {
  for (int i = 0; i < tree->depth; i++) {
    quic_text_mem(tree->text, "  ", 2);
  }
}

void qd_tree_end(const qd_tree *tree) {
  quic_text_char(tree->text, '\n');
}

void qd_tree_name(const qd_tree *tree, const char *name) {
  qd_tree_indent(tree);
  quic_text_str(tree->text, name);
  quic_text_mem(tree->text, ": ", 2);
}

void qd_tree_str(const qd_tree *tree, const char *name, const char *value) {
  qd_tree_name(tree, name);
  quic_text_str(tree->text, value);
  qd_tree_end(tree);
}

void qd_tree_u64(const qd_tree *tree, const char *name, uint64_t value) {
  qd_tree_name(tree, name);
  quic_text_u64(tree->text, value);
  qd_tree_end(tree);
}

void qd_tree_hex(const qd_tree *tree, const char *name, quic_bytes value) {
  qd_tree_name(tree, name);
  if (value.len) {
    quic_text_hex(tree->text, value);
  } else {
    quic_text_str(tree->text, "empty");
  }
  qd_tree_end(tree);
}

void qd_tree_untrusted(const qd_tree *tree, const char *name,
                       quic_bytes value) {
  qd_tree_name(tree, name);
  quic_text_untrusted(tree->text, value, 0);
  qd_tree_end(tree);
}

void qd_tree_problem(const qd_tree *tree, const char *text) {
  qd_tree_indent(tree);
  cli_colour_on(tree->text, tree->colour, CLI_COLOUR_BAD);
  quic_text_str(tree->text, "problem: ");
  quic_text_str(tree->text, text);
  cli_colour_off(tree->text, tree->colour);
  qd_tree_end(tree);
}

static void tree_dump_line(const qd_tree *tree, size_t offset, quic_bytes row) {
  uint8_t place[2] = {(uint8_t)(offset >> 8), (uint8_t)offset};
  size_t start;

  qd_tree_indent(tree);
  quic_text_hex(tree->text, quic_bytes_of(place, sizeof(place)));
  quic_text_char(tree->text, ' ');
  start = quic_text_pos(tree->text);
  for (size_t i = 0; i < row.len; i++) {
    quic_text_char(tree->text, ' ');
    quic_text_hex(tree->text, quic_bytes_of(row.data + i, 1));
  }
  quic_text_pad(tree->text, start, 3 * TREE_DUMP_WIDTH + 2);
  for (size_t i = 0; i < row.len; i++) {
    bool plain = row.data[i] >= 0x20 && row.data[i] < 0x7f;

    quic_text_char(tree->text, plain ? (char)row.data[i] : '.');
  }
  qd_tree_end(tree);
}

void qd_tree_dump(const qd_tree *tree, quic_bytes data) {
  size_t len = data.len < QD_TREE_DUMP_MAX ? data.len : QD_TREE_DUMP_MAX;

  for (size_t i = 0; i < len; i += TREE_DUMP_WIDTH) {
    size_t n = len - i < TREE_DUMP_WIDTH ? len - i : TREE_DUMP_WIDTH;

    tree_dump_line(tree, i, quic_bytes_of(data.data + i, n));
  }
  if (data.len > len) {
    qd_tree_indent(tree);
    quic_text_str(tree->text, "... ");
    quic_text_u64(tree->text, data.len - len);
    quic_text_str(tree->text, " more");
    qd_tree_end(tree);
  }
}

void qd_tree_width(const qd_tree *tree, uint64_t value, size_t width) {
  if (width <= quic_varint_len(value)) {
    return;
  }
  quic_text_str(tree->text, " (");
  qd_show_octets(tree->text, width);
  quic_text_str(tree->text, ", ");
  quic_text_u64(tree->text, quic_varint_len(value));
  quic_text_str(tree->text, " would do)");
}
