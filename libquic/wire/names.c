#include "wire/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "wire/h3.h"

/* One entry of a registry.  The registries are short and looked into once per
   line of output, so the search is linear. */
struct name_row {
  uint64_t value;
  const char *name;
};

static const char *name_find(const struct name_row *rows, size_t n,
                             uint64_t value) {
  for (size_t i = 0; i < n; i++) {
    if (rows[i].value == value) {
      return rows[i].name;
    }
  }
  return NULL;
}

#define NAME_FIND(table, value)                                                \
  name_find(table, sizeof(table) / sizeof((table)[0]), value)

#define NAME_GREASE "GREASE"

/* Values that are sent to keep receivers tolerant, in TLS: 0x?a?a with equal
   octets (RFC 8701). */
static bool name_tls_grease(uint16_t id) {
  return (id & 0x0f0f) == 0x0a0a && id >> 8 == (id & 0xff);
}

static const char *name_find_tls(const struct name_row *rows, size_t n,
                                 uint16_t id) {
  const char *name = name_find(rows, n, id);

  return name ? name : name_tls_grease(id) ? NAME_GREASE : NULL;
}

#define NAME_FIND_TLS(table, id)                                               \
  name_find_tls(table, sizeof(table) / sizeof((table)[0]), id)

/* RFC 9000 §20.1, RFC 9368 §10.2, multipath (final and draft numbers). */
static const struct name_row names_transport_error[] = {
    {0x00, "NO_ERROR"},
    {0x01, "INTERNAL_ERROR"},
    {0x02, "CONNECTION_REFUSED"},
    {0x03, "FLOW_CONTROL_ERROR"},
    {0x04, "STREAM_LIMIT_ERROR"},
    {0x05, "STREAM_STATE_ERROR"},
    {0x06, "FINAL_SIZE_ERROR"},
    {0x07, "FRAME_ENCODING_ERROR"},
    {0x08, "TRANSPORT_PARAMETER_ERROR"},
    {0x09, "CONNECTION_ID_LIMIT_ERROR"},
    {0x0a, "PROTOCOL_VIOLATION"},
    {0x0b, "INVALID_TOKEN"},
    {0x0c, "APPLICATION_ERROR"},
    {0x0d, "CRYPTO_BUFFER_EXCEEDED"},
    {0x0e, "KEY_UPDATE_ERROR"},
    {0x0f, "AEAD_LIMIT_REACHED"},
    {0x10, "NO_VIABLE_PATH"},
    {0x11, "VERSION_NEGOTIATION_ERROR"},
    {0x3e, "APPLICATION_ABANDON_PATH"},
    {0x3e75, "PATH_RESOURCE_LIMIT_REACHED"},
    {0x3e76, "PATH_UNSTABLE_OR_POOR"},
    {0x3e77, "NO_CID_AVAILABLE_FOR_PATH"},
    {0x004150504142414e, "APPLICATION_ABANDON_PATH"},
    {0x0052534c494d4954, "PATH_RESOURCE_LIMIT_REACHED"},
    {0x00554e5f494e5446, "PATH_UNSTABLE_OR_POOR"},
    {0x004e4f5f4349445f, "NO_CID_AVAILABLE_FOR_PATH"},
    {0x1001d76d3ded42f3, "MP_PROTOCOL_VIOLATION"},
};

const char *quic_name_transport_error(uint64_t code) {
  if (code >= 0x100 && code <= 0x1ff) {
    return "CRYPTO_ERROR";
  }
  return NAME_FIND(names_transport_error, code);
}

