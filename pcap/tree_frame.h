#ifndef QD_TREE_FRAME_H
#define QD_TREE_FRAME_H

/* Frames for the tree, from the fields of the frame table. */

#include "pcap/tree.h"

/* qd_tree_frame_line writes one frame of |p| on one line, name=value. */
void qd_tree_frame_line(const qd_tree *tree, const qd_packet *p,
                        const quic_frame *f);

/* qd_tree_frame_full writes each field on a line of its own, and the start of
   what data there are. */
void qd_tree_frame_full(const qd_tree *tree, const qd_packet *p,
                        const quic_frame *f);

#endif /* !defined(QD_TREE_FRAME_H) */
