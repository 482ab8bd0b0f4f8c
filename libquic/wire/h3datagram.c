#include "wire/h3datagram.h"

#include "wire/varint.h"

int quic_h3datagram_decode(quic_h3datagram *dg, quic_bytes data) {
  quic_reader rd;

  quic_reader_init(&rd, data.data, data.len);
  dg->quarter_stream_id = quic_reader_varint(&rd);
  dg->payload = quic_reader_rest(&rd);
  if (quic_reader_failed(&rd)) {
    return QUIC_ERR_SHORT;
  }
  return dg->quarter_stream_id > QUIC_H3DATAGRAM_QUARTER_MAX
             ? QUIC_ERR_MALFORMED
             : 0;
}

int quic_h3datagram_encode(const quic_h3datagram *dg, quic_writer *wr) {
  if (dg->quarter_stream_id > QUIC_H3DATAGRAM_QUARTER_MAX) {
    return QUIC_ERR_INVALID;
  }
  quic_writer_varint(wr, dg->quarter_stream_id);
  quic_writer_bytes(wr, dg->payload);
  return quic_writer_status(wr);
}
