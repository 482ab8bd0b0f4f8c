#ifndef QUIC_WIRE_NAMES_H
#define QUIC_WIRE_NAMES_H

/* Registries of names.  Every function returns a static string, or NULL for
   a value that has no name. */

#include <stdint.h>

const char *quic_name_transport_error(uint64_t code); /* "FLOW_CONTROL_ERROR";
    0x100-0x1ff are "CRYPTO_ERROR": see quic_name_tls_alert */
const char *quic_name_tls_alert(uint8_t alert);       /* "bad_certificate" */
const char *quic_name_h3_error(uint64_t code);  /* HTTP/3, QPACK, datagram,
    WebTransport, MASQUE: "H3_NO_ERROR", "QPACK_DECOMPRESSION_FAILED" */
const char *quic_name_doq_error(uint64_t code); /* RFC 9250: "DOQ_NO_ERROR" */
const char *quic_name_h3_setting(uint64_t id);
const char *quic_name_capsule(uint64_t type); /* RFC 9297, 9484, WebTransport,
    MASQUE drafts: "DATAGRAM", "CLOSE_WEBTRANSPORT_SESSION" */
const char *quic_name_cipher_suite(uint16_t id); /* "TLS_AES_128_GCM_SHA256" */
const char *quic_name_group(uint16_t id);        /* "x25519" */
const char *quic_name_signature(uint16_t id);    /* "ecdsa_secp256r1_sha256" */
const char *quic_name_tls_extension(uint16_t id);

/* What an ALPN stands for: "HTTP/3", "DNS over QUIC", "HTTP/0.9 (interop)",
   "Media over QUIC"; NULL when not known. */
const char *quic_name_alpn(const uint8_t *name, uint64_t len);

/* quic_name_app_error names an application error code under ALPN |alpn|
   (|len| octets; h3 and its drafts, doq); NULL when not known. */
const char *quic_name_app_error(const uint8_t *alpn, uint64_t len,
                                uint64_t code);

#endif /* !defined(QUIC_WIRE_NAMES_H) */
