#include "pcap/tree_tls.h"

#include "crypto/cert.h"
#include "wire/names.h"
#include "wire/tlspeek.h"

#define TLS_CERTS_MAX 16  /* of one chain */
#define TLS_EARLY_DATA 42 /* extension type */
#define TLS_IDS_MAX 64    /* of one list */

static quic_bytes tls_bytes_of_str(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* Values 0x?a?a with equal halves are grease (RFC 8701). */
static bool tls_grease(uint16_t id) {
  return (id & 0x0f0f) == 0x0a0a && id >> 8 == (id & 0xff);
}

typedef const char *tls_name_fn(uint16_t id);

static const char *tls_version_name(uint16_t id) {
  return id == 0x0304 ? "TLS 1.3" : id == 0x0303 ? "TLS 1.2" : NULL;
}

static void tls_id(quic_text *t, uint16_t id, tls_name_fn *name_of) {
  const char *name = tls_grease(id) ? "grease" : name_of(id);

  if (name) {
    quic_text_str(t, name);
    quic_text_str(t, " (");
  }
  quic_text_hex_u64(t, id);
  quic_text_str(t, name ? ")" : "");
}

/* tls_ids writes a list of 16-bit numbers on one line. */
static void tls_ids(const qd_tree *tree, const char *label, quic_bytes list,
                    tls_name_fn *name_of) {
  size_t n = list.len / 2;
  quic_reader rd;

  if (!n) {
    return;
  }
  qd_tree_name(tree, label);
  quic_reader_init(&rd, list.data, list.len);
  for (size_t i = 0; i < n && i < TLS_IDS_MAX; i++) {
    quic_text_str(tree->text, i ? ", " : "");
    tls_id(tree->text, quic_reader_u16(&rd), name_of);
  }
  if (n > TLS_IDS_MAX) {
    quic_text_str(tree->text, ", +");
    quic_text_u64(tree->text, n - TLS_IDS_MAX);
    quic_text_str(tree->text, " more");
  }
  qd_tree_end(tree);
}

static void tls_one_id(const qd_tree *tree, const char *label, uint16_t id,
                       tls_name_fn *name_of) {
  qd_tree_name(tree, label);
  tls_id(tree->text, id, name_of);
  qd_tree_end(tree);
}

/* tls_shares writes the groups of a ClientHello's key shares and the sizes of
   their keys. */
static void tls_shares(const qd_tree *tree, quic_bytes list) {
  const char *gap = "";
  quic_reader rd;

  if (!list.len) {
    return;
  }
  qd_tree_name(tree, "key_shares");
  quic_reader_init(&rd, list.data, list.len);
  for (size_t n = 0; quic_reader_left(&rd) && n < TLS_IDS_MAX; n++) {
    uint16_t group = quic_reader_u16(&rd);
    quic_bytes key = quic_reader_bytes(&rd, quic_reader_u16(&rd));

    if (quic_reader_failed(&rd)) {
      break;
    }
    quic_text_str(tree->text, gap);
    tls_id(tree->text, group, quic_name_group);
    quic_text_char(tree->text, ' ');
    qd_show_octets(tree->text, key.len);
    gap = ", ";
  }
  qd_tree_end(tree);
}

static void tls_extensions(const qd_tree *tree, quic_bytes list) {
  const char *gap = "";
  quic_reader rd;

  if (!list.len) {
    return;
  }
  qd_tree_name(tree, "extensions");
  quic_reader_init(&rd, list.data, list.len);
  for (size_t n = 0; quic_reader_left(&rd) && n < TLS_IDS_MAX; n++) {
    uint16_t type = quic_reader_u16(&rd);

    quic_reader_skip(&rd, quic_reader_u16(&rd));
    quic_text_str(tree->text, gap);
    tls_id(tree->text, type, quic_name_tls_extension);
    gap = ", ";
  }
  quic_text_str(tree->text, quic_reader_failed(&rd) ? " (cut)" : "");
  qd_tree_end(tree);
}

static void tls_alpn(const qd_tree *tree, quic_bytes list) {
  if (list.len) {
    qd_tree_name(tree, "alpn");
    qd_show_alpn(tree->text, list);
    qd_tree_end(tree);
  }
}

static void tls_flag(const qd_tree *tree, const char *name, bool set) {
  if (set) {
    qd_tree_str(tree, name, "yes");
  }
}

/* Transport parameters. */

static void tparam_preferred(const qd_tree *tree, const quic_tparam *item) {
  quic_preferred_address pa;
  quic_addr addr = {.family = 4};

  if (quic_tparam_preferred(item, &pa) != 0) {
    quic_text_hex(tree->text, item->value);
    return;
  }
  memcpy(addr.ip, pa.ipv4.data, 4);
  addr.port = pa.ipv4_port;
  qd_show_addr(tree->text, &addr);
  addr.family = 6;
  memcpy(addr.ip, pa.ipv6.data, 16);
  addr.port = pa.ipv6_port;
  quic_text_char(tree->text, ' ');
  qd_show_addr(tree->text, &addr);
  quic_text_str(tree->text, " connection_id=");
  quic_text_hex(tree->text, pa.cid);
  quic_text_str(tree->text, " stateless_reset_token=");
  quic_text_hex(tree->text, pa.reset_token);
}

static void tparam_versions(const qd_tree *tree, const quic_tparam *item) {
  quic_bytes list = item->value;

  if (list.len < 4 || list.len % 4) {
    quic_text_hex(tree->text, list);
    return;
  }
  quic_text_str(tree->text, "chosen ");
  qd_show_versions(tree->text, quic_bytes_of(list.data, 4));
  quic_text_str(tree->text, "; available ");
  qd_show_versions(tree->text, quic_bytes_of(list.data + 4, list.len - 4));
}

static void tparam_integer(const qd_tree *tree, const quic_tparam *item,
                           const quic_tparam_info *info) {
  uint64_t value;

  if (quic_tparam_integer(item, &value) != 0) {
    quic_text_hex(tree->text, item->value);
    return;
  }
  quic_text_u64(tree->text, value);
  if (info->unit && info->unit[0]) {
    quic_text_char(tree->text, ' ');
    quic_text_str(tree->text, info->unit);
  }
  qd_tree_width(tree, value, item->value.len);
  if (info->has_default && value == info->default_value) {
    quic_text_str(tree->text, " (the default)");
  }
}

static void tparam_opaque(const qd_tree *tree, quic_bytes value) {
  size_t len = value.len < QD_TREE_DUMP_MAX ? value.len : QD_TREE_DUMP_MAX;

  if (!value.len) {
    quic_text_str(tree->text, "empty");
    return;
  }
  quic_text_hex(tree->text, quic_bytes_of(value.data, len));
  if (value.len > len) {
    quic_text_str(tree->text, ".. (");
    qd_show_octets(tree->text, value.len);
    quic_text_char(tree->text, ')');
  }
}

static void tparam_value(const qd_tree *tree, const quic_tparam *item,
                         const quic_tparam_info *info) {
  switch (info ? info->kind : QUIC_TPARAM_OPAQUE) {
  case QUIC_TPARAM_INTEGER:
    tparam_integer(tree, item, info);
    break;
  case QUIC_TPARAM_PREFERRED:
    tparam_preferred(tree, item);
    break;
  case QUIC_TPARAM_VERSIONS:
    tparam_versions(tree, item);
    break;
  case QUIC_TPARAM_FLAG:
    if (!item->value.len) {
      quic_text_str(tree->text, "yes");
      break;
    }
    tparam_opaque(tree, item->value);
    break;
  case QUIC_TPARAM_CID:
  case QUIC_TPARAM_TOKEN:
  case QUIC_TPARAM_OPAQUE:
    tparam_opaque(tree, item->value);
    break;
  }
}

static void tparam_item(const qd_tree *tree, const quic_tparams *list,
                        const quic_tparam *item, bool from_client) {
  const quic_tparam_info *info = quic_tparam_info_find(item->id);
  const char *problem = quic_tparam_problem(item, from_client);
  const char *name = info                             ? info->name
                     : quic_tparam_reserved(item->id) ? "grease"
                                                      : "unknown";
  qd_tree deeper = *tree;

  deeper.depth++;
  qd_tree_indent(tree);
  quic_text_str(tree->text, name);
  quic_text_str(tree->text, " (");
  quic_text_hex_u64(tree->text, item->id);
  quic_text_str(tree->text, "): ");
  tparam_value(tree, item, info);
  qd_tree_end(tree);
  if (problem) {
    qd_tree_problem(&deeper, problem);
  }
  if (quic_tparams_find(list, item->id) != item) {
    qd_tree_problem(&deeper, "this parameter was sent before");
  }
}

void qd_tree_tparams(const qd_tree *tree, quic_bytes body, uint32_t version,
                     bool from_client) {
  qd_tree deeper = *tree;
  quic_tparams list;
  int rv = quic_tparams_decode(&list, body, quic_version_find(version));

  qd_tree_indent(tree);
  quic_text_str(tree->text, "transport parameters: ");
  quic_text_u64(tree->text, list.len);
  qd_tree_end(tree);
  deeper.depth++;
  for (size_t i = 0; i < list.len; i++) {
    tparam_item(&deeper, &list, &list.items[i], from_client);
  }
  if (rv != 0) {
    qd_tree_problem(&deeper, quic_err_text(rv));
  }
}

static void tls_tparams(const qd_tree *tree, const qd_packet *p,
                        const quic_tls_hello *hello) {
  if (hello->tparam_extension) {
    qd_tree_tparams(tree, hello->tparams, p->conn ? p->conn->version : 0,
                    p->sender == QD_CLIENT);
  }
}

/* Messages.  Each function gets the body and returns 0 or an error; what could
   be read is written either way. */

typedef int tls_message_fn(const qd_tree *tree, const qd_packet *p,
                           quic_bytes body);

static int tls_client_hello(const qd_tree *tree, const qd_packet *p,
                            quic_bytes body) {
  quic_tls_hello hello;
  int rv = quic_tls_peek_client_hello(&hello, body);

  qd_tree_hex(tree, "random", hello.random);
  if (hello.sni.len) {
    qd_tree_untrusted(tree, "server_name", hello.sni);
  }
  tls_alpn(tree, hello.alpn);
  tls_ids(tree, "cipher_suites", hello.cipher_suites, quic_name_cipher_suite);
  tls_ids(tree, "supported_versions", hello.supported_versions,
          tls_version_name);
  tls_ids(tree, "supported_groups", hello.groups, quic_name_group);
  tls_shares(tree, hello.key_shares);
  tls_ids(tree, "signature_algorithms", hello.signature_algorithms,
          quic_name_signature);
  tls_extensions(tree, hello.extensions);
  tls_flag(tree, "early_data", hello.early_data);
  tls_flag(tree, "pre_shared_key", hello.psk);
  tls_flag(tree, "encrypted_client_hello", hello.ech);
  tls_tparams(tree, p, &hello);
  return rv;
}

static int tls_server_hello(const qd_tree *tree, const qd_packet *p,
                            quic_bytes body) {
  quic_tls_hello hello;
  int rv = quic_tls_peek_server_hello(&hello, body);

  (void)p;
  qd_tree_hex(tree, "random", hello.random);
  tls_one_id(tree, "cipher_suite", hello.cipher_suite, quic_name_cipher_suite);
  tls_ids(tree, "version", hello.supported_versions, tls_version_name);
  if (hello.key_share_group) {
    tls_one_id(tree, "key_share", hello.key_share_group, quic_name_group);
  }
  tls_extensions(tree, hello.extensions);
  tls_flag(tree, "pre_shared_key", hello.psk);
  tls_flag(tree, "encrypted_client_hello", hello.ech);
  return rv;
}

static int tls_encrypted_extensions(const qd_tree *tree, const qd_packet *p,
                                    quic_bytes body) {
  quic_tls_hello hello;
  int rv = quic_tls_peek_encrypted_extensions(&hello, body);

  tls_alpn(tree, hello.alpn);
  tls_ids(tree, "supported_groups", hello.groups, quic_name_group);
  tls_extensions(tree, hello.extensions);
  tls_flag(tree, "early_data", hello.early_data);
  tls_flag(tree, "encrypted_client_hello", hello.ech);
  tls_tparams(tree, p, &hello);
  return rv;
}

static void tls_text(const qd_tree *tree, const char *name, const char *value) {
  if (value[0]) {
    qd_tree_untrusted(tree, name, tls_bytes_of_str(value));
  }
}

static void tls_certificate_one(const qd_tree *tree, quic_bytes der) {
  quic_cert cert;

  if (quic_cert_describe(&cert, der) != 0) {
    qd_tree_problem(tree, "not a certificate that can be read");
    return;
  }
  tls_text(tree, "subject", cert.subject);
  tls_text(tree, "issuer", cert.issuer);
  tls_text(tree, "names", cert.names);
  qd_tree_name(tree, "validity");
  qd_show_date(tree->text, cert.not_before);
  quic_text_str(tree->text, " to ");
  qd_show_date(tree->text, cert.not_after);
  quic_text_str(tree->text, " UTC");
  qd_tree_end(tree);
  tls_text(tree, "key", cert.key);
  tls_text(tree, "signature", cert.signature);
  tls_text(tree, "serial", cert.serial);
}

static int tls_certificate(const qd_tree *tree, const qd_packet *p,
                           quic_bytes body) {
  qd_tree deeper = *tree;
  quic_bytes der;
  int rv = 0;

  (void)p;
  deeper.depth++;
  for (size_t i = 0; i < TLS_CERTS_MAX; i++) {
    rv = quic_tls_peek_certificate(body, i, &der);
    if (rv != 0) {
      break;
    }
    qd_tree_indent(tree);
    quic_text_str(tree->text, "certificate ");
    quic_text_u64(tree->text, i);
    quic_text_str(tree->text, ": ");
    qd_show_octets(tree->text, der.len);
    qd_tree_end(tree);
    tls_certificate_one(&deeper, der);
  }
  return rv == QUIC_ERR_END ? 0 : rv;
}

static int tls_certificate_verify(const qd_tree *tree, const qd_packet *p,
                                  quic_bytes body) {
  uint16_t algorithm;
  quic_bytes signature;
  quic_reader rd;

  (void)p;
  quic_reader_init(&rd, body.data, body.len);
  algorithm = quic_reader_u16(&rd);
  signature = quic_reader_bytes(&rd, quic_reader_u16(&rd));
  tls_one_id(tree, "algorithm", algorithm, quic_name_signature);
  qd_tree_name(tree, "signature");
  qd_show_octets(tree->text, signature.len);
  qd_tree_end(tree);
  return quic_reader_status(&rd);
}

/* tls_ticket_early shows max_early_data_size, which QUIC wants to be 2^32 - 1
   (RFC 9001 §4.6.1). */
static void tls_ticket_early(const qd_tree *tree, quic_bytes list) {
  quic_reader rd;

  quic_reader_init(&rd, list.data, list.len);
  for (size_t n = 0; quic_reader_left(&rd) && n < TLS_IDS_MAX; n++) {
    uint16_t type = quic_reader_u16(&rd);
    quic_bytes value = quic_reader_bytes(&rd, quic_reader_u16(&rd));
    quic_reader size;

    if (quic_reader_failed(&rd) || type != TLS_EARLY_DATA || value.len != 4) {
      continue;
    }
    quic_reader_init(&size, value.data, value.len);
    qd_tree_name(tree, "max_early_data_size");
    quic_text_hex_u64(tree->text, quic_reader_u32(&size));
    qd_tree_end(tree);
    if (memcmp(value.data, "\xff\xff\xff\xff", 4) != 0) {
      qd_tree_problem(tree, "QUIC allows 0xffffffff only");
    }
  }
}

static int tls_ticket(const qd_tree *tree, const qd_packet *p,
                      quic_bytes body) {
  uint32_t lifetime;
  quic_bytes nonce, ticket, extensions;
  uint32_t age_add;
  quic_reader rd;

  (void)p;
  quic_reader_init(&rd, body.data, body.len);
  lifetime = quic_reader_u32(&rd);
  age_add = quic_reader_u32(&rd);
  nonce = quic_reader_bytes(&rd, quic_reader_u8(&rd));
  ticket = quic_reader_bytes(&rd, quic_reader_u16(&rd));
  extensions = quic_reader_bytes(&rd, quic_reader_u16(&rd));
  qd_tree_name(tree, "lifetime");
  quic_text_u64(tree->text, lifetime);
  quic_text_str(tree->text, " s");
  qd_tree_end(tree);
  qd_tree_name(tree, "ticket_age_add");
  quic_text_hex_u64(tree->text, age_add);
  qd_tree_end(tree);
  qd_tree_hex(tree, "ticket_nonce", nonce);
  qd_tree_name(tree, "ticket");
  qd_show_octets(tree->text, ticket.len);
  qd_tree_end(tree);
  tls_extensions(tree, extensions);
  tls_ticket_early(tree, extensions);
  return quic_reader_status(&rd);
}

static tls_message_fn *tls_reader_of(uint8_t type) {
  switch (type) {
  case QUIC_TLS_CLIENT_HELLO:
    return tls_client_hello;
  case QUIC_TLS_SERVER_HELLO:
    return tls_server_hello;
  case QUIC_TLS_ENCRYPTED_EXTENSIONS:
    return tls_encrypted_extensions;
  case QUIC_TLS_CERTIFICATE:
    return tls_certificate;
  case QUIC_TLS_CERTIFICATE_VERIFY:
    return tls_certificate_verify;
  case QUIC_TLS_NEW_SESSION_TICKET:
    return tls_ticket;
  default:
    return NULL;
  }
}

/* tls_body borrows the body of |msg|; empty when its octets are gone. */
static quic_bytes tls_body(const qd_packet *p, const qd_message *msg) {
  quic_bytes b = {NULL, 0};

  if (p->conn) {
    b = qd_conn_message(p->conn, p->sender, msg);
  }
  return b.len > 4 ? quic_bytes_of(b.data + 4, b.len - 4)
                   : quic_bytes_of("", 0);
}

void qd_tree_message_line(const qd_tree *tree, const qd_packet *p,
                          const qd_message *msg) {
  qd_tree_indent(tree);
  quic_text_str(tree->text, "TLS ");
  quic_text_str(tree->text, qd_show_message(msg->type, tls_body(p, msg)));
  quic_text_str(tree->text, " (");
  quic_text_u64(tree->text, msg->type);
  quic_text_str(tree->text, "): ");
  qd_show_octets(tree->text, msg->len);
  qd_tree_end(tree);
}

void qd_tree_message(const qd_tree *tree, const qd_packet *p,
                     const qd_message *msg) {
  tls_message_fn *fn = tls_reader_of(msg->type);
  quic_bytes body = tls_body(p, msg);
  qd_tree deeper = *tree;
  int rv;

  qd_tree_message_line(tree, p, msg);
  if (!fn || !body.len) {
    return;
  }
  deeper.depth++;
  rv = fn(&deeper, p, body);
  if (rv != 0) {
    qd_tree_problem(&deeper, quic_err_text(rv));
  }
}
