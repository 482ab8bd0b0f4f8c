#include "capture/link_walk.h"

#define DOT11_DATA 2
#define DOT11_HT_ORDER 0x80
#define DOT11_PROTECTED 0x40

/* quic_link_amsdu takes one subframe of an A-MSDU and keeps the rest for later.
 */
int quic_link_amsdu(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 14);
  size_t len, padded;

  if (!p) {
    return w->wire < 14 ? link_not_ip(w) : QUIC_ERR_SHORT;
  }
  len = link_u16(p + 12);
  if (len > w->wire) {
    return QUIC_ERR_MALFORMED;
  }
  padded = len + (4 - (14 + len) % 4) % 4;
  if (padded < w->cap) {
    w->amsdu.p = w->p + padded;
    w->amsdu.cap = w->cap - padded;
    w->amsdu.wire = w->wire - padded;
  }
  link_trim(w, len);
  return link_go(w, quic_link_llc);
}

/* dot11_data takes a data frame; |pad| says that the driver filled its header
   up to a multiple of 4. */
static int dot11_data(quic_link_walk *w, bool pad) {
  const uint8_t *p = w->p;
  size_t len = 24;
  bool amsdu = false;

  if (w->cap < 2) {
    return link_missing(w, 2);
  }
  /* Only data frames carry data: no subtype with the null bit. */
  if ((p[0] >> 2 & 3) != DOT11_DATA || p[0] & 0x40 || p[1] & DOT11_PROTECTED) {
    return link_not_ip(w);
  }
  if ((p[1] & 3) == 3) {
    len += 6; /* fourth address */
  }
  if (p[0] & 0x80) {
    if (w->cap < len + 1) {
      return link_missing(w, len + 1);
    }
    amsdu = p[len] & 0x80;
    len += p[1] & DOT11_HT_ORDER ? 6 : 2;
  }
  if (pad) {
    len = (len + 3) & ~(size_t)3;
  }
  if (!link_take(w, len)) {
    return link_missing(w, len);
  }
  return link_go(w, amsdu ? quic_link_amsdu : quic_link_llc);
}

int quic_link_dot11(quic_link_walk *w) {
  return dot11_data(w, false);
}

/* radiotap_flags finds the Flags field, which follows the presence words and
   an optional, aligned 8-octet time. */
static uint8_t radiotap_flags(const uint8_t *p, size_t len) {
  uint32_t present = link_u32_le(p + 4);
  size_t at = 8;

  for (uint32_t word = present; word >> 31; at += 4) {
    if (at + 4 > len) {
      return 0;
    }
    word = link_u32_le(p + at);
  }
  if (present & 1) {
    at = ((at + 7) & ~(size_t)7) + 8;
  }
  return present & 2 && at < len ? p[at] : 0;
}

int quic_link_radiotap(quic_link_walk *w) {
  const uint8_t *p = w->p;
  size_t len;

  if (w->cap < 8) {
    return link_missing(w, 8);
  }
  len = link_u16_le(p + 2);
  if (p[0] != 0 || len < 8) {
    return QUIC_ERR_MALFORMED;
  }
  if (!link_take(w, len)) {
    return link_missing(w, len);
  }
  return dot11_data(w, radiotap_flags(p, len) & 0x20);
}
