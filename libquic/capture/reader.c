#include "capture/reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define PCAP_HEADER 24
#define PCAP_RECORD 16
#define PCAP_RECORD_KUZNETZOV 24
#define BLOCK_LEAST 12

enum {
  BLOCK_SECTION = 0x0a0d0d0a,
  BLOCK_INTERFACE = 1,
  BLOCK_PACKET = 2, /* obsolete */
  BLOCK_SIMPLE = 3,
  BLOCK_ENHANCED = 6,
  BLOCK_SECRETS = 10
};

enum { OPT_END = 0, OPT_TSRESOL = 9, OPT_TSOFFSET = 14 };

typedef enum capture_format {
  FORMAT_UNKNOWN,
  FORMAT_PCAP,
  FORMAT_PCAPNG
} capture_format;

/* What an Interface Description says that packets need. */
typedef struct capture_interface {
  uint32_t linktype;
  uint32_t snaplen;   /* 0 = no limit */
  uint8_t resolution; /* if_tsresol: ticks are 10^-r, or 2^-r with bit 7 */
  int64_t offset;     /* if_tsoffset, seconds */
} capture_interface;

struct quic_capture_reader {
  const quic_mem *mem;
  capture_format format;
  bool big_endian;
  uint64_t offset; /* of the next record */
  uint64_t number; /* packets so far */
  /* pcap */
  uint32_t linktype;
  uint32_t tick;        /* ns */
  size_t record_header; /* octets */
  bool old_lengths;     /* before 2.4 the lengths may be swapped */
  /* pcapng: of the current section */
  capture_interface *interfaces;
  size_t ninterfaces;
  size_t cap;
  uint32_t first_interface; /* number of interfaces[0] in the file */
  char problem[160];
};

/* A record as it is taken from the window. */
typedef struct capture_cursor {
  quic_bytes window;
  bool last;
  size_t *used;
  size_t *need;
  quic_capture_record *rec;
} capture_cursor;

int quic_capture_reader_new(quic_capture_reader **out, const quic_mem *mem) {
  quic_capture_reader *cr = quic_mem_zalloc(mem, sizeof(*cr));

  *out = cr;
  if (!cr) {
    return QUIC_ERR_NOMEM;
  }
  cr->mem = mem;
  return 0;
}

void quic_capture_reader_del(quic_capture_reader *cr) {
  if (cr) {
    quic_mem_free(cr->mem, cr->interfaces);
    quic_mem_free(cr->mem, cr);
  }
}

const char *quic_capture_reader_problem(const quic_capture_reader *cr) {
  return cr->problem;
}

uint64_t quic_capture_reader_offset(const quic_capture_reader *cr) {
  return cr->offset;
}

const char *quic_capture_reader_format(const quic_capture_reader *cr) {
  return cr->format == FORMAT_PCAP     ? "pcap"
         : cr->format == FORMAT_PCAPNG ? "pcapng"
                                       : "";
}

static int capture_fail(quic_capture_reader *cr, int err, const char *fmt, ...)
    QUIC_PRINTF(3, 4);

static int capture_fail(quic_capture_reader *cr, int err, const char *fmt,
                        ...) {
  va_list ap;

  va_start(ap, fmt);
  (void)vsnprintf(cr->problem, sizeof(cr->problem), fmt, ap);
  va_end(ap);
  return err;
}

/* capture_u16 and capture_u32 read in the file's byte order; the caller has
   checked that the octets are there. */
