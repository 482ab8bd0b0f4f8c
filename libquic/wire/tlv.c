#include "wire/tlv.h"

#include "wire/varint.h"

typedef enum tlv_state {
  TLV_TYPE,
  TLV_LENGTH,
  TLV_VALUE,
  TLV_ENDLESS /* a value without a length */
} tlv_state;

void quic_tlv_reader_init(quic_tlv_reader *tlv) {
  memset(tlv, 0, sizeof(*tlv));
}

/* tlv_take moves |*data| forward over |n| octets. */
static quic_bytes tlv_take(quic_bytes *data, size_t n) {
  quic_bytes taken = quic_bytes_of(data->data, n);

  data->data += n;
  data->len -= n;
  return taken;
}

/* tlv_varint reads a varint that may have begun in an earlier piece. */
static int tlv_varint(quic_tlv_reader *tlv, quic_bytes *data, uint64_t *value) {
  quic_bytes more;
  quic_reader rd;
  size_t width;

  if (data->len == 0) {
    return QUIC_ERR_AGAIN;
  }
  width = (size_t)1 << ((tlv->have ? tlv->part[0] : data->data[0]) >> 6);
  more = tlv_take(data, width - tlv->have < data->len ? width - tlv->have
                                                      : data->len);
  memcpy(tlv->part + tlv->have, more.data, more.len);
  tlv->have = (uint8_t)(tlv->have + more.len);
  tlv->header_len = (uint8_t)(tlv->header_len + more.len);
  if (tlv->have < width) {
    return QUIC_ERR_AGAIN;
  }
  quic_reader_init(&rd, tlv->part, tlv->have);
  *value = quic_reader_varint(&rd);
  tlv->have = 0;
  return 0;
}

/* tlv_value hands on a piece of the value, or its end. */
static int tlv_value(quic_tlv_reader *tlv, quic_bytes *data,
                     quic_tlv_event *event, quic_bytes *piece) {
  if (tlv->left == 0) {
    tlv->state = TLV_TYPE;
    *event = QUIC_TLV_END;
    return 0;
  }
  if (data->len == 0) {
    return QUIC_ERR_AGAIN;
  }
  *piece =
      tlv_take(data, tlv->left < data->len ? (size_t)tlv->left : data->len);
  if (tlv->state != TLV_ENDLESS) {
    tlv->left -= piece->len;
  }
  *event = QUIC_TLV_VALUE;
  return 0;
}

int quic_tlv_reader_next(quic_tlv_reader *tlv, quic_bytes *data,
                         uint64_t no_length, quic_tlv_event *event,
                         quic_bytes *piece) {
  int rv;

  *piece = quic_bytes_of(NULL, 0);
  if (tlv->state == TLV_VALUE || tlv->state == TLV_ENDLESS) {
    return tlv_value(tlv, data, event, piece);
  }
  if (tlv->state == TLV_TYPE) {
    if (tlv->have == 0) {
      tlv->header_len = 0;
    }
    rv = tlv_varint(tlv, data, &tlv->type);
    if (rv != 0) {
      return rv;
    }
    tlv->state = tlv->type == no_length ? TLV_ENDLESS : TLV_LENGTH;
    tlv->length = UINT64_MAX;
  }
  if (tlv->state == TLV_LENGTH) {
    rv = tlv_varint(tlv, data, &tlv->length);
    if (rv != 0) {
      return rv;
    }
    tlv->state = TLV_VALUE;
  }
  tlv->left = tlv->length;
  *event = QUIC_TLV_BEGIN;
  return 0;
}

bool quic_tlv_reader_skip(quic_tlv_reader *tlv, uint64_t len) {
  if (tlv->state != TLV_ENDLESS &&
      (tlv->state != TLV_VALUE || len > tlv->left)) {
    return false;
  }
  tlv->left -= tlv->state == TLV_VALUE ? len : 0;
  return true;
}

bool quic_tlv_reader_between(const quic_tlv_reader *tlv) {
  return tlv->state == TLV_ENDLESS ||
         (tlv->state == TLV_TYPE && tlv->have == 0);
}
