/* Frames of all link types through one quic_link, so that fragments meet.  Each
   frame stands behind five octets: link type, time, octets not captured, and
   its length. */

#include "base/reader.h"
#include "capture/link.h"
#include "tests/fuzz/fuzz.h"

#define LINK_TYPES_MAX 300
#define LINK_FRAMES_MAX 32

typedef struct link_seen {
  quic_bytes frame;
  uint64_t datagrams;
  quic_bytes reassembled; /* the last one of this frame */
  uint64_t sum;
} link_seen;

/* link_types collects the link types that are decoded, and one that is not. */
static size_t link_types(uint32_t *types) {
  size_t n = 0;

  for (uint32_t i = 0; i < LINK_TYPES_MAX; i++) {
    if (quic_linktype_name(i)) {
      types[n++] = i;
    }
  }
  types[n++] = 0xffff;
  return n;
}

static void link_check_addr(const quic_addr *a) {
  static const uint8_t zeros[12];

  FUZZ_CHECK(a->family == 4 || a->family == 6);
  FUZZ_CHECK(a->family == 6 || memcmp(a->ip + 4, zeros, sizeof(zeros)) == 0);
}

static void link_datagram(void *user, const quic_datagram *dg) {
  link_seen *seen = user;
  char text[QUIC_ADDR_TEXT];

  seen->datagrams++;
  link_check_addr(&dg->src);
  link_check_addr(&dg->dst);
  FUZZ_CHECK(dg->src.family == dg->dst.family);
  FUZZ_CHECK(strlen(quic_addr_text(&dg->src, text, sizeof(text))) <
             sizeof(text));
  FUZZ_CHECK(dg->wire_len >= dg->payload.len);
  FUZZ_CHECK(dg->ecn <= 3 && dg->vlan <= 0xfff);
  if (dg->reassembled) {
    seen->reassembled = dg->payload;
    seen->sum = fuzz_sum(dg->payload);
  } else {
    FUZZ_CHECK(fuzz_inside(seen->frame, dg->payload));
  }
}

static void link_frame(quic_link *link, uint32_t linktype, quic_bytes frame,
                       size_t orig_len, quic_time now, uint64_t *datagrams) {
  uint8_t *copy = fuzz_copy(frame);
  link_seen seen = {{copy, frame.len}, 0, {NULL, 0}, 0};
  int rv = quic_link_decode(link, linktype, seen.frame, orig_len, now,
                            link_datagram, &seen);

  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_UNSUPPORTED || rv == QUIC_ERR_SHORT ||
             rv == QUIC_ERR_MALFORMED);
  if (seen.reassembled.len) {
    /* Valid until the next call. */
    FUZZ_CHECK(fuzz_sum(seen.reassembled) == seen.sum);
  }
  *datagrams += seen.datagrams;
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint32_t types[LINK_TYPES_MAX + 1];
  static size_t ntypes;
  const quic_link_stats *stats;
  uint64_t frames = 0, datagrams = 0;
  quic_time now = QUIC_SECOND;
  quic_link *link;
  quic_reader rd;

  if (!ntypes) {
    ntypes = link_types(types);
  }
  if (quic_link_new(&link, quic_mem_default()) != 0) {
    abort();
  }
  quic_reader_init(&rd, data, size);
  while (quic_reader_left(&rd) >= 5 && frames < LINK_FRAMES_MAX) {
    uint32_t linktype = types[quic_reader_u8(&rd) % ntypes];
    uint8_t wait = quic_reader_u8(&rd);
    uint8_t lost = quic_reader_u8(&rd);
    size_t len = quic_reader_u16(&rd);

    len = len < quic_reader_left(&rd) ? len : quic_reader_left(&rd);
    now += wait * QUIC_SECOND / 4;
    link_frame(link, linktype, quic_reader_bytes(&rd, len),
               len + lost * (lost & 1 ? 1u : 64u), now, &datagrams);
    frames++;
  }
  stats = quic_link_get_stats(link);
  FUZZ_CHECK(stats->frames == frames && stats->datagrams == datagrams);
  FUZZ_CHECK(stats->reassembled <= stats->fragments);
  quic_link_del(link);
  return 0;
}