static uint32_t capture_u16(const quic_capture_reader *cr, const uint8_t *p) {
  return cr->big_endian ? (uint32_t)p[0] << 8 | p[1]
                        : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t capture_u32(const quic_capture_reader *cr, const uint8_t *p) {
  return cr->big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                              (uint32_t)p[2] << 8 | p[3]
                        : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
                              (uint32_t)p[1] << 8 | p[0];
}

/* capture_want asks for |n| octets of |what|.  0 when they are there. */
static int capture_want(quic_capture_reader *cr, const capture_cursor *cc,
                        size_t n, const char *what) {
  if (cc->window.len >= n) {
    return 0;
  }
  *cc->need = n;
  if (!cc->last) {
    return QUIC_ERR_AGAIN;
  }
  return capture_fail(cr, QUIC_ERR_SHORT, "%s cut: %zu of %zu octets", what,
                      cc->window.len, n);
}

static void capture_advance(quic_capture_reader *cr, const capture_cursor *cc,
                            size_t n) {
  *cc->used = n;
  cr->offset += n;
}

/* --- time ------------------------------------------------------------- */

#define TIME_LAST (QUIC_TIME_NEVER - 1)

static uint64_t time_add(uint64_t a, uint64_t b) {
  return a > TIME_LAST || b > TIME_LAST - a ? TIME_LAST : a + b;
}

static uint64_t time_mul(uint64_t a, uint64_t b) {
  return b && a > TIME_LAST / b ? TIME_LAST : a * b;
}

static uint64_t time_pow10(unsigned n) {
  uint64_t v = 1;

  while (n-- > 0) {
    v *= 10;
  }
  return v;
}

/* time_binary turns ticks of 2^-|bits| s into ns.  The fraction keeps 34 bits,
   whose product with 10^9 still fits. */
static uint64_t time_binary(uint64_t ticks, unsigned bits) {
  uint64_t whole = bits < 64 ? ticks >> bits : 0;
  uint64_t part = bits < 64 ? ticks & ((UINT64_C(1) << bits) - 1) : ticks;

  if (bits > 34) {
    part = bits - 34 < 64 ? part >> (bits - 34) : 0;
    bits = 34;
  }
  return time_add(time_mul(whole, QUIC_SECOND), part * QUIC_SECOND >> bits);
}

static quic_time time_of(const capture_interface *ci, uint64_t ticks) {
  unsigned r = ci->resolution & 0x7f;
  uint64_t ns;

  if (ci->resolution & 0x80) {
    ns = time_binary(ticks, r);
  } else if (r <= 9) {
    ns = time_mul(ticks, time_pow10(9 - r));
  } else {
    ns = r - 9 <= 19 ? ticks / time_pow10(r - 9) : 0;
  }
  if (ci->offset >= 0) {
    return time_add(ns, time_mul((uint64_t)ci->offset, QUIC_SECOND));
  }
  return quic_time_since(ns, time_mul(-(uint64_t)ci->offset, QUIC_SECOND));
}

/* --- packets ---------------------------------------------------------- */

/* capture_packet fills what all packet records share. */
static void capture_packet(quic_capture_reader *cr, quic_capture_record *rec,
                           const uint8_t *data, uint32_t caplen,
                           uint32_t orig_len) {
  rec->kind = QUIC_CAPTURE_PACKET;
  rec->number = ++cr->number;
  rec->data = quic_bytes_of(data, caplen);
  rec->orig_len = orig_len < caplen ? caplen : orig_len;
}

static int capture_too_long(quic_capture_reader *cr, uint32_t caplen) {
  return capture_fail(cr, QUIC_ERR_MALFORMED,
                      "captured length %" PRIu32 " exceeds %d", caplen,
                      QUIC_CAPTURE_PACKET_MAX);
}

static int pcap_record(quic_capture_reader *cr, const capture_cursor *cc) {
  const uint8_t *p = cc->window.data;
  size_t header = cr->record_header;
  uint32_t caplen, orig_len;
  int rv = capture_want(cr, cc, header, "packet header");

  if (rv != 0) {
    return rv;
  }
  caplen = capture_u32(cr, p + 8);
  orig_len = capture_u32(cr, p + 12);
  if (cr->old_lengths && caplen > orig_len) {
    uint32_t swap = caplen;

    caplen = orig_len;
    orig_len = swap;
  }
  if (caplen > QUIC_CAPTURE_PACKET_MAX) {
    return capture_too_long(cr, caplen);
  }
  rv = capture_want(cr, cc, header + caplen, "packet record");
  if (rv != 0) {
    return rv;
  }
  capture_packet(cr, cc->rec, p + header, caplen, orig_len);
  cc->rec->linktype = cr->linktype;
  cc->rec->has_time = true;
  cc->rec->time = capture_u32(cr, p) * QUIC_SECOND +
                  (uint64_t)capture_u32(cr, p + 4) * cr->tick;
  capture_advance(cr, cc, header + caplen);
  return 0;
}

/* pcap_header reads the file header (draft-ietf-opsawg-pcap).  The upper half
   of the link type field is about the FCS, which nothing here looks at: the
   lengths in the network headers leave it behind. */
static int pcap_header(quic_capture_reader *cr, const capture_cursor *cc) {
  static const struct {
    uint32_t magic;
    uint32_t tick;
    size_t record_header;
  } kinds[] = {{0xa1b2c3d4, 1000, PCAP_RECORD},
               {0xa1b23c4d, 1, PCAP_RECORD},
               {0xa1b2cd34, 1000, PCAP_RECORD_KUZNETZOV}};
  const uint8_t *p = cc->window.data;
  uint32_t magic, major, minor;
  int rv = capture_want(cr, cc, PCAP_HEADER, "file header");

  if (rv != 0) {
    return rv;
  }
  cr->big_endian = p[0] == 0xa1;
  magic = capture_u32(cr, p);
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (kinds[i].magic == magic) {
      cr->tick = kinds[i].tick;
      cr->record_header = kinds[i].record_header;
    }
  }
  major = capture_u16(cr, p + 4);
  minor = capture_u16(cr, p + 6);
  if (major != 2) {
    return capture_fail(cr, QUIC_ERR_UNSUPPORTED,
                        "pcap version %" PRIu32 ".%" PRIu32 " is not known",
                        major, minor);
  }
  cr->format = FORMAT_PCAP;
  cr->old_lengths = minor < 4;
  cr->linktype = capture_u32(cr, p + 20) & 0xffff;
  capture_advance(cr, cc, PCAP_HEADER);
  return 0;
}

