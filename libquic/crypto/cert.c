/* GnuTLS parses; what comes out is text for people. */

#include "crypto/cert.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/addr.h"
#include "base/text.h"

#define CERT_NAME_MAX 1024  /* octets of one alternative name */
#define CERT_SERIAL_MAX 512 /* octets of a serial number */

typedef int (*cert_dn_getter)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned);

/* cert_text_add copies bytes from outside.  A NUL would hide what follows, so
   it becomes \00 as in RFC 4514. */
static void cert_text_add(quic_text *t, const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len && !t->cut; i++) {
    if (data[i] != 0) {
      quic_text_char(t, (char)data[i]);
    } else {
      quic_text_str(t, "\\00");
    }
  }
}

static size_t cert_utf8_len(uint8_t lead) {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

/* cert_text_end terminates the text, without the first octets of a UTF-8
   character whose rest was cut. */
static void cert_text_end(quic_text *t) {
  size_t n = t->len;

  while (n > 0 && t->len - n < 3 && ((uint8_t)t->buf[n - 1] & 0xc0) == 0x80) {
    n--;
  }
  if (t->cut && n > 0 &&
      t->len - (n - 1) < cert_utf8_len((uint8_t)t->buf[n - 1])) {
    t->len = n - 1;
  }
  (void)quic_text_cstr(t);
}

static void cert_put_dn(char *out, size_t cap, gnutls_x509_crt_t crt,
                        cert_dn_getter get) {
  gnutls_datum_t dn = {NULL, 0};
  quic_text t;

  quic_text_init(&t, out, cap);
  if (get(crt, &dn, 0) == 0) {
    cert_text_add(&t, dn.data, dn.size);
    gnutls_free(dn.data);
  }
  cert_text_end(&t);
}

/* cert_text_ip adds an address without the port that quic_addr_text writes. */
static void cert_text_ip(quic_text *t, const uint8_t *ip, size_t len) {
  quic_addr a = {.family = len == 4 ? 4 : 6};
  char text[QUIC_ADDR_TEXT];
  size_t n;

  if (len != 4 && len != sizeof(a.ip)) {
    quic_text_str(t, "(malformed address)");
    return;
  }
  memcpy(a.ip, ip, len);
  n = strlen(quic_addr_text(&a, text, sizeof(text))) - strlen(":0");
  if (len == 4) {
    quic_text_mem(t, text, n);
  } else {
    quic_text_mem(t, text + 1, n - strlen("[]"));
  }
}

static void cert_text_name(quic_text *t, unsigned type, const uint8_t *name,
                           size_t len) {
  if (t->len > 0) {
    quic_text_str(t, ", ");
  }
  if (type == GNUTLS_SAN_IPADDRESS) {
    cert_text_ip(t, name, len);
  } else {
    cert_text_add(t, name, len);
  }
}

static bool cert_name_shown(unsigned type) {
  return type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_IPADDRESS ||
         type == GNUTLS_SAN_RFC822NAME || type == GNUTLS_SAN_URI;
}

static void cert_put_names(quic_cert *cert, gnutls_x509_crt_t crt) {
  static const uint8_t too_long[] = "(too long)";
  uint8_t name[CERT_NAME_MAX];
  quic_text t;

  quic_text_init(&t, cert->names, sizeof(cert->names));
  for (unsigned i = 0; !t.cut; i++) {
    size_t len = sizeof(name);
    unsigned type = 0;
    int rv =
        gnutls_x509_crt_get_subject_alt_name2(crt, i, name, &len, &type, NULL);

    if (rv == GNUTLS_E_SHORT_MEMORY_BUFFER) {
      cert_text_name(&t, GNUTLS_SAN_DNSNAME, too_long, strlen("(too long)"));
    } else if (rv < 0) {
      break; /* past the last, or malformed from here on */
    } else if (cert_name_shown(type)) {
      cert_text_name(&t, type, name, len);
    }
  }
  cert_text_end(&t);
}

static void cert_put_key(quic_cert *cert, gnutls_x509_crt_t crt) {
  unsigned bits = 0;
  int algo = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
  const char *name = NULL;
  quic_text t;

  if (algo == GNUTLS_PK_ECDSA) {
    name = "ECDSA"; /* "EC/ECDSA" in GnuTLS */
  } else if (algo > 0) {
    name = gnutls_pk_get_name((gnutls_pk_algorithm_t)algo);
  }
  quic_text_init(&t, cert->key, sizeof(cert->key));
  quic_text_str(&t, name ? name : "unknown");
  if (bits > 0) {
    quic_text_char(&t, ' ');
    quic_text_u64(&t, bits);
    quic_text_str(&t, " bits");
  }
  cert_text_end(&t);
}

static void cert_put_signature(quic_cert *cert, gnutls_x509_crt_t crt) {
  int algo = gnutls_x509_crt_get_signature_algorithm(crt);
  const char *name =
      algo > 0 ? gnutls_sign_get_name((gnutls_sign_algorithm_t)algo) : NULL;
  size_t len = sizeof(cert->signature);
  quic_text t;

  if (!name &&
      gnutls_x509_crt_get_signature_oid(crt, cert->signature, &len) == 0) {
    return; /* the OID, which is better than "unknown" */
  }
  quic_text_init(&t, cert->signature, sizeof(cert->signature));
  quic_text_str(&t, name ? name : "unknown");
  cert_text_end(&t);
}

static void cert_put_serial(quic_cert *cert, gnutls_x509_crt_t crt) {
  uint8_t serial[CERT_SERIAL_MAX];
  size_t len = sizeof(serial);
  quic_text t;

  quic_text_init(&t, cert->serial, sizeof(cert->serial));
  if (gnutls_x509_crt_get_serial(crt, serial, &len) == 0) {
    quic_text_hex(&t, quic_bytes_of(serial, len));
  } else {
    quic_text_str(&t, "unreadable");
  }
  cert_text_end(&t);
}

/* cert_seconds: GnuTLS answers -1 for a date it cannot read. */
static uint64_t cert_seconds(time_t t) {
  return t > 0 ? (uint64_t)t : 0;
}

static int cert_import(gnutls_x509_crt_t crt, quic_bytes der) {
  gnutls_datum_t d = {NULL, (unsigned)der.len};
  union {
    const uint8_t *in;
    uint8_t *out;
  } p = {der.data};
  int rv;

  d.data = p.out; /* GnuTLS only reads it */
  rv = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER);
  if (rv == GNUTLS_E_MEMORY_ERROR) {
    return QUIC_ERR_CRYPTO;
  }
  return rv < 0 ? QUIC_ERR_MALFORMED : 0;
}

int quic_cert_describe(quic_cert *cert, quic_bytes der) {
  gnutls_x509_crt_t crt;
  int rv;

  memset(cert, 0, sizeof(*cert));
  if (der.len == 0 || der.len > QUIC_CERT_MAX) {
    return QUIC_ERR_MALFORMED;
  }
  if (gnutls_x509_crt_init(&crt) < 0) {
    return QUIC_ERR_CRYPTO;
  }
  rv = cert_import(crt, der);
  if (rv == 0) {
    cert_put_dn(cert->subject, sizeof(cert->subject), crt,
                gnutls_x509_crt_get_dn3);
    cert_put_dn(cert->issuer, sizeof(cert->issuer), crt,
                gnutls_x509_crt_get_issuer_dn3);
    cert_put_names(cert, crt);
    cert_put_key(cert, crt);
    cert_put_signature(cert, crt);
    cert_put_serial(cert, crt);
    cert->not_before = cert_seconds(gnutls_x509_crt_get_activation_time(crt));
    cert->not_after = cert_seconds(gnutls_x509_crt_get_expiration_time(crt));
  }
  gnutls_x509_crt_deinit(crt);
  return rv;
}
