#include "qlog/read.h"

static inline uint64_t key_load8(const uint8_t *p) {
  uint64_t w;

  memcpy(&w, p, sizeof(w));
  return w;
}

static inline uint64_t key_load4(const uint8_t *p) {
  uint32_t w;

  memcpy(&w, p, sizeof(w));
  return w;
}

/* key_ends takes the octets at both ends of |name|, which are all of it up to
   QLOG_KEY_ENDS and tell nearly all names of qlog apart. */
static inline qlog_key_name key_ends(quic_bytes name) {
  const uint8_t *p = name.data;
  qlog_key_name ends = {name, 0, 0};

  if (name.len >= 8) {
    ends.head = key_load8(p);
    ends.tail = key_load8(p + name.len - 8);
  } else if (name.len >= 4) {
    ends.head = key_load4(p);
    ends.tail = key_load4(p + name.len - 4);
  } else if (name.len > 0) {
    ends.head = p[0];
    ends.tail = (uint64_t)p[name.len / 2] << 8 | p[name.len - 1];
  }
  return ends;
}

static inline bool key_same(const qlog_key_name *a, const qlog_key_name *b) {
  return a->head == b->head && a->tail == b->tail &&
         a->text.len == b->text.len &&
         (a->text.len <= QLOG_KEY_ENDS ||
          memcmp(a->text.data, b->text.data, a->text.len) == 0);
}

static inline size_t key_slot(const qlog_key_name *name) {
  uint64_t h = name->head * UINT64_C(0x9e3779b97f4a7c15);

  h = (h ^ (name->tail + name->text.len)) * UINT64_C(0xff51afd7ed558ccd);
  return (size_t)(h >> 53) & (QLOG_KEY_SLOTS - 1);
}

qlog_key qlog_keys_find(const qlog_keys *keys, quic_bytes text) {
  const qlog_key_name name = key_ends(text);
  qlog_key key;

  for (size_t i = key_slot(&name); (key = keys->slots[i]);
       i = (i + 1) & (QLOG_KEY_SLOTS - 1)) {
    if (key_same(&keys->names[key], &name)) {
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

/* key_quote fills |q|; names that are too long are never guessed. */
static void key_quote(qlog_key_quoted *q, quic_bytes name) {
  uint8_t text[QLOG_KEY_QUOTED + 8] = {'"'};
  size_t len = name.len + 3;

  q->words[0] = 1; /* with a mask of nothing, no text is it */
  q->mask = 0;
  q->need = 8;
  if (len > QLOG_KEY_QUOTED) {
    return;
  }
  memcpy(text + 1, name.data, name.len);
  text[len - 2] = '"';
  text[len - 1] = ':';
  q->len = (uint8_t)len;
  q->need = (uint8_t)(len < 8 ? 8 : len);
  q->mask = UINT64_MAX;
  if (len < 8) {
    const uint8_t ones[8] = {255, 255, 255, 255, 255, 255, 255, 255};

    q->mask = 0;
    memcpy(&q->mask, ones, len);
  } else {
    q->second = (uint8_t)(len < 16 ? len - 8 : 8);
    q->third = (uint8_t)(len < 16 ? 0 : len - 16);
    q->last = (uint8_t)(len - 8);
  }
  q->words[0] = key_load8(text);
  q->words[1] = key_load8(text + q->second);
  q->words[2] = key_load8(text + q->third);
  q->words[3] = key_load8(text + q->last);
}

qlog_key qlog_keys_add(qlog_keys *keys, const char *text) {
  const qlog_key_name name = key_ends(quic_bytes_of(text, strlen(text)));
  qlog_key key = qlog_keys_find(keys, name.text);
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
  key_quote(&keys->quoted[key], name.text);
  i = key_slot(&name);
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
  keys->quoted[QLOG_KEY_NONE].words[0] = 1;
  keys->quoted[QLOG_KEY_NONE].need = 8;
  for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
    (void)qlog_keys_add(keys, named[i]);
  }
}
