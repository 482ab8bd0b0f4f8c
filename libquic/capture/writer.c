#include "capture/writer.h"

#include "capture/reader.h"

#define OPT_ENDOFOPT 0
#define OPT_USERAPPL 4
#define OPT_TSRESOL 9

static void capture_put(quic_writer *wr, const quic_capture_format *fm,
                        uint64_t v, size_t n) {
  if (fm->big_endian) {
    quic_writer_uint(wr, v, n);
  } else {
    quic_writer_uint_le(wr, v, n);
  }
}

/* capture_pad returns how many octets are missing to a multiple of 4. */
static size_t capture_pad(size_t n) {
  return (4 - n % 4) % 4;
}

/* capture_put_padded writes |b| and zeros up to a multiple of 4. */
static void capture_put_padded(quic_writer *wr, quic_bytes b) {
  quic_writer_bytes(wr, b);
  quic_writer_fill(wr, 0, capture_pad(b.len));
}

/* capture_room tells whether a whole record of |n| octets fits, so that a
   record is written in full or not at all. */
static bool capture_room(const quic_writer *wr, size_t n) {
  return quic_writer_left(wr) >= n;
}

static void block_begin(quic_writer *wr, const quic_capture_format *fm,
                        uint32_t type, size_t len) {
  capture_put(wr, fm, type, 4);
  capture_put(wr, fm, len, 4);
}

static int block_end(quic_writer *wr, const quic_capture_format *fm,
                     size_t len) {
  capture_put(wr, fm, len, 4);
  return quic_writer_status(wr);
}

static uint32_t capture_orig(quic_bytes data, uint32_t orig_len) {
  return orig_len < data.len ? (uint32_t)data.len : orig_len;
}

int quic_capture_write_section(quic_writer *wr, const quic_capture_format *fm,
                               const char *application) {
  size_t name = application ? strlen(application) : 0;
  size_t len;

  if (name > UINT16_MAX) {
    return QUIC_ERR_INVALID;
  }
  len = 28 + (name ? 4 + name + capture_pad(name) + 4 : 0);
  if (!capture_room(wr, len)) {
    return QUIC_ERR_NOSPACE;
  }
  block_begin(wr, fm, 0x0a0d0d0a, len);
  capture_put(wr, fm, 0x1a2b3c4d, 4);
  capture_put(wr, fm, 1, 2);
  capture_put(wr, fm, 0, 2);
  capture_put(wr, fm, UINT64_MAX, 8); /* length of the section: unknown */
  if (name) {
    capture_put(wr, fm, OPT_USERAPPL, 2);
    capture_put(wr, fm, name, 2);
    capture_put_padded(wr, quic_bytes_of(application, name));
    capture_put(wr, fm, OPT_ENDOFOPT, 4);
  }
  return block_end(wr, fm, len);
}

int quic_capture_write_interface(quic_writer *wr, const quic_capture_format *fm,
                                 uint32_t linktype, uint32_t snaplen) {
  size_t len = 20 + (fm->nanoseconds ? 12 : 0);

  if (linktype > UINT16_MAX) {
    return QUIC_ERR_INVALID;
  }
  if (!capture_room(wr, len)) {
    return QUIC_ERR_NOSPACE;
  }
  block_begin(wr, fm, 1, len);
  capture_put(wr, fm, linktype, 2);
  capture_put(wr, fm, 0, 2);
  capture_put(wr, fm, snaplen, 4);
  if (fm->nanoseconds) {
    const uint8_t resolution = 9;

    capture_put(wr, fm, OPT_TSRESOL, 2);
    capture_put(wr, fm, 1, 2);
    capture_put_padded(wr, quic_bytes_of(&resolution, 1));
    capture_put(wr, fm, OPT_ENDOFOPT, 4);
  }
  return block_end(wr, fm, len);
}

