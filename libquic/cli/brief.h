#ifndef QUIC_CLI_BRIEF_H
#define QUIC_CLI_BRIEF_H

/* Frames in short, as they stand on a line of a packet. */

#include "base/text.h"
#include "wire/frame.h"

typedef struct cli_brief {
  unsigned exponent; /* ack_delay_exponent of the packet's sender */
  quic_bytes alpn;   /* for names of application errors; may be empty */
  bool colour;
  const char *cut; /* what is said of data that are not there: "not captured";
                      NULL = nothing */
} cli_brief;

/* cli_brief_frame writes |f|, which occurs |times| in a row: "STREAM 0 0-99
   fin", "ACK 0-17 20 (25us)". */
void cli_brief_frame(quic_text *t, const quic_frame *f, uint64_t times,
                     const cli_brief *how);

/* cli_brief_delay appends |raw| << |exponent| microseconds: "25us", "1.992ms",
   "never" when that is above 2^64. */
void cli_brief_delay(quic_text *t, uint64_t raw, unsigned exponent);

/* cli_brief_error appends the name of |code|, as far as there is one, and its
   number: "FLOW_CONTROL_ERROR (0x3)".  |role| tells which registry;
   application errors depend on |alpn|. */
void cli_brief_error(quic_text *t, quic_field_role role, uint64_t code,
                     quic_bytes alpn);

/* cli_brief_hex appends a space and |b| in hexadecimal, a long one cut. */
void cli_brief_hex(quic_text *t, quic_bytes b);

/* cli_brief_frame_type appends "STREAM", or "0x4242" for unknown ones. */
void cli_brief_frame_type(quic_text *t, uint64_t type);

#endif /* !defined(QUIC_CLI_BRIEF_H) */
