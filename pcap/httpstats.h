#ifndef QD_HTTPSTATS_H
#define QD_HTTPSTATS_H

/* What reports tell of HTTP/3 on one connection. */

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* What one end told of itself, for reports. */
typedef struct qd_http_settings {
  bool seen;
  uint64_t max_table_capacity;
  uint64_t blocked_streams;
  uint64_t max_field_section_size; /* UINT64_MAX = no limit */
  uint64_t enable_connect_protocol;
  uint64_t h3_datagram;
} qd_http_settings;

/* How one end used QPACK. */
typedef struct qd_http_qpack {
  uint64_t encoder_octets; /* of its encoder stream */
  uint64_t inserts;
  uint64_t capacity; /* of its table, now */
  uint64_t entries;
  uint64_t section_octets;
  uint64_t field_octets; /* names and values, decoded */
  uint64_t sections;
  uint64_t blocked; /* sections that had to wait */
  quic_duration blocked_time;
  uint64_t failed; /* sections that could not be decoded */
} qd_http_qpack;

typedef struct qd_httpstats {
  qd_http_settings settings[2]; /* by qd_side */
  qd_http_qpack qpack[2];
} qd_httpstats;

#endif /* !defined(QD_HTTPSTATS_H) */
