#include "wire/tlspeek.h"

#define TLS_EXTENSION_SERVER_NAME 0
#define TLS_EXTENSION_SUPPORTED_GROUPS 10
#define TLS_EXTENSION_SIGNATURE_ALGORITHMS 13
#define TLS_EXTENSION_ALPN 16
#define TLS_EXTENSION_PRE_SHARED_KEY 41
#define TLS_EXTENSION_EARLY_DATA 42
#define TLS_EXTENSION_SUPPORTED_VERSIONS 43
#define TLS_EXTENSION_KEY_SHARE 51
#define TLS_EXTENSION_QUIC 0x39
#define TLS_EXTENSION_QUIC_DRAFT 0xffa5
#define TLS_EXTENSION_ECH 0xfe0d

#define TLS_SESSION_ID_MAX 32
#define TLS_SNI_HOST_NAME 0

/* ServerHello.random of a HelloRetryRequest (RFC 8446 §4.1.3). */
static const uint8_t tls_retry_random[QUIC_TLS_RANDOM_LEN] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
    0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

static const struct {
  uint8_t type;
  const char *name;
} tls_messages[] = {
    {QUIC_TLS_CLIENT_HELLO, "ClientHello"},
    {QUIC_TLS_SERVER_HELLO, "ServerHello"},
    {QUIC_TLS_NEW_SESSION_TICKET, "NewSessionTicket"},
    {5, "EndOfEarlyData"},
    {QUIC_TLS_ENCRYPTED_EXTENSIONS, "EncryptedExtensions"},
    {QUIC_TLS_CERTIFICATE, "Certificate"},
    {QUIC_TLS_CERTIFICATE_REQUEST, "CertificateRequest"},
    {QUIC_TLS_CERTIFICATE_VERIFY, "CertificateVerify"},
    {QUIC_TLS_FINISHED, "Finished"},
    {QUIC_TLS_KEY_UPDATE, "KeyUpdate"},
    {25, "CompressedCertificate"},
    {254, "MessageHash"},
};

const char *quic_tls_message_name(uint8_t type) {
  for (size_t i = 0; i < sizeof(tls_messages) / sizeof(tls_messages[0]); i++) {
    if (tls_messages[i].type == type) {
      return tls_messages[i].name;
    }
  }
  return "unknown";
}

int quic_tls_message_next(quic_tls_message *m, quic_reader *rd) {
  quic_reader in = *rd;
  size_t len;

  memset(m, 0, sizeof(*m));
  if (quic_reader_left(&in) == 0) {
    return QUIC_ERR_END;
  }
  m->type = quic_reader_u8(&in);
  len = quic_reader_u24(&in);
  if (quic_reader_failed(&in)) {
    return QUIC_ERR_AGAIN;
  }
  m->wire_len = 4 + len;
  if (quic_reader_left(&in) < len) {
    m->body = quic_reader_rest(&in);
    return QUIC_ERR_AGAIN;
  }
  m->body = quic_reader_bytes(&in, len);
  *rd = in;
  return 0;
}

/* tls_list8 and tls_list16 read a list behind its length in octets. */
static quic_bytes tls_list8(quic_reader *rd) {
  return quic_reader_bytes(rd, quic_reader_u8(rd));
}

static quic_bytes tls_list16(quic_reader *rd) {
  return quic_reader_bytes(rd, quic_reader_u16(rd));
}

/* The extensions' readers take what is inside one extension, whole. */
typedef void tls_read(quic_tls_hello *h, quic_reader *rd);

static void tls_read_sni(quic_tls_hello *h, quic_reader *rd) {
  quic_bytes list = tls_list16(rd);
  quic_reader in;

  quic_reader_init(&in, list.data, list.len);
  while (quic_reader_left(&in) > 0) {
    uint8_t type = quic_reader_u8(&in);
    quic_bytes name = tls_list16(&in);

    if (type == TLS_SNI_HOST_NAME && h->sni.len == 0) {
      h->sni = name;
    }
  }
  if (quic_reader_failed(&in)) {
    quic_reader_fail(rd);
  }
}

static void tls_read_groups(quic_tls_hello *h, quic_reader *rd) {
  h->groups = tls_list16(rd);
}

static void tls_read_signatures(quic_tls_hello *h, quic_reader *rd) {
  h->signature_algorithms = tls_list16(rd);
}

static void tls_read_alpn(quic_tls_hello *h, quic_reader *rd) {
  h->alpn = tls_list16(rd);
}

static void tls_read_psk(quic_tls_hello *h, quic_reader *rd) {
  h->psk = true;
  (void)quic_reader_rest(rd);
}

static void tls_read_early_data(quic_tls_hello *h, quic_reader *rd) {
  h->early_data = true;
  (void)quic_reader_rest(rd);
}

