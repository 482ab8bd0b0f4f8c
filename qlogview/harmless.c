#include "qlogview/harmless.h"

#include <strings.h>

#define HARMLESS_DIGITS 4

/* NULL closes each list. */
static const char *const harmless_words[] = {
    /* connections */
    "attempted", "peer_validated", "handshake_started", "early_write",
    "handshake_complete", "handshake_completed", "handshake_confirmed",
    "closing", "draining", "closed", "active", "keepalive", "client", "server",
    /* packets */
    "retransmit_reordered", "retransmit_timeout", "pto_probe",
    "retransmit_crypto", "cc_bandwidth_probe", "keys_available",
    "keys_unavailable", "key_unavailable", "backpressure", "internal_error",
    "rejected", "unsupported", "invalid", "duplicate", "connection_unknown",
    "decryption_failure", "general", "unknown_connection_id",
    "header_decrypt_error", "header_parse_error", "payload_decrypt_error",
    "protocol_violation", "dos_prevention", "unsupported_version",
    "unexpected_packet", "unexpected_source_connection_id",
    "unexpected_version", "reordering_threshold", "time_threshold",
    "pto_expired", "line", "repeat", "padding_packet",
    /* congestion */
    "slow_start", "congestion_avoidance", "application_limited", "recovery",
    "persistent_congestion", "fast_recovery", "quiescence", "app_limited",
    "SlowStart", "CongestionAvoidance", "ApplicationLimited", "Recovery",
    "PersistentCongestion", "conservative_slow_start", "startup", "drain",
    "probe_bw", "probe_rtt", "probe_bw_up", "probe_bw_down", "probe_bw_cruise",
    "probe_bw_refill", "ecn", "loss", "pto", "ack", "timeout",
    /* ECN, migration, blocked */
    "testing", "unknown", "failed", "capable", "probing_started",
    "probing_abandoned", "probing_successful", "migration_started",
    "migration_abandoned", "migration_complete", "blocked", "unblocked",
    "scheduling", "pacing", "amplification_protection", "congestion_control",
    "connection_flow_control", "stream_flow_control", "stream_id",
    "application", "transport", "network",
    /* timers and keys */
    "loss_timeout", "path_validation", "handshake_timeout", "idle_timeout",
    "server_initial_secret", "client_initial_secret", "server_0rtt_secret",
    "client_0rtt_secret", "server_handshake_secret", "client_handshake_secret",
    "server_1rtt_secret", "client_1rtt_secret", "tls", "remote_update",
    "local_update",
    /* streams */
    "idle", "open", "half_closed_local", "half_closed_remote", "ready", "send",
    "data_sent", "reset_sent", "reset_received", "receive", "size_known",
    "data_read", "reset_read", "data_received", "destroyed", "fin_set",
    "stream_reset", "local", "remote", "control", "qpack_encoder",
    "qpack_decoder",
    /* HTTP/3 priorities */
    "client_signal_received", "other", "client_signal_only",
    "client_server_merged", "local_policy", NULL};