/* --- pcapng blocks: |p| is the whole block of |len| octets ------------- */

static int block_short(quic_capture_reader *cr, const char *what,
                       uint32_t len) {
  return capture_fail(cr, QUIC_ERR_MALFORMED,
                      "%s of %" PRIu32 " octets is too short", what, len);
}

static int block_section(quic_capture_reader *cr, const uint8_t *p,
                         uint32_t len) {
  uint32_t major, minor;

  if (len < 28) {
    return block_short(cr, "section header", len);
  }
  major = capture_u16(cr, p + 12);
  minor = capture_u16(cr, p + 14);
  if (major != 1) {
    return capture_fail(cr,
                        cr->format == FORMAT_UNKNOWN ? QUIC_ERR_UNSUPPORTED
                                                     : QUIC_ERR_MALFORMED,
                        "pcapng version %" PRIu32 ".%" PRIu32 " is not known",
                        major, minor);
  }
  cr->format = FORMAT_PCAPNG;
  cr->first_interface += (uint32_t)cr->ninterfaces;
  cr->ninterfaces = 0;
  return 0;
}

static void interface_option(const quic_capture_reader *cr,
                             capture_interface *ci, uint32_t code,
                             const uint8_t *p, uint32_t len) {
  if (code == OPT_TSRESOL && len >= 1) {
    ci->resolution = p[0];
  } else if (code == OPT_TSOFFSET && len >= 8) {
    uint64_t hi = capture_u32(cr, cr->big_endian ? p : p + 4);
    uint64_t lo = capture_u32(cr, cr->big_endian ? p + 4 : p);
    uint64_t v = hi << 32 | lo;

    memcpy(&ci->offset, &v, sizeof(v));
  }
}

