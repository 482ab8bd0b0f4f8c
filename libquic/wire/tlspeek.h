#ifndef QUIC_WIRE_TLSPEEK_H
#define QUIC_WIRE_TLSPEEK_H

/* A look into TLS 1.3 handshake messages (RFC 8446) on their way through
   CRYPTO frames: what a passive reader wants to know, no more.  Nothing is
   verified here. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/reader.h"

enum {
  QUIC_TLS_CLIENT_HELLO = 1,
  QUIC_TLS_SERVER_HELLO = 2,
  QUIC_TLS_NEW_SESSION_TICKET = 4,
  QUIC_TLS_ENCRYPTED_EXTENSIONS = 8,
  QUIC_TLS_CERTIFICATE = 11,
  QUIC_TLS_CERTIFICATE_REQUEST = 13,
  QUIC_TLS_CERTIFICATE_VERIFY = 15,
  QUIC_TLS_FINISHED = 20,
  QUIC_TLS_KEY_UPDATE = 24
};

#define QUIC_TLS_RANDOM_LEN 32

typedef struct quic_tls_message {
  uint8_t type;
  quic_bytes body; /* borrowed; without the 4-octet header */
  size_t wire_len; /* header and body */
} quic_tls_message;

/* quic_tls_message_next reads one whole message.  Returns 0, QUIC_ERR_END
   (nothing left), or QUIC_ERR_AGAIN (the message is not all there; |m->type|
   is set when its first octet was, and |m->body| is the part that is there).
   On AGAIN the reader stays at the message's start. */
int quic_tls_message_next(quic_tls_message *m, quic_reader *rd) QUIC_MUST_USE;

/* quic_tls_message_name: "ClientHello"; "unknown" for other types. */
const char *quic_tls_message_name(uint8_t type);

/* What a hello or EncryptedExtensions says; lists are raw octets. */
typedef struct quic_tls_hello {
  uint16_t legacy_version;
  quic_bytes random; /* 32 octets */
  quic_bytes session_id;
  quic_bytes cipher_suites; /* ClientHello: 2 octets each */
  uint16_t cipher_suite;    /* ServerHello */
  bool hello_retry_request; /* ServerHello with the special random */
  quic_bytes extensions;    /* raw */
  /* From extensions; empty when absent. */
  quic_bytes sni;  /* host name */
  quic_bytes alpn; /* protocol list: 8-bit length + name each */
  quic_bytes supported_versions;
  quic_bytes groups;        /* supported_groups: 2 octets each */
  quic_bytes key_shares;    /* key_share body (client: list) */
  uint16_t key_share_group; /* ServerHello, 0 = none */
  quic_bytes signature_algorithms;
  quic_bytes tparams;        /* transport parameters */
  uint16_t tparam_extension; /* 0x39 or 0xffa5; 0 = absent */
  bool early_data;
  bool psk; /* pre_shared_key is present */
  bool ech; /* encrypted_client_hello is present */
} quic_tls_hello;

/* The three peeks take a message body.  They return 0, QUIC_ERR_SHORT or
   QUIC_ERR_MALFORMED; after an error what was read before it is set. A body
   that is cut gives QUIC_ERR_SHORT with the fields so far: |random| is set as
   soon as its 32 octets are there. */
int quic_tls_peek_client_hello(quic_tls_hello *hello,
                               quic_bytes body) QUIC_MUST_USE;
int quic_tls_peek_server_hello(quic_tls_hello *hello,
                               quic_bytes body) QUIC_MUST_USE;
int quic_tls_peek_encrypted_extensions(quic_tls_hello *ee,
                                       quic_bytes body) QUIC_MUST_USE;

/* quic_tls_peek_certificate walks a Certificate body: |index| 0 is the leaf.
   Returns 0 and the DER octets, QUIC_ERR_END past the last, or
   QUIC_ERR_SHORT. */
int quic_tls_peek_certificate(quic_bytes body, size_t index,
                              quic_bytes *der) QUIC_MUST_USE;

/* quic_tls_alpn_next takes the next name of an ALPN list; false at the end or
   at a broken entry. */
bool quic_tls_alpn_next(quic_reader *list, quic_bytes *name);

#endif /* !defined(QUIC_WIRE_TLSPEEK_H) */