static void tls_read_versions(quic_tls_hello *h, quic_reader *rd) {
  h->supported_versions = tls_list8(rd);
}

static void tls_read_version(quic_tls_hello *h, quic_reader *rd) {
  h->supported_versions = quic_reader_bytes(rd, 2);
}

static void tls_read_shares(quic_tls_hello *h, quic_reader *rd) {
  h->key_shares = tls_list16(rd);
}

static void tls_read_share(quic_tls_hello *h, quic_reader *rd) {
  h->key_shares = quic_bytes_of(rd->pos, (size_t)(rd->end - rd->pos));
  h->key_share_group = quic_reader_u16(rd);
  if (!h->hello_retry_request) {
    (void)tls_list16(rd);
  }
}

static void tls_read_tparams(quic_tls_hello *h, quic_reader *rd) {
  h->tparams = quic_reader_rest(rd);
}

static void tls_read_ech(quic_tls_hello *h, quic_reader *rd) {
  h->ech = true;
  (void)quic_reader_rest(rd);
}

#define TLS_IN_CLIENT 1u
#define TLS_IN_SERVER 2u
#define TLS_IN_ENCRYPTED 4u

/* The index is the bit that marks the extension as seen. */
static const struct tls_extension {
  uint16_t type;
  unsigned where;
  tls_read *read;
} tls_extensions[] = {
    {TLS_EXTENSION_SERVER_NAME, TLS_IN_CLIENT, tls_read_sni},
    {TLS_EXTENSION_SUPPORTED_GROUPS, TLS_IN_CLIENT | TLS_IN_ENCRYPTED,
     tls_read_groups},
    {TLS_EXTENSION_SIGNATURE_ALGORITHMS, TLS_IN_CLIENT, tls_read_signatures},
    {TLS_EXTENSION_ALPN, TLS_IN_CLIENT | TLS_IN_ENCRYPTED, tls_read_alpn},
    {TLS_EXTENSION_PRE_SHARED_KEY, TLS_IN_CLIENT | TLS_IN_SERVER, tls_read_psk},
    {TLS_EXTENSION_EARLY_DATA, TLS_IN_CLIENT | TLS_IN_ENCRYPTED,
     tls_read_early_data},
    {TLS_EXTENSION_SUPPORTED_VERSIONS, TLS_IN_CLIENT, tls_read_versions},
    {TLS_EXTENSION_SUPPORTED_VERSIONS, TLS_IN_SERVER, tls_read_version},
    {TLS_EXTENSION_KEY_SHARE, TLS_IN_CLIENT, tls_read_shares},
    {TLS_EXTENSION_KEY_SHARE, TLS_IN_SERVER, tls_read_share},
    {TLS_EXTENSION_QUIC, TLS_IN_CLIENT | TLS_IN_ENCRYPTED, tls_read_tparams},
    {TLS_EXTENSION_QUIC_DRAFT, TLS_IN_CLIENT | TLS_IN_ENCRYPTED,
     tls_read_tparams},
    {TLS_EXTENSION_ECH, TLS_IN_CLIENT | TLS_IN_SERVER | TLS_IN_ENCRYPTED,
     tls_read_ech},
};

#define TLS_EXTENSIONS (sizeof(tls_extensions) / sizeof(tls_extensions[0]))

/* tls_extension_read reads one extension whose octets are all there.  Returns
   false when it is ill-formed or doubled. */
static bool tls_extension_read(quic_tls_hello *h, uint16_t type,
                               quic_bytes value, unsigned where,
                               unsigned *seen) {
  quic_reader rd;
  size_t i = 0;

  while (i < TLS_EXTENSIONS && (tls_extensions[i].type != type ||
                                !(tls_extensions[i].where & where))) {
    i++;
  }
  if (i == TLS_EXTENSIONS) {
    return true;
  }
  if (*seen & 1u << i) {
    return false;
  }
  *seen |= 1u << i;
  if (tls_extensions[i].read == tls_read_tparams) {
    if (h->tparam_extension) {
      return true; /* both numbers were sent; the first stands */
    }
    h->tparam_extension = type;
  }
  quic_reader_init(&rd, value.data, value.len);
  tls_extensions[i].read(h, &rd);
  return !quic_reader_failed(&rd) && quic_reader_left(&rd) == 0;
}

/* tls_peek_extensions reads the last part of a hello: a 16-bit length and the
   extensions.  One that is ill-formed does not hide those behind it. */
