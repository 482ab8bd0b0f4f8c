#ifndef TESTS_SUPPORT_PACKETS_H
#define TESTS_SUPPORT_PACKETS_H

/* Packets made by hand, as a decoder would hand them out, and the text that a
   way of showing them makes of one. */

#include "pcap/output.h"
#include "wire/frame.h"

#define PACKETS_TEXT (256 << 10)

typedef int packets_output_new(qd_output **out,
                               const qd_output_settings *settings);

typedef struct packets {
  qd_packet p; /* to be changed at will */
  uint8_t payload[4096];
  quic_writer wr; /* into |payload| */
  qd_conn *conn;  /* of |p|; freed by packets_free */
  uint64_t crypto_total;
  qd_output_settings settings;
  quic_text text;
  char out[PACKETS_TEXT];
} packets;

/* packets_init makes an opened packet of |type| from a client: number 5 of
   connection 0, 1 ms after the others, 10.0.0.2:51012 to 10.0.0.9:443. */
void packets_init(packets *pk, quic_packet_type type);
void packets_free(packets *pk);

/* packets_frame and packets_hex append a frame, or octets, to the payload. */
void packets_frame(packets *pk, const quic_frame *f);
void packets_hex(packets *pk, const char *hex);

/* packets_octets and packets_message make |octets|, or |hex|, a TLS message
   that the packet completes. */
void packets_octets(packets *pk, quic_bytes octets);
void packets_message(packets *pk, const char *hex);

/* packets_show returns what |new_fn| prints for the packet, the text of a
   first packet 1 ms before it left out. */
const char *packets_show(packets *pk, packets_output_new *new_fn);

/* packets_check_prefixes shows every prefix of the payload, whole and cut by
   the capture, in a block of its own size, and fails the test when a control
   octet other than newline comes out. */
void packets_check_prefixes(packets *pk, packets_output_new *new_fn);

/* packets_check_clean fails the test when |text| holds an octet or sequence
   that a terminal could act on. */
void packets_check_clean(const char *text);

/* packets_check_memory makes an output by |new_fn| with every request for
   memory refused in turn, and fails the test when that is not answered with
   QUIC_ERR_NOMEM or a block leaks. */
void packets_check_memory(packets_output_new *new_fn);

/* packets_sample appends one frame of every row of the frame table. */
void packets_sample(packets *pk);

#endif /* !defined(TESTS_SUPPORT_PACKETS_H) */
