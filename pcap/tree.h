#ifndef QD_TREE_H
#define QD_TREE_H

/* Writes indented lines "name: value" and dumps of octets. */

#include "pcap/packet.h"
#include "pcap/show.h"

#define QD_TREE_DUMP_MAX 64 /* octets of data that are shown */

typedef struct qd_tree {
  quic_text *text;
  bool colour;
  int depth; /* of the lines that follow */
} qd_tree;

/* qd_tree_indent starts a line. */
void qd_tree_indent(const qd_tree *tree);
void qd_tree_end(const qd_tree *tree);

/* qd_tree_name starts a line "name: ". */
void qd_tree_name(const qd_tree *tree, const char *name);

/* Whole lines. */
void qd_tree_str(const qd_tree *tree, const char *name, const char *value);
void qd_tree_u64(const qd_tree *tree, const char *name, uint64_t value);
void qd_tree_hex(const qd_tree *tree, const char *name, quic_bytes value);
void qd_tree_untrusted(const qd_tree *tree, const char *name, quic_bytes value);

/* qd_tree_problem writes a line of its own about something wrong. */
void qd_tree_problem(const qd_tree *tree, const char *text);

/* qd_tree_dump writes the first octets of |data| in hexadecimal and ASCII,
   and how many follow. */
void qd_tree_dump(const qd_tree *tree, quic_bytes data);

/* qd_tree_width appends " (8 octets, 1 would do)" for a varint of |width|
   octets that is longer than |value| needs. */
void qd_tree_width(const qd_tree *tree, uint64_t value, size_t width);

#endif /* !defined(QD_TREE_H) */