static int tls_peek_extensions(quic_tls_hello *h, quic_reader *rd,
                               unsigned where) {
  size_t len = quic_reader_u16(rd);
  size_t left = quic_reader_left(rd);
  bool cut = quic_reader_failed(rd) || left < len;
  bool sound = true;
  unsigned seen = 0;
  quic_reader in;

  h->extensions = quic_reader_bytes(rd, cut ? left : len);
  quic_reader_init(&in, h->extensions.data, h->extensions.len);
  while (quic_reader_left(&in) > 0) {
    uint16_t type = quic_reader_u16(&in);
    quic_bytes value = tls_list16(&in);

    if (!quic_reader_failed(&in) &&
        !tls_extension_read(h, type, value, where, &seen)) {
      sound = false;
    }
  }
  if (!sound) {
    return QUIC_ERR_MALFORMED;
  }
  if (cut) {
    return QUIC_ERR_SHORT;
  }
  return quic_reader_failed(&in) || quic_reader_left(rd) > 0
             ? QUIC_ERR_MALFORMED
             : 0;
}

/* tls_peek_start reads what both hellos begin with. */
static int tls_peek_start(quic_tls_hello *h, quic_reader *rd) {
  size_t len;

  memset(h, 0, sizeof(*h));
  h->legacy_version = quic_reader_u16(rd);
  h->random = quic_reader_bytes(rd, QUIC_TLS_RANDOM_LEN);
  len = quic_reader_u8(rd);
  if (len > TLS_SESSION_ID_MAX) {
    return QUIC_ERR_MALFORMED;
  }
  h->session_id = quic_reader_bytes(rd, len);
  return quic_reader_status(rd);
}

int quic_tls_peek_client_hello(quic_tls_hello *hello, quic_bytes body) {
  quic_reader rd;
  size_t len;
  int rv;

  quic_reader_init(&rd, body.data, body.len);
  rv = tls_peek_start(hello, &rd);
  if (rv != 0) {
    return rv;
  }
  len = quic_reader_u16(&rd);
  if (!quic_reader_failed(&rd) && (len < 2 || len % 2 != 0)) {
    return QUIC_ERR_MALFORMED;
  }
  hello->cipher_suites = quic_reader_bytes(&rd, len);
  (void)tls_list8(&rd); /* legacy_compression_methods */
  if (quic_reader_failed(&rd)) {
    return QUIC_ERR_SHORT;
  }
  return tls_peek_extensions(hello, &rd, TLS_IN_CLIENT);
}

int quic_tls_peek_server_hello(quic_tls_hello *hello, quic_bytes body) {
  quic_reader rd;
  int rv;

  quic_reader_init(&rd, body.data, body.len);
  rv = tls_peek_start(hello, &rd);
  hello->hello_retry_request = quic_bytes_eq(
      hello->random, quic_bytes_of(tls_retry_random, sizeof(tls_retry_random)));
  if (rv != 0) {
    return rv;
  }
  hello->cipher_suite = quic_reader_u16(&rd);
  quic_reader_skip(&rd, 1); /* legacy_compression_method */
  if (quic_reader_failed(&rd)) {
    return QUIC_ERR_SHORT;
  }
  return tls_peek_extensions(hello, &rd, TLS_IN_SERVER);
}

int quic_tls_peek_encrypted_extensions(quic_tls_hello *ee, quic_bytes body) {
  quic_reader rd;

  memset(ee, 0, sizeof(*ee));
  quic_reader_init(&rd, body.data, body.len);
  return tls_peek_extensions(ee, &rd, TLS_IN_ENCRYPTED);
}

int quic_tls_peek_certificate(quic_bytes body, size_t index, quic_bytes *der) {
  quic_reader rd;
  size_t len;
  bool cut;

  *der = quic_bytes_of(NULL, 0);
  quic_reader_init(&rd, body.data, body.len);
  (void)tls_list8(&rd); /* certificate_request_context */
  len = quic_reader_u24(&rd);
  cut = len > quic_reader_left(&rd);
  if (quic_reader_failed(&rd)) {
    return QUIC_ERR_SHORT;
  }
  quic_reader_init(&rd, rd.pos, cut ? quic_reader_left(&rd) : len);
  for (size_t i = 0; quic_reader_left(&rd) > 0; i++) {
    quic_bytes cert = quic_reader_bytes(&rd, quic_reader_u24(&rd));

    if (quic_reader_failed(&rd)) {
      return QUIC_ERR_SHORT;
    }
    if (i == index) {
      *der = cert;
      return 0;
    }
    (void)tls_list16(&rd); /* extensions of the certificate */
  }
  return cut || quic_reader_failed(&rd) ? QUIC_ERR_SHORT : QUIC_ERR_END;
}

bool quic_tls_alpn_next(quic_reader *list, quic_bytes *name) {
  *name = quic_bytes_of(NULL, 0);
  if (quic_reader_left(list) == 0) {
    return false;
  }
  *name = tls_list8(list);
  return name->len > 0;
}
