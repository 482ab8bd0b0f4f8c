#include "wire/version.h"

#include <stdio.h>

/* Initial salts, named by the first draft that used them. */
static const uint8_t salt_d21[] = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb,
                                   0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51,
                                   0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
static const uint8_t salt_d23[] = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb,
                                   0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4,
                                   0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
static const uint8_t salt_d29[] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
                                   0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
                                   0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
static const uint8_t salt_v1[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                  0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                  0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
static const uint8_t salt_v2[] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
                                  0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
                                  0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
/* draft-ietf-quic-v2-01 to -07, still sent by ngtcp2 0.12. */
static const uint8_t salt_v2_draft[] = {
    0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
    0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3};

/* Retry keys and nonces. */
static const uint8_t retry_key_d25[] = {0x4d, 0x32, 0xec, 0xdb, 0x2a, 0x21,
                                        0x33, 0xc8, 0x41, 0xe4, 0x04, 0x3d,
                                        0xf2, 0x7d, 0x44, 0x30};
static const uint8_t retry_nonce_d25[] = {0x4d, 0x16, 0x11, 0xd0, 0x55, 0x13,
                                          0xa5, 0x52, 0xc5, 0x87, 0xd5, 0x75};
static const uint8_t retry_key_d29[] = {0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a,
                                        0x09, 0xd0, 0x57, 0x28, 0x15, 0x5a,
                                        0x6c, 0xb9, 0x6b, 0xe1};
static const uint8_t retry_nonce_d29[] = {0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21,
                                          0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c};
static const uint8_t retry_key_v1[] = {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66,
                                       0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54,
                                       0xe3, 0x68, 0xc8, 0x4e};
static const uint8_t retry_nonce_v1[] = {0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63,
                                         0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb};
static const uint8_t retry_key_v2[] = {0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac,
                                       0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce,
                                       0xad, 0x7c, 0xcc, 0x92};
static const uint8_t retry_nonce_v2[] = {0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c,
                                         0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a};
static const uint8_t retry_key_v2_draft[] = {0xba, 0x85, 0x8d, 0xc7, 0xb4, 0x3d,
                                             0xe5, 0xdb, 0xf8, 0x76, 0x17, 0xff,
                                             0x4a, 0xb2, 0x53, 0xdb};
static const uint8_t retry_nonce_v2_draft[] = {
    0x14, 0x1b, 0x99, 0xc2, 0x39, 0xb0, 0x3e, 0x78, 0x5d, 0x6a, 0x2e, 0x9f};

static const quic_version_labels labels_v1 = {"quic key", "quic iv", "quic hp",
                                              "quic ku"};
static const quic_version_labels labels_v2 = {"quicv2 key", "quicv2 iv",
                                              "quicv2 hp", "quicv2 ku"};

#define CODES_V1                                                               \
  { 0, 1, 2, 3 }
#define CODES_V2                                                               \
  { 1, 2, 3, 0 }
#define TPARAM_EXT 0x39
#define TPARAM_EXT_DRAFT 0xffa5

#define KEYS(s, l, r) salt_##s, &labels_##l, retry_key_##r, retry_nonce_##r
#define KEYS_NO_TAG(s) salt_##s, &labels_v1, NULL, NULL

/* One row per generation of the wire image. */
#define LIKE_D21 KEYS_NO_TAG(d21), CODES_V1, TPARAM_EXT_DRAFT, true, true, true
#define LIKE_D22 KEYS_NO_TAG(d21), CODES_V1, TPARAM_EXT_DRAFT, true, false, true
#define LIKE_D23 KEYS_NO_TAG(d23), CODES_V1, TPARAM_EXT_DRAFT, true, false, true
#define LIKE_D25                                                               \
  KEYS(d23, v1, d25), CODES_V1, TPARAM_EXT_DRAFT, true, false, false
#define LIKE_D27                                                               \
  KEYS(d23, v1, d25), CODES_V1, TPARAM_EXT_DRAFT, false, false, false
#define LIKE_D29                                                               \
  KEYS(d29, v1, d29), CODES_V1, TPARAM_EXT_DRAFT, false, false, false
#define LIKE_V1 KEYS(v1, v1, v1), CODES_V1, TPARAM_EXT, false, false, false
#define LIKE_V2 KEYS(v2, v2, v2), CODES_V2, TPARAM_EXT, false, false, false

#define LIKE_V2_DRAFT                                                          \
  KEYS(v2_draft, v2, v2_draft), CODES_V2, TPARAM_EXT, false, false, false

#define NO_KEYS NULL, NULL, NULL, NULL, {0, 0, 0, 0}, 0, false
#define QUIC(number, name, like)                                               \
  { (number), QUIC_VERSION_KIND_QUIC, name, like }
#define NAMED(number, name)                                                    \
  { (number), QUIC_VERSION_KIND_NAMED, name, NO_KEYS, false, false }
#define NAMED_PACKED(number, name)                                             \
  { (number), QUIC_VERSION_KIND_NAMED, name, NO_KEYS, true, false }
#define GQUIC_NUMBER(c, d)                                                     \
  ((uint32_t)(c) << 24 | UINT32_C(0x303030) | (d) / 100 << 16 |                \
   (d) / 10 % 10 << 8 | (d) % 10)
#define GQUIC(d, name)                                                         \
  { GQUIC_NUMBER('Q', d), QUIC_VERSION_KIND_GQUIC, name, NO_KEYS, false, false }
#define GQUIC_PACKED(d, name)                                                  \
  { GQUIC_NUMBER('Q', d), QUIC_VERSION_KIND_GQUIC, name, NO_KEYS, true, false }
#define GQUIC_TLS(d, name)                                                     \
  { GQUIC_NUMBER('T', d), QUIC_VERSION_KIND_GQUIC, name, NO_KEYS, false, false }

/* The common ones first: the search is linear. */
static const quic_version version_table[] = {
    QUIC(QUIC_VERSION_1, "v1", LIKE_V1),
    QUIC(QUIC_VERSION_2, "v2", LIKE_V2),
    QUIC(0x709a50c4, "v2-draft", LIKE_V2_DRAFT),
    QUIC(0xff00001d, "draft-29", LIKE_D29),
    QUIC(0xff000022, "draft-34", LIKE_V1),
    QUIC(0xff000021, "draft-33", LIKE_V1),
    QUIC(0xff000020, "draft-32", LIKE_D29),
    QUIC(0xff00001f, "draft-31", LIKE_D29),
    QUIC(0xff00001e, "draft-30", LIKE_D29),
    QUIC(0xff00001c, "draft-28", LIKE_D27),
    QUIC(0xff00001b, "draft-27", LIKE_D27),
    QUIC(0xff00001a, "draft-26", LIKE_D25),
    QUIC(0xff000019, "draft-25", LIKE_D25),
    QUIC(0xff000018, "draft-24", LIKE_D23),
    QUIC(0xff000017, "draft-23", LIKE_D23),
    QUIC(0xff000016, "draft-22", LIKE_D22),
    QUIC(0xff000015, "draft-21", LIKE_D21),
    QUIC(0xfaceb001, "mvfst-22", LIKE_D22),
    QUIC(0xfaceb002, "mvfst-27", LIKE_D27),
    QUIC(0xfaceb00e, "mvfst-exp", LIKE_D27),
    NAMED_PACKED(0xff000014, "draft-20"),
    NAMED_PACKED(0xff000013, "draft-19"),
    NAMED_PACKED(0xff000012, "draft-18"),
    NAMED_PACKED(0xff000011, "draft-17"),
    NAMED_PACKED(0xff000010, "draft-16"),
    NAMED_PACKED(0xff00000f, "draft-15"),
    NAMED_PACKED(0xff00000e, "draft-14"),
    NAMED_PACKED(0xff00000d, "draft-13"),
    NAMED_PACKED(0xff00000c, "draft-12"),
    NAMED_PACKED(0xff00000b, "draft-11"),
    NAMED(0xff00000a, "draft-10"),
    NAMED(0xff000009, "draft-09"),
    NAMED(0xff000008, "draft-08"),
    NAMED(0xff000007, "draft-07"),
    NAMED(0xff000006, "draft-06"),
    NAMED(0xff000005, "draft-05"),
    NAMED(0xff000004, "draft-04"),
    NAMED(0xff000003, "draft-03"),
    NAMED(0xff000002, "draft-02"),
    NAMED(0xff000001, "draft-01"),
    NAMED(0xff000000, "draft-00"),
    NAMED(0xff020000, "v2-draft-00"),
    NAMED(0x50435130, "picoquic-0"),
    NAMED(0x50435131, "picoquic-1"),
    NAMED(0x50524f58, "PROX"),
    GQUIC(24, "Q024"),
    GQUIC(25, "Q025"),
    GQUIC(26, "Q026"),
    GQUIC(27, "Q027"),
    GQUIC(28, "Q028"),
    GQUIC(29, "Q029"),
    GQUIC(30, "Q030"),
    GQUIC(31, "Q031"),
    GQUIC(32, "Q032"),
    GQUIC(33, "Q033"),
    GQUIC(34, "Q034"),
    GQUIC(35, "Q035"),
    GQUIC(36, "Q036"),
    GQUIC(37, "Q037"),
    GQUIC(38, "Q038"),
    GQUIC(39, "Q039"),
    GQUIC(40, "Q040"),
    GQUIC(41, "Q041"),
    GQUIC(42, "Q042"),
    GQUIC(43, "Q043"),
    GQUIC_PACKED(44, "Q044"),
    GQUIC_PACKED(45, "Q045"),
    GQUIC_PACKED(46, "Q046"),
    GQUIC_PACKED(47, "Q047"),
    GQUIC_PACKED(48, "Q048"),
    GQUIC(49, "Q049"),
    GQUIC(50, "Q050"),
    GQUIC(99, "Q099"),
    GQUIC_TLS(48, "T048"),
    GQUIC_TLS(49, "T049"),
    GQUIC_TLS(50, "T050"),
    GQUIC_TLS(51, "T051"),
    GQUIC_TLS(99, "T099"),
};

/* Numbers that one row stands for: number & mask == row.number & mask. */
static const struct version_family {
  uint32_t mask;
  quic_version row;
} version_families[] = {
    {0x0f0f0f0f,
     {0x0a0a0a0a, QUIC_VERSION_KIND_GREASE, "greased", NO_KEYS, false, false}},
    {0xfff0f0f0,
     {0x51303030, QUIC_VERSION_KIND_GQUIC, "gQUIC", NO_KEYS, false, false}},
    {0xfff0f0f0,
     {0x54303030, QUIC_VERSION_KIND_GQUIC, "gQUIC", NO_KEYS, false, false}},
    {0xffffff00, NAMED(0x91c17000, "quicly")},
    {0xfffffff0, NAMED(0xabcd0000, "MsQuic")},
    {0xffffff00, NAMED(0x45474700, "quant")},
    {0xffffff00, NAMED(0x51474f00, "quic-go")},
    {0xfffffff0, NAMED(0xf123f0c0, "mozquic")},
    {0xfffffff0, NAMED(0xf0f0f0f0, "ETH")},
    {0xfffffff0, NAMED(0xf0f0f1f0, "telecom")},
    {0xfffff000, NAMED(0x07007000, "tencent")},
    {0xfffffff0, NAMED(0xfaceb000, "mvfst")},
    {0xfffffff0, NAMED(0xfaceb010, "mvfst")},
};

#define VERSION_ROWS (sizeof(version_table) / sizeof(version_table[0]))
#define VERSION_FAMILIES                                                       \
  (sizeof(version_families) / sizeof(version_families[0]))

static const quic_version *version_find_exact(uint32_t number) {
  for (size_t i = 0; i < VERSION_ROWS; i++) {
    if (version_table[i].number == number) {
      return &version_table[i];
    }
  }
  return NULL;
}

static const quic_version *version_find_family(uint32_t number) {
  for (size_t i = 0; i < VERSION_FAMILIES; i++) {
    const struct version_family *f = &version_families[i];

    if (((number ^ f->row.number) & f->mask) == 0) {
      return &f->row;
    }
  }
  return NULL;
}

const quic_version *quic_version_find(uint32_t number) {
  const quic_version *v = version_find_exact(number);

  return v ? v : version_find_family(number);
}

const quic_version *quic_version_at(size_t i) {
  if (i < VERSION_ROWS) {
    return &version_table[i];
  }
  i -= VERSION_ROWS;
  return i < VERSION_FAMILIES ? &version_families[i].row : NULL;
}

char *quic_version_text(uint32_t number, char *out) {
  const quic_version *v = version_find_exact(number);

  if (number == QUIC_VERSION_NEGOTIATION) {
    snprintf(out, QUIC_VERSION_TEXT, "negotiation");
  } else if (v) {
    snprintf(out, QUIC_VERSION_TEXT, "%s", v->name);
  } else {
    v = version_find_family(number);
    snprintf(out, QUIC_VERSION_TEXT, "%s%s0x%08x", v ? v->name : "",
             v ? " " : "", (unsigned)number);
  }
  return out;
}
