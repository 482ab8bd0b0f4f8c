#ifndef QUIC_CAPTURE_WRITER_H
#define QUIC_CAPTURE_WRITER_H

/* Writes pcapng blocks, and pcap, into a caller's buffer.  Each function
   appends one whole block or record and returns 0; QUIC_ERR_NOSPACE when it
   does not fit, or QUIC_ERR_INVALID when the format cannot hold it (a packet
   beyond QUIC_CAPTURE_PACKET_MAX, secrets beyond a block, a link type beyond
   16 bits, in pcap a time beyond 32 bits of seconds).  On error nothing was
   appended and the writer is as it was. */

#include "base/err.h"
#include "base/time.h"
#include "base/writer.h"

typedef struct quic_capture_format {
  bool big_endian;
  bool nanoseconds; /* pcap: magic; pcapng: if_tsresol 9, else 6 */
} quic_capture_format;

/* pcapng */
int quic_capture_write_section(quic_writer *wr, const quic_capture_format *fm,
                               const char *application) QUIC_MUST_USE;
int quic_capture_write_interface(quic_writer *wr, const quic_capture_format *fm,
                                 uint32_t linktype,
                                 uint32_t snaplen) QUIC_MUST_USE;
int quic_capture_write_packet(quic_writer *wr, const quic_capture_format *fm,
                              uint32_t interface_id, quic_time time,
                              quic_bytes data, uint32_t orig_len) QUIC_MUST_USE;
/* A reader takes the captured length of a simple packet from the snaplen of the
   first interface: |data| must be cut to just that. */
int quic_capture_write_simple(quic_writer *wr, const quic_capture_format *fm,
                              quic_bytes data, uint32_t orig_len) QUIC_MUST_USE;
int quic_capture_write_secrets(quic_writer *wr, const quic_capture_format *fm,
                               uint32_t secrets_type,
                               quic_bytes secrets) QUIC_MUST_USE;

/* pcap */
int quic_capture_write_pcap_header(quic_writer *wr,
                                   const quic_capture_format *fm,
                                   uint32_t linktype,
                                   uint32_t snaplen) QUIC_MUST_USE;
int quic_capture_write_pcap_packet(quic_writer *wr,
                                   const quic_capture_format *fm,
                                   quic_time time, quic_bytes data,
                                   uint32_t orig_len) QUIC_MUST_USE;

#endif /* !defined(QUIC_CAPTURE_WRITER_H) */
