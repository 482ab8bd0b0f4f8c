#ifndef QD_SHOW_H
#define QD_SHOW_H

/* Pieces of text that the ways of showing packets share. */

#include "base/text.h"
#include "cli/brief.h"
#include "cli/colour.h"
#include "pcap/conn.h"
#include "wire/frame.h"

/* qd_show_type: "initial", "0rtt", "handshake", "1rtt", "retry", "vn",
   "reset", "padding" or "unknown"; qd_show_type_colour is its colour. */
const char *qd_show_type(const qd_packet *p);
cli_colour qd_show_type_colour(const qd_packet *p);

/* qd_show_direction: '>' client to server, '<' the other way, '?' unknown. */
char qd_show_direction(const qd_packet *p);

/* qd_show_seconds appends |now| - |then| as seconds with six digits behind the
   point, in at least |width| columns; negative when |then| is later. */
void qd_show_seconds(quic_text *t, quic_time now, quic_time then, int width);

/* qd_show_time appends the UTC time |now|: "2025-11-28 09:05:01.123456Z". */
void qd_show_time(quic_text *t, quic_time now);

/* qd_show_date appends |seconds| since 1970 as UTC: "2025-11-28 09:05:01". */
void qd_show_date(quic_text *t, uint64_t seconds);

/* qd_show_ack_exponent is the ack_delay_exponent of |side|: its parameter,
   else the default 3.  It decodes the parameters. */
unsigned qd_show_ack_exponent(const qd_conn *conn, qd_side side);

void qd_show_version(quic_text *t, uint32_t version);
void qd_show_versions(quic_text *t, quic_bytes versions);
void qd_show_addr(quic_text *t, const quic_addr *addr);

/* qd_show_bytes appends |n| octets in units of people: "999 B", "10.4 MB". */
void qd_show_bytes(quic_text *t, uint64_t n);

/* qd_show_octets appends "1 octet", "2 octets". */
void qd_show_octets(quic_text *t, uint64_t n);

/* qd_show_word appends bytes from outside as one word: spaces, commas and
   quotation marks are escaped, too. */
void qd_show_word(quic_text *t, quic_bytes b);

/* qd_show_alpn appends the names of an ALPN list, commas between. */
void qd_show_alpn(quic_text *t, quic_bytes list);

/* qd_show_error appends the name of |code|, as far as there is one, and its
   number: "FLOW_CONTROL_ERROR (0x3)".  |role| tells which registry;
   application errors depend on the ALPN of |conn|, which may be NULL. */
void qd_show_error(quic_text *t, quic_field_role role, uint64_t code,
                   const qd_conn *conn);

/* qd_show_closed says why |p| is closed: "no_secret: no ...". */
void qd_show_closed(quic_text *t, const qd_packet *p);

/* qd_show_notes appends what is worth saying about |p|, ", " between; nothing
   for an ordinary packet. */
void qd_show_notes(quic_text *t, const qd_packet *p);
bool qd_show_has_notes(const qd_packet *p);

/* Octets of |p| on the wire. */
static inline uint64_t qd_show_len(const qd_packet *p) {
  return (uint64_t)p->header.packet_len + p->header.missing;
}

/* qd_show_message names a TLS message by its type; a ServerHello with the
   special random is a "HelloRetryRequest". */
const char *qd_show_message(uint8_t type, quic_bytes body);

#endif /* !defined(QD_SHOW_H) */
