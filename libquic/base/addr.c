#include "base/addr.h"

#include <string.h>

#include "base/text.h"

bool quic_addr_eq(const quic_addr *a, const quic_addr *b) {
  return a->family == b->family && a->port == b->port &&
         memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static void addr_text_v4(quic_text *t, const uint8_t *ip) {
  for (int i = 0; i < 4; i++) {
    if (i) {
      quic_text_char(t, '.');
    }
    quic_text_u64(t, ip[i]);
  }
}

/* addr_text_v6 follows RFC 5952: the longest run of two or more zero groups
   becomes "::", and an IPv4-mapped address shows its IPv4 address. */
static void addr_text_v6(quic_text *t, const uint8_t *ip) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  int best = -1, best_len = 1;

  if (memcmp(ip, mapped, sizeof(mapped)) == 0) {
    quic_text_str(t, "::ffff:");
    addr_text_v4(t, ip + 12);
    return;
  }
  for (int i = 0; i < 8; i++) {
    int n = 0;

    while (i + n < 8 && ip[2 * (i + n)] == 0 && ip[2 * (i + n) + 1] == 0) {
      n++;
    }
    if (n > best_len) {
      best = i;
      best_len = n;
    }
  }
  for (int i = 0; i < 8; i++) {
    unsigned group = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];

    if (i == best) {
      quic_text_str(t, "::");
      i += best_len - 1;
      continue;
    }
    if (i && i != best + best_len) {
      quic_text_char(t, ':');
    }
    quic_text_printf(t, "%x", group);
  }
}

char *quic_addr_text(const quic_addr *a, char *out, size_t cap) {
  quic_text t;

  quic_text_init(&t, out, cap);
  if (a->family == 4) {
    addr_text_v4(&t, a->ip);
  } else if (a->family == 6) {
    quic_text_char(&t, '[');
    addr_text_v6(&t, a->ip);
    quic_text_char(&t, ']');
  } else {
    quic_text_char(&t, '?');
  }
  quic_text_char(&t, ':');
  quic_text_u64(&t, a->port);
  quic_text_cstr(&t);
  return out;
}