static int interface_options(quic_capture_reader *cr, capture_interface *ci,
                             const uint8_t *p, size_t left) {
  while (left >= 4) {
    uint32_t code = capture_u16(cr, p);
    uint32_t len = capture_u16(cr, p + 2);
    size_t padded = ((size_t)len + 3) & ~(size_t)3;

    if (code == OPT_END) {
      break;
    }
    if (padded > left - 4) {
      return capture_fail(cr, QUIC_ERR_MALFORMED,
                          "interface option %" PRIu32 " of %" PRIu32
                          " octets runs past its block",
                          code, len);
    }
    interface_option(cr, ci, code, p + 4, len);
    p += 4 + padded;
    left -= 4 + padded;
  }
  return 0;
}

static int block_interface(quic_capture_reader *cr, const uint8_t *p,
                           uint32_t len) {
  capture_interface ci = {0, 0, 6, 0};
  int rv;

  if (len < 20) {
    return block_short(cr, "interface description", len);
  }
  if (cr->ninterfaces >= QUIC_CAPTURE_INTERFACES_MAX) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "more than %d interfaces in a section",
                        QUIC_CAPTURE_INTERFACES_MAX);
  }
  ci.linktype = capture_u16(cr, p + 8);
  ci.snaplen = capture_u32(cr, p + 12);
  rv = interface_options(cr, &ci, p + 16, len - 20);
  if (rv != 0) {
    return rv;
  }
  rv = quic_mem_grow(cr->mem, (void **)&cr->interfaces, &cr->cap,
                     cr->ninterfaces + 1, sizeof(ci));
  if (rv != 0) {
    return capture_fail(cr, rv, "out of memory");
  }
  cr->interfaces[cr->ninterfaces++] = ci;
  return 0;
}

static const capture_interface *block_find_interface(quic_capture_reader *cr,
                                                     uint32_t id) {
  if (id >= cr->ninterfaces) {
    (void)capture_fail(
        cr, QUIC_ERR_MALFORMED,
        "packet on interface %" PRIu32 ", which is not described", id);
    return NULL;
  }
  return &cr->interfaces[id];
}

/* block_packet reads an Enhanced Packet Block, or an obsolete Packet Block,
   which differs in how the interface is written. */
static int block_packet(quic_capture_reader *cr, const uint8_t *p, uint32_t len,
                        quic_capture_record *rec) {
  const capture_interface *ci;
  uint32_t id, caplen;

  if (len < 32) {
    return block_short(cr, "packet block", len);
  }
  id = capture_u32(cr, p) == BLOCK_PACKET ? capture_u16(cr, p + 8)
                                          : capture_u32(cr, p + 8);
  ci = block_find_interface(cr, id);
  if (!ci) {
    return QUIC_ERR_MALFORMED;
  }
  caplen = capture_u32(cr, p + 20);
  if (caplen > QUIC_CAPTURE_PACKET_MAX) {
    return capture_too_long(cr, caplen);
  }
  if (caplen > len - 32) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "captured length %" PRIu32
                        " does not fit a block of %" PRIu32,
                        caplen, len);
  }
  capture_packet(cr, rec, p + 28, caplen, capture_u32(cr, p + 24));
  rec->interface_id = cr->first_interface + id;
  rec->linktype = ci->linktype;
  rec->has_time = true;
  rec->time = time_of(ci, (uint64_t)capture_u32(cr, p + 12) << 32 |
                              capture_u32(cr, p + 16));
  return 0;
}

/* block_simple reads a Simple Packet Block: the captured length is not
   written, but follows from the snapshot length of the first interface. */
static int block_simple(quic_capture_reader *cr, const uint8_t *p, uint32_t len,
                        quic_capture_record *rec) {
  const capture_interface *ci;
  uint32_t orig_len, caplen;

  if (len < 16) {
    return block_short(cr, "simple packet block", len);
  }
  ci = block_find_interface(cr, 0);
  if (!ci) {
    return QUIC_ERR_MALFORMED;
  }
  orig_len = caplen = capture_u32(cr, p + 8);
  if (ci->snaplen && caplen > ci->snaplen) {
    caplen = ci->snaplen;
  }
  if (caplen > QUIC_CAPTURE_PACKET_MAX) {
    return capture_too_long(cr, caplen);
  }
  if (caplen > len - 16) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "packet of %" PRIu32
                        " octets does not fit a block of %" PRIu32,
                        caplen, len);
  }
  capture_packet(cr, rec, p + 12, caplen, orig_len);
  rec->interface_id = cr->first_interface;
  rec->linktype = ci->linktype;
  return 0;
}

