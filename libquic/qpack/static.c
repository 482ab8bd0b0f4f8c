#include "qpack/static.h"

#define STATIC_TEXT(text)                                                      \
  { (const uint8_t *)(text), sizeof(text) - 1 }

static const qpack_static_entry static_entries[QPACK_STATIC_LEN] = {
#define QPACK_STATIC(name, value) {STATIC_TEXT(name), STATIC_TEXT(value)},
#include "qpack/static.def"
#undef QPACK_STATIC
};

/* The entries by length of name, name, index. */
static const uint8_t static_order[QPACK_STATIC_LEN] = {
    2,  6,  7,  11, 59, 60, 1,  55, 29, 30, 5,  90, 92, 15, 16, 17, 18,
    19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 63, 64, 65, 66, 67, 68, 69,
    70, 71, 83, 91, 13, 89, 12, 87, 88, 0,  86, 14, 95, 44, 45, 46, 47,
    48, 49, 50, 51, 52, 53, 54, 32, 84, 36, 37, 38, 39, 40, 41, 9,  10,
    4,  31, 72, 96, 97, 98, 42, 43, 62, 8,  3,  93, 61, 85, 56, 57, 58,
    94, 35, 33, 34, 75, 76, 77, 78, 79, 81, 82, 80, 73, 74};

const qpack_static_entry *qpack_static_get(uint64_t index) {
  return index < QPACK_STATIC_LEN ? &static_entries[index] : NULL;
}

static int static_compare(quic_bytes a, quic_bytes b) {
  if (a.len != b.len) {
    return a.len < b.len ? -1 : 1;
  }
  return a.len ? memcmp(a.data, b.data, a.len) : 0;
}

qpack_static_match qpack_static_find(quic_bytes name, quic_bytes value,
                                     uint64_t *index) {
  size_t low = 0, high = QPACK_STATIC_LEN;

  while (low < high) { /* the first that is not below |name| */
    size_t mid = low + (high - low) / 2;

    if (static_compare(static_entries[static_order[mid]].name, name) < 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  for (size_t i = low; i < QPACK_STATIC_LEN; i++) {
    const qpack_static_entry *e = &static_entries[static_order[i]];

    if (!quic_bytes_eq(e->name, name)) {
      break;
    }
    if (quic_bytes_eq(e->value, value)) {
      *index = static_order[i];
      return QPACK_STATIC_BOTH;
    }
  }
  if (low < QPACK_STATIC_LEN &&
      quic_bytes_eq(static_entries[static_order[low]].name, name)) {
    *index = static_order[low];
    return QPACK_STATIC_NAME;
  }
  return QPACK_STATIC_NONE;
}