int quic_capture_write_packet(quic_writer *wr, const quic_capture_format *fm,
                              uint32_t interface_id, quic_time time,
                              quic_bytes data, uint32_t orig_len) {
  size_t len = 32 + data.len + capture_pad(data.len);
  uint64_t ticks = fm->nanoseconds ? time : time / QUIC_MICROSECOND;

  if (data.len > QUIC_CAPTURE_PACKET_MAX) {
    return QUIC_ERR_INVALID;
  }
  if (!capture_room(wr, len)) {
    return QUIC_ERR_NOSPACE;
  }
  block_begin(wr, fm, 6, len);
  capture_put(wr, fm, interface_id, 4);
  capture_put(wr, fm, ticks >> 32, 4);
  capture_put(wr, fm, ticks & UINT32_MAX, 4);
  capture_put(wr, fm, data.len, 4);
  capture_put(wr, fm, capture_orig(data, orig_len), 4);
  capture_put_padded(wr, data);
  return block_end(wr, fm, len);
}

int quic_capture_write_simple(quic_writer *wr, const quic_capture_format *fm,
                              quic_bytes data, uint32_t orig_len) {
  size_t len = 16 + data.len + capture_pad(data.len);

  if (data.len > QUIC_CAPTURE_PACKET_MAX) {
    return QUIC_ERR_INVALID;
  }
  if (!capture_room(wr, len)) {
    return QUIC_ERR_NOSPACE;
  }
  block_begin(wr, fm, 3, len);
  capture_put(wr, fm, capture_orig(data, orig_len), 4);
  capture_put_padded(wr, data);
  return block_end(wr, fm, len);
}

int quic_capture_write_secrets(quic_writer *wr, const quic_capture_format *fm,
                               uint32_t secrets_type, quic_bytes secrets) {
  size_t len = 20 + secrets.len + capture_pad(secrets.len);

  if (secrets.len > QUIC_CAPTURE_BLOCK_MAX - 24) {
    return QUIC_ERR_INVALID;
  }
  if (!capture_room(wr, len)) {
    return QUIC_ERR_NOSPACE;
  }
  block_begin(wr, fm, 10, len);
  capture_put(wr, fm, secrets_type, 4);
  capture_put(wr, fm, secrets.len, 4);
  capture_put_padded(wr, secrets);
  return block_end(wr, fm, len);
}

int quic_capture_write_pcap_header(quic_writer *wr,
                                   const quic_capture_format *fm,
                                   uint32_t linktype, uint32_t snaplen) {
  if (linktype > UINT16_MAX) {
    return QUIC_ERR_INVALID;
  }
  if (!capture_room(wr, 24)) {
    return QUIC_ERR_NOSPACE;
  }
  capture_put(wr, fm, fm->nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4);
  capture_put(wr, fm, 2, 2);
  capture_put(wr, fm, 4, 2);
  capture_put(wr, fm, 0, 8);
  capture_put(wr, fm, snaplen, 4);
  capture_put(wr, fm, linktype, 4);
  return quic_writer_status(wr);
}

int quic_capture_write_pcap_packet(quic_writer *wr,
                                   const quic_capture_format *fm,
                                   quic_time time, quic_bytes data,
                                   uint32_t orig_len) {
  uint64_t seconds = time / QUIC_SECOND;
  uint64_t rest = time % QUIC_SECOND;

  if (data.len > QUIC_CAPTURE_PACKET_MAX || seconds > UINT32_MAX) {
    return QUIC_ERR_INVALID;
  }
  if (!capture_room(wr, 16 + data.len)) {
    return QUIC_ERR_NOSPACE;
  }
  capture_put(wr, fm, seconds, 4);
  capture_put(wr, fm, fm->nanoseconds ? rest : rest / QUIC_MICROSECOND, 4);
  capture_put(wr, fm, data.len, 4);
  capture_put(wr, fm, capture_orig(data, orig_len), 4);
  quic_writer_bytes(wr, data);
  return quic_writer_status(wr);
}