static int block_secrets(quic_capture_reader *cr, const uint8_t *p,
                         uint32_t len, quic_capture_record *rec) {
  uint32_t n;

  if (len < 20) {
    return block_short(cr, "secrets block", len);
  }
  n = capture_u32(cr, p + 12);
  if (n > len - 20) {
    return capture_fail(
        cr, QUIC_ERR_MALFORMED,
        "%" PRIu32 " octets of secrets do not fit a block of %" PRIu32, n, len);
  }
  rec->kind = QUIC_CAPTURE_SECRETS;
  rec->secrets_type = capture_u32(cr, p + 8);
  rec->data = quic_bytes_of(p + 16, n);
  return 0;
}

static int block_dispatch(quic_capture_reader *cr, const uint8_t *p,
                          uint32_t len, quic_capture_record *rec) {
  switch (capture_u32(cr, p)) {
  case BLOCK_ENHANCED:
  case BLOCK_PACKET:
    return block_packet(cr, p, len, rec);
  case BLOCK_SIMPLE:
    return block_simple(cr, p, len, rec);
  case BLOCK_SECRETS:
    return block_secrets(cr, p, len, rec);
  case BLOCK_SECTION:
    return block_section(cr, p, len);
  case BLOCK_INTERFACE:
    return block_interface(cr, p, len);
  default:
    return 0;
  }
}

/* block_order reads the byte order of the section that starts at |p|. */
static int block_order(quic_capture_reader *cr, const uint8_t *p) {
  bool big = p[8] == 0x1a;

  cr->big_endian = big;
  if (capture_u32(cr, p + 8) != 0x1a2b3c4d) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "no byte-order magic in the section header");
  }
  return 0;
}

static int block_length(quic_capture_reader *cr, uint32_t len) {
  if (len < BLOCK_LEAST) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "block length %" PRIu32 " is less than %d", len,
                        BLOCK_LEAST);
  }
  if (len % 4 != 0) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "block length %" PRIu32 " is not a multiple of 4", len);
  }
  if (len > QUIC_CAPTURE_BLOCK_MAX) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "block length %" PRIu32 " exceeds %d", len,
                        QUIC_CAPTURE_BLOCK_MAX);
  }
  return 0;
}

static int block_next(quic_capture_reader *cr, const capture_cursor *cc) {
  static const uint8_t section[4] = {0x0a, 0x0d, 0x0d, 0x0a};
  const uint8_t *p = cc->window.data;
  uint32_t len, tail;
  int rv = capture_want(cr, cc, 8, "block header");

  if (rv != 0) {
    return rv;
  }
  if (memcmp(p, section, 4) == 0) {
    rv = capture_want(cr, cc, BLOCK_LEAST, "block header");
    if (rv != 0) {
      return rv;
    }
    rv = block_order(cr, p);
    if (rv != 0) {
      return rv;
    }
  }
  len = capture_u32(cr, p + 4);
  rv = block_length(cr, len);
  if (rv != 0) {
    return rv;
  }
  rv = capture_want(cr, cc, len, "block");
  if (rv != 0) {
    return rv;
  }
  tail = capture_u32(cr, p + len - 4);
  if (tail != len) {
    return capture_fail(cr, QUIC_ERR_MALFORMED,
                        "block length is %" PRIu32 " in front but %" PRIu32
                        " behind",
                        len, tail);
  }
  rv = block_dispatch(cr, p, len, cc->rec);
  if (rv == 0 || (rv == QUIC_ERR_MALFORMED && cr->format != FORMAT_UNKNOWN)) {
    capture_advance(cr, cc, len);
  }
  return rv;
}

/* --- all --------------------------------------------------------------- */

