#include "qlog/read.h"

static uint64_t key_load(const uint8_t *p, size_t n) {
  uint64_t w = 0;

  memcpy(&w, p, n);
  return w;
}

/* key_slot mixes the octets at both ends of |name|, which tell nearly all names
   of qlog apart, with its length. */
static size_t key_slot(quic_bytes name) {
  const uint8_t *p = name.data;
  uint64_t a, b;

  if (name.len >= 8) {
    a = key_load(p, 8);
    b = key_load(p + name.len - 8, 8);
  } else if (name.len >= 4) {
    a = key_load(p, 4);
    b = key_load(p + name.len - 4, 4);
  } else if (name.len > 0) {
    a = p[0];
    b = (uint64_t)p[name.len / 2] << 8 | p[name.len - 1];
  } else {
    return 0;
  }
  a = (a * UINT64_C(0x9e3779b97f4a7c15)) ^ (b + name.len);
  a *= UINT64_C(0xff51afd7ed558ccd);
  return (size_t)(a >> 53) & (QLOG_KEY_SLOTS - 1);
}

qlog_key qlog_keys_find(const qlog_keys *keys, quic_bytes name) {
  qlog_key key;

  for (size_t i = key_slot(name); (key = keys->slots[i]);
       i = (i + 1) & (QLOG_KEY_SLOTS - 1)) {
    quic_bytes known = keys->names[key];

    if (known.len == name.len && memcmp(known.data, name.data, name.len) == 0) {
      return key;
    }
  }
  return QLOG_KEY_NONE;
}

qlog_key qlog_keys_find_any_case(const qlog_keys *keys, quic_bytes name,
                                 bool *folded) {
  uint8_t lower[QLOG_KEY_LEN];
  qlog_key key = qlog_keys_find(keys, name);

  *folded = false;
  if (key || name.len > sizeof(lower)) {
    return key;
  }
  for (size_t i = 0; i < name.len; i++) {
    uint8_t c = name.data[i];

    lower[i] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    *folded = *folded || lower[i] != c;
  }
  return *folded ? qlog_keys_find(keys, quic_bytes_of(lower, name.len))
                 : QLOG_KEY_NONE;
}

qlog_key qlog_keys_add(qlog_keys *keys, const char *text) {
  quic_bytes name = quic_bytes_of(text, strlen(text));
  qlog_key key = qlog_keys_find(keys, name);
  size_t i;

  if (key) {
    return key;
  }
  if (keys->len == QLOG_KEYS_MAX) {
    keys->full = true;
    return QLOG_KEY_NONE;
  }
  key = (qlog_key)keys->len++;
  keys->names[key] = name;
  i = key_slot(name);
  while (keys->slots[i]) {
    i = (i + 1) & (QLOG_KEY_SLOTS - 1);
  }
  keys->slots[i] = key;
  return key;
}

void qlog_keys_init(qlog_keys *keys) {
  static const char *const named[] = {
#define QLOG_KEY(id, name) name,
#include "qlog/key.def"
#undef QLOG_KEY
  };

  memset(keys, 0, sizeof(*keys));
  keys->len = 1; /* 0 is none */
  for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
    (void)qlog_keys_add(keys, named[i]);
  }
}
