#include "pcap/out_json.h"
#include "pcap/show.h"
#include "wire/names.h"
#include "wire/tlspeek.h"

#define TLS_CERTS_MAX 64 /* counted of one chain */

static void tls_sni(qlog_json *j, const quic_tls_hello *hello) {
  if (hello->sni.data) {
    JSON_TEXT(j, "sni", hello->sni);
  }
}

static void tls_alpn(qlog_json *j, const quic_tls_hello *hello) {
  if (hello->alpn.len) {
    JSON_KEY(j, "alpn");
    json_alpns(j, hello->alpn);
  }
}

/* tls_id writes a registered name, or the number as a string. */
static void tls_id(qlog_json *j, uint64_t id, const char *name) {
  if (name) {
    qlog_json_str(j, name);
  } else {
    json_hex_number(j, id);
  }
}

static void tls_client_hello(qlog_json *j, quic_bytes body) {
  quic_tls_hello hello;
  int rv = quic_tls_peek_client_hello(&hello, body);

  tls_sni(j, &hello);
  tls_alpn(j, &hello);
  JSON_BOOL(j, "psk", hello.psk);
  JSON_BOOL(j, "early_data", hello.early_data);
  JSON_BOOL(j, "ech", hello.ech);
  if (rv != 0) {
    JSON_BOOL(j, "malformed", true);
  }
}

static void tls_server_hello(qlog_json *j, quic_bytes body) {
  quic_tls_hello hello;

  if (quic_tls_peek_server_hello(&hello, body) != 0) {
    JSON_BOOL(j, "malformed", true);
    return;
  }
  JSON_KEY(j, "cipher_suite");
  tls_id(j, hello.cipher_suite, quic_name_cipher_suite(hello.cipher_suite));
  if (hello.key_share_group) {
    JSON_KEY(j, "group");
    tls_id(j, hello.key_share_group, quic_name_group(hello.key_share_group));
  }
  JSON_BOOL(j, "psk", hello.psk);
}

static void tls_encrypted_extensions(qlog_json *j, quic_bytes body) {
  quic_tls_hello hello;
  int rv = quic_tls_peek_encrypted_extensions(&hello, body);

  tls_alpn(j, &hello);
  JSON_BOOL(j, "early_data", hello.early_data);
  if (rv != 0) {
    JSON_BOOL(j, "malformed", true);
  }
}

static void tls_certificate(qlog_json *j, quic_bytes body) {
  quic_bytes der;
  size_t n = 0;

  while (n < TLS_CERTS_MAX && quic_tls_peek_certificate(body, n, &der) == 0) {
    n++;
  }
  JSON_U64(j, "certificates", n);
}

static void tls_message(qlog_json *j, const qd_packet *p,
                        const qd_message *msg) {
  quic_bytes body = {NULL, 0};

  if (p->conn) {
    body = qd_conn_message(p->conn, p->sender, msg);
  }
  if (body.len >= 4) {
    body = quic_bytes_of(body.data + 4, body.len - 4);
  }
  qlog_json_object(j);
  JSON_STR(j, "type", qd_show_message(msg->type, body));
  JSON_U64(j, "length", msg->len);
  if (body.len) {
    switch (msg->type) {
    case QUIC_TLS_CLIENT_HELLO:
      tls_client_hello(j, body);
      break;
    case QUIC_TLS_SERVER_HELLO:
      tls_server_hello(j, body);
      break;
    case QUIC_TLS_ENCRYPTED_EXTENSIONS:
      tls_encrypted_extensions(j, body);
      break;
    case QUIC_TLS_CERTIFICATE:
      tls_certificate(j, body);
      break;
    default:
      break;
    }
  }
  qlog_json_object_end(j);
}

void json_messages(qlog_json *j, const qd_packet *p) {
  if (!p->nmessages) {
    return;
  }
  JSON_KEY(j, "tls");
  qlog_json_array(j);
  for (uint8_t i = 0; i < p->nmessages && i < QD_MESSAGES_MAX; i++) {
    tls_message(j, p, &p->messages[i]);
  }
  qlog_json_array_end(j);
}

/* Transport parameters. */

static void tls_preferred(qlog_json *j, const quic_tparam *param) {
  quic_preferred_address pa;
  quic_addr addr;

  if (quic_tparam_preferred(param, &pa) != 0) {
    qlog_json_hex(j, param->value);
    return;
  }
  qlog_json_object(j);
  for (int i = 0; i < 2; i++) {
    quic_bytes ip = i ? pa.ipv6 : pa.ipv4;

    memset(&addr, 0, sizeof(addr));
    addr.family = i ? 6 : 4;
    addr.port = i ? pa.ipv6_port : pa.ipv4_port;
    memcpy(addr.ip, ip.data, ip.len);
    qlog_json_key(j, i ? "ipv6" : "ipv4");
    json_address(j, &addr);
  }
  JSON_HEX(j, "connection_id", pa.cid);
  JSON_HEX(j, "stateless_reset_token", pa.reset_token);
  qlog_json_object_end(j);
}

static void tls_parameter(qlog_json *j, const quic_tparam *param,
                          quic_tparam_kind kind) {
  uint64_t number;

  if (kind == QUIC_TPARAM_INTEGER && quic_tparam_integer(param, &number) == 0) {
    qlog_json_u64(j, number);
  } else if (kind == QUIC_TPARAM_FLAG && param->value.len == 0) {
    qlog_json_bool(j, true);
  } else if (kind == QUIC_TPARAM_PREFERRED) {
    tls_preferred(j, param);
  } else if (kind == QUIC_TPARAM_VERSIONS && param->value.len % 4 == 0) {
    json_versions(j, param->value);
  } else {
    qlog_json_hex(j, param->value);
  }
}

/* json_parameters writes an array of [name, value] in the order of the wire:
   one may come twice. */
void json_parameters(qlog_json *j, const qd_conn *conn, qd_side side) {
  const qd_endpoint *end = &conn->sides[side];
  quic_tparams list;
  int rv;

  if (!end->has_tparams) {
    qlog_json_null(j);
    return;
  }
  rv = quic_tparams_decode(&list, quic_bytes_of(end->tparams, end->tparams_len),
                           quic_version_find(conn->version));
  qlog_json_array(j);
  for (size_t i = 0; i < list.len; i++) {
    const quic_tparam_info *info = quic_tparam_info_find(list.items[i].id);

    qlog_json_array(j);
    tls_id(j, list.items[i].id, info ? info->name : NULL);
    tls_parameter(j, &list.items[i], info ? info->kind : QUIC_TPARAM_OPAQUE);
    qlog_json_array_end(j);
  }
  if (rv != 0) {
    qlog_json_array(j);
    qlog_json_str(j, "undecoded");
    qlog_json_null(j);
    qlog_json_array_end(j);
  }
  qlog_json_array_end(j);
}
