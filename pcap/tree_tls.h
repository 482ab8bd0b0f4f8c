#ifndef QD_TREE_TLS_H
#define QD_TREE_TLS_H

/* TLS messages, transport parameters and certificates for the tree. */

#include "pcap/tree.h"

/* qd_tree_message writes what |msg|, which |p| completed, says. */
void qd_tree_message(const qd_tree *tree, const qd_packet *p,
                     const qd_message *msg);

/* qd_tree_message_line writes only its name and length. */
void qd_tree_message_line(const qd_tree *tree, const qd_packet *p,
                          const qd_message *msg);

/* qd_tree_tparams writes the parameters in |body| in wire order. */
void qd_tree_tparams(const qd_tree *tree, quic_bytes body, uint32_t version,
                     bool from_client);

#endif /* !defined(QD_TREE_TLS_H) */
