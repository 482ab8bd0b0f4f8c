#include "qlog/read.h"

/* addr_v4 reads "192.0.2.1" up to |end|. */
static bool addr_v4(const uint8_t *p, const uint8_t *end, uint8_t *out) {
  for (int i = 0; i < 4; i++) {
    unsigned v = 0, digits = 0;

    if (i > 0 && (p == end || *p++ != '.')) {
      return false;
    }
    for (; p < end && *p >= '0' && *p <= '9' && digits < 3; p++, digits++) {
      v = 10 * v + (*p - '0');
    }
    if (digits == 0 || v > 255) {
      return false;
    }
    out[i] = (uint8_t)v;
  }
  return p == end;
}

/* addr_group reads up to four hexadecimals; returns what follows them, or NULL
   when there are none. */
static const uint8_t *addr_group(const uint8_t *p, const uint8_t *end,
                                 uint8_t *out) {
  unsigned v = 0;
  int digits = 0;

  for (; p < end && digits < 4; p++, digits++) {
    uint8_t letter = *p | 0x20;

    if (*p >= '0' && *p <= '9') {
      v = v << 4 | (*p - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      v = v << 4 | (letter - 'a' + 10u);
    } else {
      break;
    }
  }
  out[0] = (uint8_t)(v >> 8);
  out[1] = (uint8_t)v;
  return digits > 0 ? p : NULL;
}

/* addr_v6 reads the forms of RFC 4291 section 2.2, without a zone. */
static bool addr_v6(const uint8_t *p, const uint8_t *end, uint8_t *out) {
  size_t n = 0, gap = SIZE_MAX;

  memset(out, 0, 16);
  if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
    gap = 0;
    p += 2;
  }
  while (p < end && n < 16) {
    const uint8_t *start = p;

    p = addr_group(p, end, &out[n]);
    if (!p) {
      return false;
    }
    if (p < end && *p == '.') {
      if (n > 12 || !addr_v4(start, end, &out[n])) {
        return false;
      }
      n += 4;
      p = end;
      break;
    }
    n += 2;
    if (p == end) {
      break;
    }
    if (*p++ != ':' || p == end) {
      return false;
    }
    if (*p == ':') {
      if (gap != SIZE_MAX) {
        return false;
      }
      gap = n;
      p++;
    }
  }
  if (p != end || (gap == SIZE_MAX ? n != 16 : n > 14)) {
    return false;
  }
  if (gap != SIZE_MAX) {
    memmove(out + 16 - (n - gap), out + gap, n - gap);
    memset(out + gap, 0, 16 - n);
  }
  return true;
}

/* addr_parse reads an address as people write it, or its octets in
   hexadecimals. */
static bool addr_parse(quic_bytes text, quic_addr *addr) {
  const uint8_t *p = text.data, *end = text.len ? p + text.len : p, *zone;

  memset(addr, 0, sizeof(*addr));
  if (text.len == 0) {
    return false;
  }
  if (text.len > 2 && p[0] == '[' && end[-1] == ']') {
    p++;
    end--;
  }
  zone = (const uint8_t *)memchr(p, '%', (size_t)(end - p));
  end = zone ? zone : end;
  if (addr_v4(p, end, addr->ip) ||
      (text.len == 8 && qlog_read_hex(text, addr->ip))) {
    addr->family = 4;
    return true;
  }
  memset(addr->ip, 0, sizeof(addr->ip));
  if (addr_v6(p, end, addr->ip) ||
      (text.len == 32 && qlog_read_hex(text, addr->ip))) {
    addr->family = 6;
    return true;
  }
  return false;
}

bool qlog_value_addr(qlog_convert *c, const qlog_value *ip,
                     const qlog_value *port, const quic_addr **out) {
  uint64_t number = 0;
  quic_addr *addr;

  if (!ip || ip->token == QLOG_TOKEN_NULL) {
    return false;
  }
  addr = (quic_addr *)qlog_scratch_take(&c->scratch, sizeof(*addr));
  if (!addr) {
    return false;
  }
  if (ip->token != QLOG_TOKEN_STRING || ip->escaped ||
      !addr_parse(ip->text, addr)) {
    qlog_read_bad(c);
    return false;
  }
  if (qlog_value_u64(c, port, &number) && number > UINT16_MAX) {
    qlog_read_bad(c);
    number = 0;
  }
  addr->port = (uint16_t)number;
  *out = addr;
  return true;
}
