#include "qlog/read.h"
#include "wire/names.h"

/* Codes that have names; what lies between them has none. */
#define ERROR_TRANSPORT_LAST 0x11
#define ERROR_CRYPTO_FIRST 0x100
#define ERROR_H3_DATAGRAM 0x33
#define ERROR_H3_FIRST 0x100
#define ERROR_H3_LAST 0x110
#define ERROR_QPACK_FIRST 0x200
#define ERROR_QPACK_LAST 0x202

/* Names that were other ones, or that the registry writes otherwise. */
static const struct {
  const char *name;
  uint64_t code;
  qlog_error_space space;
} error_old[] = {
    {"server_busy", 0x02, QLOG_ERROR_TRANSPORT},
    {"final_offset_error", 0x06, QLOG_ERROR_TRANSPORT},
    {"invalid_migration", 0x0a, QLOG_ERROR_TRANSPORT},
    {"http_request_cancelled", 0x10c, QLOG_ERROR_APPLICATION},
    {"http_early_response", 0x10c, QLOG_ERROR_APPLICATION},
    {"http_malformed_frame", 0x106, QLOG_ERROR_APPLICATION},
};

static quic_bytes error_bytes(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static uint8_t error_lower(uint8_t ch) {
  return ch >= 'A' && ch <= 'Z' ? ch + 32 : ch;
}

/* error_starts: |text| starts with |prefix| in any letter case. */
static bool error_starts(quic_bytes text, quic_bytes prefix) {
  if (text.len < prefix.len) {
    return false;
  }
  for (size_t i = 0; i < prefix.len; i++) {
    if (error_lower(text.data[i]) != error_lower(prefix.data[i])) {
      return false;
    }
  }
  return true;
}

static bool error_is(quic_bytes text, const char *name) {
  return name && text.len == strlen(name) &&
         error_starts(text, error_bytes(name));
}

static quic_bytes error_behind(quic_bytes text, size_t n) {
  text.data += n;
  text.len -= n;
  return text;
}

static bool error_find(quic_bytes text, const char *(*name)(uint64_t),
                       uint64_t first, uint64_t last, size_t prefix,
                       uint64_t *code) {
  for (uint64_t i = first; i <= last; i++) {
    const char *known = name(i);

    if (known && error_is(text, known + prefix)) {
      *code = i;
      return true;
    }
  }
  return false;
}

/* error_crypto reads "crypto_error_0x178", also without what is in front of
   the digits or with all of the code behind "crypto_error_". */
static bool error_crypto(quic_bytes text, uint64_t *code) {
  static const char *const prefixes[] = {"crypto_error_0x", "crypto_error_",
                                         "crypto_error 0x"};
  uint8_t octets[2];

  for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
    quic_bytes prefix = error_bytes(prefixes[i]), digits;

    if (!error_starts(text, prefix)) {
      continue;
    }
    digits = error_behind(text, prefix.len);
    if (digits.len == 3 && digits.data[0] == '1') {
      digits = error_behind(digits, 1);
    }
    if (digits.len == 2 && qlog_read_hex(digits, octets)) {
      *code = ERROR_CRYPTO_FIRST + octets[0];
      return true;
    }
  }
  return false;
}

static bool error_transport(quic_bytes text, uint64_t *code) {
  return error_find(text, quic_name_transport_error, 0, ERROR_TRANSPORT_LAST, 0,
                    code) ||
         error_crypto(text, code);
}

/* error_h3 takes the names of HTTP/3 as the RFC writes them, as the draft does,
   and bare. */
static bool error_h3(quic_bytes text, uint64_t *code) {
  static const char *const prefixes[] = {"http3_", "http_", "h3_"};

  if (error_find(text, quic_name_h3_error, ERROR_QPACK_FIRST, ERROR_QPACK_LAST,
                 0, code)) {
    return true;
  }
  for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
    quic_bytes prefix = error_bytes(prefixes[i]);

    if (error_starts(text, prefix)) {
      text = error_behind(text, prefix.len);
      break;
    }
  }
  return error_find(text, quic_name_h3_error, ERROR_H3_FIRST, ERROR_H3_LAST,
                    strlen("H3_"), code) ||
         error_find(text, quic_name_h3_error, ERROR_H3_DATAGRAM,
                    ERROR_H3_DATAGRAM, strlen("H3_"), code);
}

static bool error_number(const qlog_value *v, uint64_t *code) {
  uint64_t n;

  if ((v->token != QLOG_TOKEN_NUMBER && v->token != QLOG_TOKEN_STRING) ||
      v->escaped || !qlog_token_u64(v->text, &n) || n == QLOG_NONE) {
    return false;
  }
  *code = n;
  return true;
}

bool qlog_read_error(const qlog_value *v, qlog_error_space space,
                     uint64_t *code, bool *http3) {
  if (!v || error_number(v, code)) {
    return v != NULL;
  }
  if (v->token != QLOG_TOKEN_STRING || v->escaped) {
    return false;
  }
  for (size_t i = 0; i < sizeof(error_old) / sizeof(error_old[0]); i++) {
    if (error_old[i].space == space && error_is(v->text, error_old[i].name)) {
      *code = error_old[i].code;
      *http3 = *http3 || space == QLOG_ERROR_APPLICATION;
      return true;
    }
  }
  if (space == QLOG_ERROR_TRANSPORT) {
    return error_transport(v->text, code);
  }
  if (error_h3(v->text, code)) {
    *http3 = true;
    return true;
  }
  return false;
}

bool qlog_read_error_code(const qlog_object *o, uint64_t *code) {
  static const qlog_key keys[] = {
      QLOG_KEY_RAW_ERROR_CODE,   QLOG_KEY_ERROR_CODE_VALUE,
      QLOG_KEY_ERROR_CODE_BYTES, QLOG_KEY_CODE_BYTES,
      QLOG_KEY_ERROR_CODE,       QLOG_KEY_ERROR};

  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
    const qlog_value *v = qlog_object_get(o, keys[i]);

    if (v && error_number(v, code)) {
      return true;
    }
  }
  return false;
}