/* capture_foreign names what people hand in instead of a capture. */
static const char *capture_foreign(quic_bytes window) {
  static const struct {
    char magic[8];
    size_t len;
    const char *text;
  } kinds[] = {
      {"\x1f\x8b", 2, "compressed with gzip: decompress it first"},
      {"\x28\xb5\x2f\xfd", 4, "compressed with zstd: decompress it first"},
      {"\xfd"
       "7zXZ",
       5, "compressed with xz: decompress it first"},
      {"\x04\x22\x4d\x18", 4, "compressed with lz4: decompress it first"},
      {"BZh", 3, "compressed with bzip2: decompress it first"},
      {"snoop", 5, "a snoop capture: convert it to pcapng first"}};

  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (window.len >= kinds[i].len &&
        memcmp(window.data, kinds[i].magic, kinds[i].len) == 0) {
      return kinds[i].text;
    }
  }
  return "neither pcap nor pcapng";
}

/* capture_first recognizes the file. */
static int capture_first(quic_capture_reader *cr, const capture_cursor *cc) {
  static const uint8_t magics[][4] = {
      {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1},
      {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1},
      {0xa1, 0xb2, 0xcd, 0x34}, {0x34, 0xcd, 0xb2, 0xa1},
      {0x0a, 0x0d, 0x0d, 0x0a}};
  const size_t pcapng = sizeof(magics) / sizeof(magics[0]) - 1;
  size_t least = cc->window.len < 4 ? cc->window.len : 4;

  if (cc->window.len == 0 && cc->last) {
    return capture_fail(cr, QUIC_ERR_UNSUPPORTED, "empty file");
  }
  for (size_t i = 0; i <= pcapng; i++) {
    if (least && memcmp(cc->window.data, magics[i], least) != 0) {
      continue;
    }
    if (least < 4) {
      return capture_want(cr, cc, 4, "file header");
    }
    return i == pcapng ? block_next(cr, cc) : pcap_header(cr, cc);
  }
  if (!cc->last && cc->window.len < 8) {
    *cc->need = 8;
    return QUIC_ERR_AGAIN;
  }
  return capture_fail(cr, QUIC_ERR_UNSUPPORTED, "%s",
                      capture_foreign(cc->window));
}

int quic_capture_reader_next(quic_capture_reader *cr, quic_bytes window,
                             bool last, size_t *used, size_t *need,
                             quic_capture_record *rec) {
  capture_cursor cc = {window, last, used, need, rec};

  *used = 0;
  *need = 0;
  memset(rec, 0, sizeof(*rec));
  rec->kind = QUIC_CAPTURE_OTHER;
  rec->offset = cr->offset;
  if (cr->format == FORMAT_UNKNOWN) {
    return capture_first(cr, &cc);
  }
  if (window.len == 0 && last) {
    return QUIC_ERR_END;
  }
  return cr->format == FORMAT_PCAP ? pcap_record(cr, &cc) : block_next(cr, &cc);
}

uint64_t quic_capture_reader_skip(const quic_capture_reader *cr,
                                  quic_bytes window) {
  const uint8_t *p = window.data;
  uint32_t type, len;

  if (cr->format == FORMAT_PCAP) {
    if (window.len < cr->record_header || cr->old_lengths) {
      return 0;
    }
    len = capture_u32(cr, p + 8);
    return len <= QUIC_CAPTURE_PACKET_MAX ? (uint64_t)cr->record_header + len
                                          : 0;
  }
  if (cr->format != FORMAT_PCAPNG || window.len < 8) {
    return 0;
  }
  type = capture_u32(cr, p);
  len = capture_u32(cr, p + 4);
  if (type == BLOCK_SECTION || type == BLOCK_INTERFACE ||
      type == BLOCK_SECRETS || len < BLOCK_LEAST || len % 4 != 0 ||
      len > QUIC_CAPTURE_BLOCK_MAX) {
    return 0;
  }
  return len;
}

void quic_capture_reader_seek(quic_capture_reader *cr, uint64_t len) {
  cr->offset += len;
}
