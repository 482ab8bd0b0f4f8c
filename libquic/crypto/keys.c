#include "crypto/keys.h"

#include <assert.h>

#include "base/writer.h"
#include "crypto/wipe.h"

#define KEYS_LABEL_PREFIX "tls13 "
#define KEYS_LABEL_MAX 64 /* our labels are constants; the longest has 12 */
#define KEYS_SALT_LEN 20
#define KEYS_INITIAL_HASH QUIC_HASH_SHA256

static size_t keys_hash_len(quic_hash hash) {
  return hash == QUIC_HASH_SHA384 ? 48 : 32;
}

int quic_hkdf_expand_label(const quic_crypto *crypto, quic_hash hash,
                           const quic_secret *secret, const char *label,
                           uint8_t *out, size_t out_len) {
  size_t label_len = strlen(label);
  uint8_t info[2 + 1 + sizeof(KEYS_LABEL_PREFIX) + KEYS_LABEL_MAX + 1];
  quic_writer wr;

  assert(label_len <= KEYS_LABEL_MAX);
  if (secret->len != keys_hash_len(hash)) {
    return QUIC_ERR_INVALID;
  }
  quic_writer_init(&wr, info, sizeof(info));
  quic_writer_u16(&wr, (uint16_t)out_len);
  quic_writer_u8(&wr, (uint8_t)(strlen(KEYS_LABEL_PREFIX) + label_len));
  quic_writer_bytes(
      &wr, quic_bytes_of(KEYS_LABEL_PREFIX, strlen(KEYS_LABEL_PREFIX)));
  quic_writer_bytes(&wr, quic_bytes_of(label, label_len));
  quic_writer_u8(&wr, 0); /* empty context */
  return crypto->hkdf_expand(hash, secret->data,
                             quic_bytes_of(info, quic_writer_len(&wr)), out,
                             out_len);
}

/* keys_expand_secret derives a secret of |hash|'s length. */
static int keys_expand_secret(const quic_crypto *crypto, quic_hash hash,
                              const quic_secret *secret, const char *label,
                              quic_secret *out) {
  quic_secret next = {.len = (uint8_t)keys_hash_len(hash)};
  int rv =
      quic_hkdf_expand_label(crypto, hash, secret, label, next.data, next.len);

  if (rv == 0) {
    *out = next;
  }
  quic_wipe(&next, sizeof(next));
  return rv;
}

int quic_initial_secrets(const quic_crypto *crypto, const quic_version *version,
                         quic_bytes dcid, quic_secret *client,
                         quic_secret *server) {
  quic_secret initial = {.len = 32};
  int rv;

  if (!version->salt) {
    return QUIC_ERR_UNSUPPORTED;
  }
  rv = crypto->hkdf_extract(KEYS_INITIAL_HASH,
                            quic_bytes_of(version->salt, KEYS_SALT_LEN), dcid,
                            initial.data);
  if (rv == 0) {
    rv = keys_expand_secret(crypto, KEYS_INITIAL_HASH, &initial, "client in",
                            client);
  }
  if (rv == 0) {
    rv = keys_expand_secret(crypto, KEYS_INITIAL_HASH, &initial, "server in",
                            server);
  }
  quic_wipe(&initial, sizeof(initial));
  return rv;
}

static int keys_make_aead(quic_keys *keys, const quic_mem *mem,
                          const quic_version_labels *labels,
                          const quic_secret *secret) {
  const quic_suite *suite = keys->suite;
  uint8_t key[QUIC_AEAD_KEY_MAX];
  int rv = quic_hkdf_expand_label(keys->crypto, suite->hash, secret,
                                  labels->key, key, suite->key_len);

  if (rv == 0) {
    rv = quic_hkdf_expand_label(keys->crypto, suite->hash, secret, labels->iv,
                                keys->iv, sizeof(keys->iv));
  }
  if (rv == 0) {
    rv = keys->crypto->aead_new(&keys->aead, mem, suite->aead, key);
  }
  quic_wipe(key, sizeof(key));
  return rv;
}

static int keys_make_hp(quic_keys *keys, const quic_mem *mem,
                        const quic_version_labels *labels,
                        const quic_secret *secret) {
  const quic_suite *suite = keys->suite;
  uint8_t key[QUIC_AEAD_KEY_MAX];
  int rv = quic_hkdf_expand_label(keys->crypto, suite->hash, secret, labels->hp,
                                  key, suite->key_len);

  if (rv == 0) {
    rv = keys->crypto->hp_new(&keys->hp, mem, suite->aead, key);
  }
  quic_wipe(key, sizeof(key));
  return rv;
}

int quic_keys_init_update(quic_keys *keys, const quic_crypto *crypto,
                          const quic_mem *mem, const quic_version *version,
                          const quic_suite *suite, const quic_secret *secret) {
  int rv;

  memset(keys, 0, sizeof(*keys));
  if (secret->len != suite->secret_len) {
    return QUIC_ERR_INVALID;
  }
  if (!version->labels) {
    return QUIC_ERR_UNSUPPORTED;
  }
  keys->crypto = crypto;
  keys->suite = suite;
  rv = keys_make_aead(keys, mem, version->labels, secret);
  if (rv != 0) {
    quic_keys_free(keys);
  }
  return rv;
}

int quic_keys_init(quic_keys *keys, const quic_crypto *crypto,
                   const quic_mem *mem, const quic_version *version,
                   const quic_suite *suite, const quic_secret *secret) {
  int rv = quic_keys_init_update(keys, crypto, mem, version, suite, secret);

  if (rv != 0) {
    return rv;
  }
  rv = keys_make_hp(keys, mem, version->labels, secret);
  if (rv != 0) {
    quic_keys_free(keys);
  }
  return rv;
}

int quic_keys_copy(quic_keys *copy, const quic_mem *mem,
                   const quic_keys *keys) {
  int rv;

  *copy = *keys;
  copy->aead = NULL;
  copy->hp = NULL;
  rv = keys->crypto->aead_copy(&copy->aead, mem, keys->aead);
  if (rv != 0) {
    quic_keys_free(copy);
  }
  return rv;
}

bool quic_keys_same(const quic_keys *a, const quic_keys *b) {
  return a->suite && a->suite == b->suite && a->crypto == b->crypto &&
         memcmp(a->iv, b->iv, sizeof(a->iv)) == 0 &&
         a->crypto->aead_same(a->aead, b->aead);
}

void quic_keys_free(quic_keys *keys) {
  if (keys->crypto) {
    keys->crypto->aead_del(keys->aead);
    keys->crypto->hp_del(keys->hp);
  }
  quic_wipe(keys, sizeof(*keys));
}

int quic_secret_update(const quic_crypto *crypto, const quic_version *version,
                       const quic_suite *suite, const quic_secret *secret,
                       quic_secret *next) {
  if (!version->labels) {
    return QUIC_ERR_UNSUPPORTED;
  }
  return keys_expand_secret(crypto, suite->hash, secret,
                            version->labels->update, next);
}
