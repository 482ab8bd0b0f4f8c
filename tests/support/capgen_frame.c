/* Frames of capgen. */

#include <stdlib.h>

#include "tests/support/capgen.h"

void capgen_frame(capgen_packet *p, const quic_frame *f) {
  size_t start = p->len;
  quic_writer wr;

  quic_writer_init(&wr, p->payload + start, sizeof(p->payload) - start);
  if (quic_frame_encode(f, &wr) != 0) {
    fprintf(stderr, "capgen: frame 0x%llx\n", (unsigned long long)f->type);
    abort();
  }
  p->len += quic_writer_len(&wr);
  capgen_truth_frame(p->c->g->building, f, start, quic_writer_len(&wr));
}

void capgen_padding(capgen_packet *p, size_t n) {
  capgen_datagram *dg = p->c->g->building;
  quic_frame f = {.type = QUIC_FRAME_PADDING, .u.padding.count = n};

  if (n == 0) {
    return;
  }
  if (dg->nmarks > p->first_mark && dg->marks[dg->nmarks - 1].zeros) {
    /* One run is one frame to whoever reads it. */
    memset(p->payload + p->len, 0, n);
    p->len += n;
    dg->marks[dg->nmarks - 1].len += n;
    return;
  }
  capgen_frame(p, &f);
}

void capgen_simple(capgen_packet *p, uint64_t type) {
  quic_frame f = {.type = type};

  capgen_frame(p, &f);
}

void capgen_ping(capgen_packet *p) {
  capgen_simple(p, QUIC_FRAME_PING);
}

void capgen_ack(capgen_packet *p, uint64_t largest, uint64_t first_range) {
  quic_frame f = {.type = QUIC_FRAME_ACK};

  f.u.ack.largest = largest;
  f.u.ack.delay = 25;
  f.u.ack.first_range = first_range;
  capgen_frame(p, &f);
}

void capgen_crypto(capgen_packet *p, uint64_t offset, const void *data,
                   size_t len) {
  quic_frame f = {.type = QUIC_FRAME_CRYPTO};

  f.u.crypto.offset = offset;
  f.u.crypto.data = quic_bytes_of(data, len);
  capgen_frame(p, &f);
}

void capgen_stream(capgen_packet *p, uint64_t id, uint64_t offset,
                   const void *data, size_t len, bool fin) {
  quic_frame f = {.type = QUIC_FRAME_STREAM};

  /* Long ones fill the packet, and then a length would be wasted. */
  f.type |= (offset ? 4u : 0u) | (len < 1000 ? 2u : 0u) | (fin ? 1u : 0u);
  f.u.stream.stream_id = id;
  f.u.stream.offset = offset;
  f.u.stream.data = quic_bytes_of(data, len);
  capgen_frame(p, &f);
}

void capgen_new_cid(capgen_packet *p, uint64_t sequence, const capgen_cid *cid,
                    const uint8_t *token) {
  quic_frame f = {.type = QUIC_FRAME_NEW_CONNECTION_ID};

  f.u.new_cid.sequence = sequence;
  f.u.new_cid.cid = quic_bytes_of(cid->data, cid->len);
  f.u.new_cid.reset_token = quic_bytes_of(token, QUIC_RESET_TOKEN_LEN);
  capgen_frame(p, &f);
}

void capgen_close(capgen_packet *p, uint64_t type, uint64_t code,
                  const char *reason) {
  quic_frame f = {.type = type};

  f.u.close.error_code = code;
  f.u.close.reason = quic_bytes_of(reason, strlen(reason));
  capgen_frame(p, &f);
}

void capgen_octets(capgen_packet *p, const void *data, size_t len) {
  if (len > sizeof(p->payload) - p->len) {
    abort();
  }
  memcpy(p->payload + p->len, data, len);
  p->len += len;
  capgen_note(p, "bad_frame");
}
