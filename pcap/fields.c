#include "pcap/fields.h"

void qd_fields_free(qd_fields *fs, const quic_mem *mem) {
  quic_mem_free(mem, fs->octets);
  quic_mem_free(mem, fs->places);
  memset(fs, 0, sizeof(*fs));
}

int qd_fields_add(qd_fields *fs, const quic_mem *mem, quic_bytes name,
                  quic_bytes value) {
  size_t room = QD_FIELDS_OCTETS_MAX - fs->octets_len;
  void *octets = fs->octets, *places = fs->places;
  qd_field_place *at;

  if (fs->len >= QD_FIELDS_MAX || name.len > room ||
      value.len > room - name.len) {
    fs->dropped++;
    return QUIC_ERR_LIMIT;
  }
  /* One octet more, so that |octets| is never NULL. */
  if (quic_mem_grow(mem, &octets, &fs->octets_cap,
                    fs->octets_len + name.len + value.len + 1, 1) != 0) {
    fs->dropped++;
    return QUIC_ERR_NOMEM;
  }
  fs->octets = octets;
  if (quic_mem_grow(mem, &places, &fs->cap, fs->len + 1, sizeof(*at)) != 0) {
    fs->dropped++;
    return QUIC_ERR_NOMEM;
  }
  fs->places = places;
  at = &fs->places[fs->len++];
  at->offset = (uint32_t)fs->octets_len;
  at->name_len = (uint32_t)name.len;
  at->value_len = (uint32_t)value.len;
  if (name.len) {
    memcpy(fs->octets + fs->octets_len, name.data, name.len);
  }
  if (value.len) {
    memcpy(fs->octets + fs->octets_len + name.len, value.data, value.len);
  }
  fs->octets_len += name.len + value.len;
  return 0;
}

quic_field qd_fields_at(const qd_fields *fs, size_t i) {
  const qd_field_place *at = &fs->places[i];
  const uint8_t *p = fs->octets + at->offset;
  quic_field f = {quic_bytes_of(p, at->name_len),
                  quic_bytes_of(p + at->name_len, at->value_len)};

  return f;
}

quic_bytes qd_fields_find(const qd_fields *fs, const char *name) {
  size_t len = strlen(name);

  for (size_t i = 0; i < fs->len; i++) {
    const qd_field_place *at = &fs->places[i];

    if (at->name_len == len &&
        memcmp(fs->octets + at->offset, name, len) == 0) {
      return qd_fields_at(fs, i).value;
    }
  }
  return (quic_bytes){0};
}

bool qd_fields_decimal(quic_bytes value, uint64_t *number) {
  *number = 0;
  if (value.len == 0 || value.len > 19) {
    return false;
  }
  for (size_t i = 0; i < value.len; i++) {
    if (value.data[i] < '0' || value.data[i] > '9') {
      return false;
    }
    *number = *number * 10 + (value.data[i] - '0');
  }
  return true;
}
