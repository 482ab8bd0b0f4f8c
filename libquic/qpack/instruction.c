#include "qpack/instruction.h"

/* clang-format off */
#define E QPACK_FAMILY_ENCODER
#define D QPACK_FAMILY_DECODER
#define L QPACK_FAMILY_LINE
static const qpack_kind_info instruction_kinds[QPACK_KINDS] = {
    /* name, family, pattern, mask, N, bits, name, value */
    [QPACK_CODING_INDEXED_STATIC] =
        {"indexed static", L, 0xc0, 0xc0, 0, 6, false, false},
    [QPACK_CODING_INDEXED_DYNAMIC] =
        {"indexed dynamic", L, 0x80, 0xc0, 0, 6, false, false},
    [QPACK_CODING_INDEXED_POST_BASE] =
        {"indexed post-base", L, 0x10, 0xf0, 0, 4, false, false},
    [QPACK_CODING_LITERAL_STATIC_NAME] =
        {"literal static name", L, 0x50, 0xd0, 0x20, 4, false, true},
    [QPACK_CODING_LITERAL_DYNAMIC_NAME] =
        {"literal dynamic name", L, 0x40, 0xd0, 0x20, 4, false, true},
    [QPACK_CODING_LITERAL_POST_BASE_NAME] =
        {"literal post-base name", L, 0x00, 0xf0, 0x08, 3, false, true},
    [QPACK_CODING_LITERAL] =
        {"literal", L, 0x20, 0xe0, 0x10, 3, true, true},
    [QPACK_INSERT_STATIC_NAME] =
        {"insert static name", E, 0xc0, 0xc0, 0, 6, false, true},
    [QPACK_INSERT_DYNAMIC_NAME] =
        {"insert dynamic name", E, 0x80, 0xc0, 0, 6, false, true},
    [QPACK_INSERT_LITERAL] =
        {"insert literal", E, 0x40, 0xc0, 0, 5, true, true},
    [QPACK_SET_CAPACITY] =
        {"set capacity", E, 0x20, 0xe0, 0, 5, false, false},
    [QPACK_DUPLICATE] =
        {"duplicate", E, 0x00, 0xe0, 0, 5, false, false},
    [QPACK_SECTION_ACKNOWLEDGMENT] =
        {"section acknowledgment", D, 0x80, 0x80, 0, 7, false, false},
    [QPACK_STREAM_CANCELLATION] =
        {"stream cancellation", D, 0x40, 0xc0, 0, 6, false, false},
    [QPACK_INSERT_COUNT_INCREMENT] =
        {"insert count increment", D, 0x00, 0xc0, 0, 6, false, false},
};

/* What the upper half of the first octet says. */
static const uint8_t instruction_of[][16] = {
    [E] = {QPACK_DUPLICATE, QPACK_DUPLICATE,
           QPACK_SET_CAPACITY, QPACK_SET_CAPACITY,
           QPACK_INSERT_LITERAL, QPACK_INSERT_LITERAL,
           QPACK_INSERT_LITERAL, QPACK_INSERT_LITERAL,
           QPACK_INSERT_DYNAMIC_NAME, QPACK_INSERT_DYNAMIC_NAME,
           QPACK_INSERT_DYNAMIC_NAME, QPACK_INSERT_DYNAMIC_NAME,
           QPACK_INSERT_STATIC_NAME, QPACK_INSERT_STATIC_NAME,
           QPACK_INSERT_STATIC_NAME, QPACK_INSERT_STATIC_NAME},
    [D] = {QPACK_INSERT_COUNT_INCREMENT, QPACK_INSERT_COUNT_INCREMENT,
           QPACK_INSERT_COUNT_INCREMENT, QPACK_INSERT_COUNT_INCREMENT,
           QPACK_STREAM_CANCELLATION, QPACK_STREAM_CANCELLATION,
           QPACK_STREAM_CANCELLATION, QPACK_STREAM_CANCELLATION,
           QPACK_SECTION_ACKNOWLEDGMENT, QPACK_SECTION_ACKNOWLEDGMENT,
           QPACK_SECTION_ACKNOWLEDGMENT, QPACK_SECTION_ACKNOWLEDGMENT,
           QPACK_SECTION_ACKNOWLEDGMENT, QPACK_SECTION_ACKNOWLEDGMENT,
           QPACK_SECTION_ACKNOWLEDGMENT, QPACK_SECTION_ACKNOWLEDGMENT},
    [L] = {QPACK_CODING_LITERAL_POST_BASE_NAME, QPACK_CODING_INDEXED_POST_BASE,
           QPACK_CODING_LITERAL, QPACK_CODING_LITERAL,
           QPACK_CODING_LITERAL_DYNAMIC_NAME, QPACK_CODING_LITERAL_STATIC_NAME,
           QPACK_CODING_LITERAL_DYNAMIC_NAME, QPACK_CODING_LITERAL_STATIC_NAME,
           QPACK_CODING_INDEXED_DYNAMIC, QPACK_CODING_INDEXED_DYNAMIC,
           QPACK_CODING_INDEXED_DYNAMIC, QPACK_CODING_INDEXED_DYNAMIC,
           QPACK_CODING_INDEXED_STATIC, QPACK_CODING_INDEXED_STATIC,
           QPACK_CODING_INDEXED_STATIC, QPACK_CODING_INDEXED_STATIC},
};
#undef E
#undef D
#undef L
/* clang-format on */

const qpack_kind_info *qpack_kind_info_of(uint8_t kind) {
  return &instruction_kinds[kind];
}

int qpack_instruction_read(qpack_instruction *ins, qpack_family family,
                           quic_reader *rd, uint64_t max, uint64_t *missing) {
  const qpack_kind_info *info;
  uint8_t first = quic_reader_u8(rd);
  int rv;

  memset(ins, 0, sizeof(*ins));
  *missing = 1;
  ins->kind = instruction_of[family][first >> 4];
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  info = &instruction_kinds[ins->kind];
  ins->never_indexed = first & info->never;
  rv = info->has_name
           ? qpack_string_read(rd, first, info->bits, max, &ins->name, missing)
           : qpack_prefix_read(rd, first, info->bits, &ins->number);
  if (rv || !info->has_value) {
    return rv;
  }
  *missing = 1;
  first = quic_reader_u8(rd);
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  return qpack_string_read(rd, first, 7, max, &ins->value, missing);
}

void qpack_instruction_write(const qpack_instruction *ins, quic_writer *wr) {
  const qpack_kind_info *info = &instruction_kinds[ins->kind];
  uint8_t first =
      (uint8_t)(info->pattern | (ins->never_indexed ? info->never : 0));

  if (info->has_name) {
    qpack_string_write(wr, first, info->bits, &ins->name);
  } else {
    qpack_prefix_write(wr, first, info->bits, ins->number);
  }
  if (info->has_value) {
    qpack_string_write(wr, 0, 7, &ins->value);
  }
}

size_t qpack_instruction_len(const qpack_instruction *ins) {
  const qpack_kind_info *info = &instruction_kinds[ins->kind];

  return (info->has_name ? qpack_string_len(info->bits, &ins->name)
                         : qpack_prefix_len(info->bits, ins->number)) +
         (info->has_value ? qpack_string_len(7, &ins->value) : 0);
}