static const char *const harmless_names[] = {":authority",
                                             ":method",
                                             ":path",
                                             ":protocol",
                                             ":scheme",
                                             ":status",
                                             "accept",
                                             "accept-encoding",
                                             "accept-language",
                                             "accept-ranges",
                                             "access-control-allow-credentials",
                                             "access-control-allow-headers",
                                             "access-control-allow-methods",
                                             "access-control-allow-origin",
                                             "access-control-expose-headers",
                                             "access-control-request-headers",
                                             "access-control-request-method",
                                             "age",
                                             "allow",
                                             "alt-svc",
                                             "authorization",
                                             "cache-control",
                                             "capsule-protocol",
                                             "connection",
                                             "content-disposition",
                                             "content-encoding",
                                             "content-language",
                                             "content-length",
                                             "content-location",
                                             "content-range",
                                             "content-security-policy",
                                             "content-type",
                                             "cookie",
                                             "date",
                                             "early-data",
                                             "etag",
                                             "expect",
                                             "expect-ct",
                                             "expires",
                                             "forwarded",
                                             "host",
                                             "if-match",
                                             "if-modified-since",
                                             "if-none-match",
                                             "if-range",
                                             "if-unmodified-since",
                                             "last-modified",
                                             "link",
                                             "location",
                                             "origin",
                                             "pragma",
                                             "priority",
                                             "proxy-authenticate",
                                             "proxy-authorization",
                                             "proxy-status",
                                             "purpose",
                                             "range",
                                             "referer",
                                             "retry-after",
                                             "sec-fetch-dest",
                                             "sec-fetch-mode",
                                             "sec-fetch-site",
                                             "sec-fetch-user",
                                             "server",
                                             "server-timing",
                                             "set-cookie",
                                             "strict-transport-security",
                                             "te",
                                             "timing-allow-origin",
                                             "trailer",
                                             "transfer-encoding",
                                             "upgrade",
                                             "upgrade-insecure-requests",
                                             "user-agent",
                                             "vary",
                                             "via",
                                             "warning",
                                             "www-authenticate",
                                             "x-content-type-options",
                                             "x-forwarded-for",
                                             "x-frame-options",
                                             "x-xss-protection",
                                             NULL};

static const char *const harmless_methods[] = {
    "CONNECT", "DELETE", "GET", "HEAD",  "OPTIONS",
    "PATCH",   "POST",   "PUT", "TRACE", NULL};
static const char *const harmless_schemes[] = {"http", "https", NULL};
static const char *const harmless_protocols[] = {"connect-ip",  "connect-tcp",
                                                 "connect-udp", "webtransport",
                                                 "websocket",   NULL};

static bool harmless_is(quic_bytes text, const char *name) {
  return text.len == strlen(name) && memcmp(text.data, name, text.len) == 0;
}

static bool harmless_among(const char *const *list, quic_bytes text) {
  while (*list && !harmless_is(text, *list)) {
    list++;
  }
  return *list != NULL;
}

static bool harmless_digits(quic_bytes text, size_t max) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') {
      return false;
    }
  }
  return text.len <= max;
}

bool qv_harmless_word(quic_bytes text) {
  if (harmless_digits(text, HARMLESS_DIGITS)) {
    return true;
  }
  for (size_t i = 0; harmless_words[i]; i++) {
    if (strlen(harmless_words[i]) == text.len &&
        strncasecmp(harmless_words[i], (const char *)text.data, text.len) ==
            0) {
      return true;
    }
  }
  return false;
}

bool qv_harmless_field_name(quic_bytes name) {
  return harmless_among(harmless_names, name);
}

bool qv_harmless_field_value(quic_bytes name, quic_bytes value) {
  if (harmless_is(name, ":status")) {
    return harmless_digits(value, 3);
  }
  return (harmless_is(name, ":method") &&
          harmless_among(harmless_methods, value)) ||
         (harmless_is(name, ":scheme") &&
          harmless_among(harmless_schemes, value)) ||
         (harmless_is(name, ":protocol") &&
          harmless_among(harmless_protocols, value)) ||
         (harmless_is(name, "priority") && qv_harmless_priority(value));
}

bool qv_harmless_priority(quic_bytes value) {
  const uint8_t *p = value.data, *end = value.len ? p + value.len : p;

  while (p < end) {
    if (*p == 'u' && end - p >= 3 && p[1] == '=' && p[2] >= '0' &&
        p[2] <= '7') {
      p += 3;
    } else if (*p == 'i') {
      p += end - p >= 4 && memcmp(p, "i=?", 3) == 0 &&
                   (p[3] == '0' || p[3] == '1')
               ? 4
               : 1;
    } else {
      return false;
    }
    if (p < end && *p++ != ',') {
      return false;
    }
    p += p < end && *p == ' ';
  }
  return value.len <= 16;
}