static const struct name_row names_tls_alert[] = {
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {52, "too_many_cids_requested"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {117, "general_error"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
};

const char *quic_name_tls_alert(uint8_t alert) {
  return NAME_FIND(names_tls_alert, alert);
}

static const struct name_row names_h3_error[] = {
    {0x33, "H3_DATAGRAM_ERROR"}, /* RFC 9297 §5.2 */
    {0x100, "H3_NO_ERROR"},      /* RFC 9114 §8.1 */
    {0x101, "H3_GENERAL_PROTOCOL_ERROR"},
    {0x102, "H3_INTERNAL_ERROR"},
    {0x103, "H3_STREAM_CREATION_ERROR"},
    {0x104, "H3_CLOSED_CRITICAL_STREAM"},
    {0x105, "H3_FRAME_UNEXPECTED"},
    {0x106, "H3_FRAME_ERROR"},
    {0x107, "H3_EXCESSIVE_LOAD"},
    {0x108, "H3_ID_ERROR"},
    {0x109, "H3_SETTINGS_ERROR"},
    {0x10a, "H3_MISSING_SETTINGS"},
    {0x10b, "H3_REQUEST_REJECTED"},
    {0x10c, "H3_REQUEST_CANCELLED"},
    {0x10d, "H3_REQUEST_INCOMPLETE"},
    {0x10e, "H3_MESSAGE_ERROR"},
    {0x10f, "H3_CONNECT_ERROR"},
    {0x110, "H3_VERSION_FALLBACK"},
    {0x200, "QPACK_DECOMPRESSION_FAILED"}, /* RFC 9204 §6 */
    {0x201, "QPACK_ENCODER_STREAM_ERROR"},
    {0x202, "QPACK_DECODER_STREAM_ERROR"},
    {0x045d4487, "WT_FLOW_CONTROL_ERROR"}, /* draft-ietf-webtrans-http3 */
    {0x0817b3dd, "WT_ALPN_ERROR"},
    {0x170d7b68, "WT_SESSION_GONE"},
    {0x212c0d48, "WT_REQUIREMENTS_NOT_MET"},
    {0x3994bd84, "WT_BUFFERED_STREAM_REJECTED"},
};

/* WebTransport's 32-bit error codes are spread over this range, between the
   greased values. */
#define NAME_WT_ERROR_FIRST UINT64_C(0x52e4a40fa8db)
#define NAME_WT_ERROR_LAST UINT64_C(0x52e5ac983162)

const char *quic_name_h3_error(uint64_t code) {
  const char *name = NAME_FIND(names_h3_error, code);

  if (name) {
    return name;
  }
  if (quic_h3_reserved(code)) {
    return NAME_GREASE;
  }
  return code >= NAME_WT_ERROR_FIRST && code <= NAME_WT_ERROR_LAST
             ? "WT_APPLICATION_ERROR"
             : NULL;
}

/* RFC 9250 §4.3. */
static const struct name_row names_doq_error[] = {
    {0x0, "DOQ_NO_ERROR"},
    {0x1, "DOQ_INTERNAL_ERROR"},
    {0x2, "DOQ_PROTOCOL_ERROR"},
    {0x3, "DOQ_REQUEST_CANCELLED"},
    {0x4, "DOQ_EXCESSIVE_LOAD"},
    {0x5, "DOQ_UNSPECIFIED_ERROR"},
    {0xd098ea5e, "DOQ_ERROR_RESERVED"},
};

const char *quic_name_doq_error(uint64_t code) {
  return NAME_FIND(names_doq_error, code);
}

static const struct name_row names_h3_setting[] = {
    {0x00, "reserved"}, /* HTTP/2's, illegal: RFC 9114 §7.2.4.1 */
    {0x01, "SETTINGS_QPACK_MAX_TABLE_CAPACITY"},
    {0x02, "SETTINGS_ENABLE_PUSH (HTTP/2)"},
    {0x03, "SETTINGS_MAX_CONCURRENT_STREAMS (HTTP/2)"},
    {0x04, "SETTINGS_INITIAL_WINDOW_SIZE (HTTP/2)"},
    {0x05, "SETTINGS_MAX_FRAME_SIZE (HTTP/2)"},
    {0x06, "SETTINGS_MAX_FIELD_SECTION_SIZE"},
    {0x07, "SETTINGS_QPACK_BLOCKED_STREAMS"},
    {0x08, "SETTINGS_ENABLE_CONNECT_PROTOCOL"},
    {0x33, "SETTINGS_H3_DATAGRAM"},
    {0x276, "SETTINGS_H3_DATAGRAM (draft-00)"},
    {0xffd276, "SETTINGS_H3_DATAGRAM (draft-03)"},
    {0xffd277, "SETTINGS_H3_DATAGRAM (draft-04)"},
    {0x4d44, "SETTINGS_ENABLE_METADATA"},
    {0x2b61, "SETTINGS_WT_INITIAL_MAX_DATA"},
    {0x2b64, "SETTINGS_WT_INITIAL_MAX_STREAMS_UNI"},
    {0x2b65, "SETTINGS_WT_INITIAL_MAX_STREAMS_BIDI"},
    {0x2b603742, "SETTINGS_ENABLE_WEBTRANSPORT"},
    {0x2b603743, "SETTINGS_WEBTRANSPORT_MAX_SESSIONS (draft-04)"},
    {0x3c48d522, "SETTINGS_WEBTRANSPORT_MAX_SESSIONS (draft-06)"},
    {0xc671706a, "SETTINGS_WEBTRANSPORT_MAX_SESSIONS (draft-07)"},
    {0x14e9cd29, "SETTINGS_WT_MAX_SESSIONS"},
    {0x2c7cf000, "SETTINGS_WT_ENABLED"},
};

const char *quic_name_h3_setting(uint64_t id) {
  const char *name = NAME_FIND(names_h3_setting, id);

  return name ? name : quic_h3_reserved(id) ? NAME_GREASE : NULL;
}

static const struct name_row names_capsule[] = {
    {0x00, "DATAGRAM"},       /* RFC 9297 §3.5 */
    {0x01, "ADDRESS_ASSIGN"}, /* RFC 9484 §4.7 */
    {0x02, "ADDRESS_REQUEST"},
    {0x03, "ROUTE_ADVERTISEMENT"},
    {0x11, "COMPRESSION_ASSIGN"}, /* draft-ietf-masque-connect-udp-listen */
    {0x12, "COMPRESSION_ACK"},
    {0x13, "COMPRESSION_CLOSE"},
    {0x2843, "CLOSE_WEBTRANSPORT_SESSION"}, /* draft-ietf-webtrans-http3 */
    {0x78ae, "DRAIN_WEBTRANSPORT_SESSION"},
    {0xff37a0, "DATAGRAM (draft-04)"},
    {0xff37a5, "DATAGRAM_WITHOUT_CONTEXT (draft-05)"},
    {0xffe800, "REGISTER_CLIENT_CID"}, /* draft-ietf-masque-quic-proxy */
    {0xffe801, "REGISTER_TARGET_CID"},
    {0xffe802, "ACK_CLIENT_CID"},
    {0xffe803, "ACK_CLIENT_VCID"},
    {0xffe804, "ACK_TARGET_CID"},
    {0xffe805, "REJECT_CLIENT_CID"},
    {0xffe806, "REJECT_TARGET_CID"},
    {0xffe807, "CLOSE_CLIENT_CID"},
    {0xffe808, "CLOSE_TARGET_CID"},
    {0xffe809, "MAX_CONNECTION_IDS"},
    {0x190b4d38, "PADDING"}, /* draft-ietf-webtrans-http2 */
    {0x190b4d39, "WT_RESET_STREAM"},
    {0x190b4d3a, "WT_STOP_SENDING"},
    {0x190b4d3b, "WT_STREAM"},
    {0x190b4d3c, "WT_STREAM (FIN)"},
    {0x190b4d3d, "WT_MAX_DATA"},
    {0x190b4d3e, "WT_MAX_STREAM_DATA"},
    {0x190b4d3f, "WT_MAX_STREAMS_BIDI"},
    {0x190b4d40, "WT_MAX_STREAMS_UNI"},
    {0x190b4d41, "WT_DATA_BLOCKED"},
    {0x190b4d42, "WT_STREAM_DATA_BLOCKED"},
    {0x190b4d43, "WT_STREAMS_BLOCKED_BIDI"},
    {0x190b4d44, "WT_STREAMS_BLOCKED_UNI"},
};

const char *quic_name_capsule(uint64_t type) {
  const char *name = NAME_FIND(names_capsule, type);

  if (name) {
    return name;
  }
  /* RFC 9297 §5.4 */
  return type >= 0x17 && (type - 0x17) % 0x29 == 0 ? NAME_GREASE : NULL;
}

static const struct name_row names_cipher_suite[] = {
    {0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x1304, "TLS_AES_128_CCM_SHA256"},
    {0x1305, "TLS_AES_128_CCM_8_SHA256"},
    {0x1306, "TLS_AEGIS_256_SHA512"},
    {0x1307, "TLS_AEGIS_128L_SHA256"},
    {0x00c6, "TLS_SM4_GCM_SM3"},
    {0x00c7, "TLS_SM4_CCM_SM3"},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xc0b4, "TLS_SHA256_SHA256"},
    {0xc0b5, "TLS_SHA384_SHA384"},
    {0xc103, "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L"},
    {0xc104, "TLS_GOSTR341112_256_WITH_MAGMA_MGM_L"},
    {0xc105, "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_S"},
    {0xc106, "TLS_GOSTR341112_256_WITH_MAGMA_MGM_S"},
};

const char *quic_name_cipher_suite(uint16_t id) {
  return NAME_FIND_TLS(names_cipher_suite, id);
}

static const struct name_row names_group[] = {
    {0x0015, "secp224r1"},
    {0x0016, "secp256k1"},
    {0x0017, "secp256r1"},
    {0x0018, "secp384r1"},
    {0x0019, "secp521r1"},
    {0x001a, "brainpoolP256r1"},
    {0x001b, "brainpoolP384r1"},
    {0x001c, "brainpoolP512r1"},
    {0x001d, "x25519"},
    {0x001e, "x448"},
    {0x001f, "brainpoolP256r1tls13"},
    {0x0020, "brainpoolP384r1tls13"},
    {0x0021, "brainpoolP512r1tls13"},
    {0x0022, "GC256A"},
    {0x0023, "GC256B"},
    {0x0024, "GC256C"},
    {0x0025, "GC256D"},
    {0x0026, "GC512A"},
    {0x0027, "GC512B"},
    {0x0028, "GC512C"},
    {0x0029, "curveSM2"},
    {0x0100, "ffdhe2048"},
    {0x0101, "ffdhe3072"},
    {0x0102, "ffdhe4096"},
    {0x0103, "ffdhe6144"},
    {0x0104, "ffdhe8192"},
    {0x0200, "MLKEM512"},
    {0x0201, "MLKEM768"},
    {0x0202, "MLKEM1024"},
    {0x11eb, "SecP256r1MLKEM768"},
    {0x11ec, "X25519MLKEM768"},
    {0x11ed, "SecP384r1MLKEM1024"},
    {0x11ee, "curveSM2MLKEM768"},
    {0x4138, "CECPQ2"},
    {0x6399, "X25519Kyber768Draft00"},
    {0x639a, "SecP256r1Kyber768Draft00"},
    {0xfe30, "X25519Kyber512Draft00"},
    {0xfe31, "X25519Kyber768Draft00Old"},
    {0xfe32, "P256Kyber768Draft00"},
};

const char *quic_name_group(uint16_t id) {
  return NAME_FIND_TLS(names_group, id);
}

static const struct name_row names_signature[] = {
    {0x0201, "rsa_pkcs1_sha1"},
    {0x0203, "ecdsa_sha1"},
    {0x0401, "rsa_pkcs1_sha256"},
    {0x0403, "ecdsa_secp256r1_sha256"},
    {0x0420, "rsa_pkcs1_sha256_legacy"},
    {0x0501, "rsa_pkcs1_sha384"},
    {0x0503, "ecdsa_secp384r1_sha384"},
    {0x0520, "rsa_pkcs1_sha384_legacy"},
    {0x0601, "rsa_pkcs1_sha512"},
    {0x0603, "ecdsa_secp521r1_sha512"},
    {0x0620, "rsa_pkcs1_sha512_legacy"},
    {0x0704, "eccsi_sha256"},
    {0x0705, "iso_ibs1"},
    {0x0706, "iso_ibs2"},
    {0x0707, "iso_chinese_ibs"},
    {0x0708, "sm2sig_sm3"},
    {0x0709, "gostr34102012_256a"},
    {0x070a, "gostr34102012_256b"},
    {0x070b, "gostr34102012_256c"},
    {0x070c, "gostr34102012_256d"},
    {0x070d, "gostr34102012_512a"},
    {0x070e, "gostr34102012_512b"},
    {0x070f, "gostr34102012_512c"},
    {0x0804, "rsa_pss_rsae_sha256"},
    {0x0805, "rsa_pss_rsae_sha384"},
    {0x0806, "rsa_pss_rsae_sha512"},
    {0x0807, "ed25519"},
    {0x0808, "ed448"},
    {0x0809, "rsa_pss_pss_sha256"},
    {0x080a, "rsa_pss_pss_sha384"},
    {0x080b, "rsa_pss_pss_sha512"},
    {0x081a, "ecdsa_brainpoolP256r1tls13_sha256"},
    {0x081b, "ecdsa_brainpoolP384r1tls13_sha384"},
    {0x081c, "ecdsa_brainpoolP512r1tls13_sha512"},
    {0x0904, "mldsa44"},
    {0x0905, "mldsa65"},
    {0x0906, "mldsa87"},
};

const char *quic_name_signature(uint16_t id) {
  return NAME_FIND_TLS(names_signature, id);
}

static const struct name_row names_tls_extension[] = {
    {0, "server_name"},
    {1, "max_fragment_length"},
    {2, "client_certificate_url"},
    {3, "trusted_ca_keys"},
    {4, "truncated_hmac"},
    {5, "status_request"},
    {6, "user_mapping"},
    {7, "client_authz"},
    {8, "server_authz"},
    {9, "cert_type"},
    {10, "supported_groups"},
    {11, "ec_point_formats"},
    {12, "srp"},
    {13, "signature_algorithms"},
    {14, "use_srtp"},
    {15, "heartbeat"},
    {16, "application_layer_protocol_negotiation"},
    {17, "status_request_v2"},
    {18, "signed_certificate_timestamp"},
    {19, "client_certificate_type"},
    {20, "server_certificate_type"},
    {21, "padding"},
    {22, "encrypt_then_mac"},
    {23, "extended_master_secret"},
    {24, "token_binding"},
    {25, "cached_info"},
    {26, "tls_lts"},
    {27, "compress_certificate"},
    {28, "record_size_limit"},
    {29, "pwd_protect"},
    {30, "pwd_clear"},
    {31, "password_salt"},
    {32, "ticket_pinning"},
    {33, "tls_cert_with_extern_psk"},
    {34, "delegated_credential"},
    {35, "session_ticket"},
    {36, "TLMSP"},
    {37, "TLMSP_proxying"},
    {38, "TLMSP_delegate"},
    {39, "supported_ekt_ciphers"},
    {41, "pre_shared_key"},
    {42, "early_data"},
    {43, "supported_versions"},
    {44, "cookie"},
    {45, "psk_key_exchange_modes"},
    {47, "certificate_authorities"},
    {48, "oid_filters"},
    {49, "post_handshake_auth"},
    {50, "signature_algorithms_cert"},
    {51, "key_share"},
    {52, "transparency_info"},
    {53, "connection_id_deprecated"},
    {54, "connection_id"},
    {55, "external_id_hash"},
    {56, "external_session_id"},
    {57, "quic_transport_parameters"},
    {58, "ticket_request"},
    {59, "dnssec_chain"},
    {60, "sequence_number_encryption_algorithms"},
    {61, "rrc"},
    {62, "tls_flags"},
    {13172, "next_protocol_negotiation"},
    {17513, "application_settings_old"},
    {17613, "application_settings"},
    {30032, "channel_id"},
    {51764, "trust_anchors"},
    {64768, "ech_outer_extensions"},
    {65037, "encrypted_client_hello"},
    {65281, "renegotiation_info"},
    {65445, "quic_transport_parameters_draft"},
    {65486, "encrypted_server_name"},
};

const char *quic_name_tls_extension(uint16_t id) {
  return NAME_FIND_TLS(names_tls_extension, id);
}

/* Protocol names; a row that ends in '*' stands for all that begin so. */
static const struct name_alpn {
  const char *pattern;
  const char *name;
} names_alpn[] = {
    {"h3", "HTTP/3"},
    {"h3-Q*", "HTTP over Google QUIC"},
    {"h3-T*", "HTTP/3 over Google QUIC"},
    {"h3-fb-*", "HTTP/3 (mvfst)"},
    {"h3-*", "HTTP/3 (draft)"},
    {"h3x-*", "HTTP/3 (private)"},
    {"h2", "HTTP/2"},
    {"h2c", "HTTP/2 without TLS"},
    {"http/0.9", "HTTP/0.9"},
    {"http/1.0", "HTTP/1.0"},
    {"http/1.1", "HTTP/1.1"},
    {"h1q-fb*", "HTTP/1.1 over QUIC (mvfst)"},
    {"hq-interop", "HTTP/0.9 (interop)"},
    {"hq-*", "HTTP/0.9 (draft)"},
    {"hq", "HTTP over QUIC"},
    {"quic/*", "Google QUIC"},
    {"doq", "DNS over QUIC"},
    {"doq-*", "DNS over QUIC (draft)"},
    {"dq", "DNS over QUIC (draft)"},
    {"dot", "DNS over TLS"},
    {"smb", "SMB"},
    {"mqtt", "MQTT"},
    {"moq-*", "Media over QUIC"},
    {"moqt-*", "Media over QUIC"},
    {"moqt", "Media over QUIC"},
    {"roq*", "RTP over QUIC"},
    {"rtp-mux-quic*", "RTP over QUIC"},
    {"webtransport", "WebTransport"},
    {"wq-vvv-01", "WebTransport over QUIC"},
    {"perf", "QUIC performance test"},
    {"siduck*", "datagram echo test"},
    {"ping/1.0", "QUIC ping"},
    {"echo", "echo"},
    {"picoquic-test", "picoquic test"},
    {"qperf", "QUIC performance test"},
    {"bep", "Block Exchange Protocol"},
    {"libp2p", "libp2p"},
    {"ntske/1", "NTS key establishment"},
    {"stun.turn", "TURN"},
    {"solana-tpu", "Solana TPU"},
    {"solana-repair", "Solana repair"},
};

static bool name_alpn_matches(const char *pattern, const char *name,
                              uint64_t len) {
  size_t n = strlen(pattern);

  if (pattern[n - 1] == '*') {
    return len >= n - 1 && memcmp(pattern, name, n - 1) == 0;
  }
  return len == n && memcmp(pattern, name, n) == 0;
}

const char *quic_name_alpn(const uint8_t *name, uint64_t len) {
  for (size_t i = 0; i < sizeof(names_alpn) / sizeof(names_alpn[0]); i++) {
    if (len > 0 &&
        name_alpn_matches(names_alpn[i].pattern, (const char *)name, len)) {
      return names_alpn[i].name;
    }
  }
  return NULL;
}

/* The errors of an application, by its ALPN. */
static const struct name_errors {
  const char *pattern;
  const char *(*name)(uint64_t code);
} names_errors[] = {
    {"h3", quic_name_h3_error},
    {"h3-*", quic_name_h3_error},
    {"doq", quic_name_doq_error},
    {"doq-*", quic_name_doq_error},
};

const char *quic_name_app_error(const uint8_t *alpn, uint64_t len,
                                uint64_t code) {
  for (size_t i = 0; i < sizeof(names_errors) / sizeof(names_errors[0]); i++) {
    if (len > 0 &&
        name_alpn_matches(names_errors[i].pattern, (const char *)alpn, len)) {
      return names_errors[i].name(code);
    }
  }
  return NULL;
}
