#ifndef QD_OUT_JSON_H
#define QD_OUT_JSON_H

/* What the files of --json share; nobody else includes it.  out_json.c is the
   output, out_json_packet.c writes packets and their frames, out_json_tls.c TLS
   messages and transport parameters, out_json_app.c what the application says
   and requests, out_json_conn.c connections.  The format is described in
   share/doc/quicdump-json.md. */

#include "pcap/output.h"
#include "pcap/trace.h"
#include "qlog/json.h"

typedef struct out_json {
  qd_output base;
  qd_output_settings settings;
  qlog_json j;
  bool begun;               /* the first line is written */
  const qd_packet *written; /* its line was called for by one of its events */
  uint64_t packets, opened, connections, requests; /* lines */
  uint8_t url[QD_REQUEST_URL_MAX];                 /* put together here */
} out_json;

/* A key that is a literal. */
#define JSON_KEY(j, name) qlog_json_key_len(j, name, sizeof(name) - 1)
#define JSON_U64(j, name, v) (JSON_KEY(j, name), qlog_json_u64(j, v))
#define JSON_BOOL(j, name, v) (JSON_KEY(j, name), qlog_json_bool(j, v))
#define JSON_STR(j, name, s) (JSON_KEY(j, name), qlog_json_str(j, s))
#define JSON_TEXT(j, name, b) (JSON_KEY(j, name), qlog_json_text(j, b))
#define JSON_HEX(j, name, b) (JSON_KEY(j, name), qlog_json_hex(j, b))

/* json_begin starts a line of |type|, behind the line that names the schema. */
void json_begin(out_json *o, const char *type);
void json_end(out_json *o);

/* json_absolute writes |time| as a string of seconds since 1970 with nine
   digits behind the point; null for QUIC_TIME_NEVER. */
void json_absolute(qlog_json *j, quic_time time);

/* json_relative writes |time| as milliseconds since the capture's first packet;
   null for QUIC_TIME_NEVER. */
void json_relative(out_json *o, quic_time time);

/* json_duration writes milliseconds; null for QUIC_TIME_NEVER. */
void json_duration(qlog_json *j, quic_duration d);

void json_address(qlog_json *j, const quic_addr *addr);
void json_version(qlog_json *j, uint32_t version); /* "0x00000001" */
void json_versions(qlog_json *j, quic_bytes list);
void json_hex_number(qlog_json *j, uint64_t v); /* "0x1f" */
void json_side(qlog_json *j, int side);         /* "client", "server" or null */

/* json_known writes |v|, or null when it is UINT64_MAX. */
void json_known(qlog_json *j, uint64_t v);

/* json_error writes |code| under |key|, and its name under "error" if it has
   one.  Application errors depend on the ALPN of |conn|, which may be NULL. */
void json_error(qlog_json *j, const char *key, quic_field_role role,
                uint64_t code, const qd_conn *conn);

/* json_alpns writes an array of the names in an ALPN list. */
void json_alpns(qlog_json *j, quic_bytes list);

/* out_json_packet.c */
void json_packet(out_json *o, const qd_packet *p);

/* out_json_tls.c */
void json_messages(qlog_json *j, const qd_packet *p);
void json_parameters(qlog_json *j, const qd_conn *conn, qd_side side);

/* out_json_app.c */
void json_event(out_json *o, const qd_trace *tr, const qlog_event *e);
void json_request(out_json *o, const qd_trace *tr, const qd_request *rq);

/* out_json_conn.c */
void json_connection(out_json *o, const qd_trace *tr);

#endif /* !defined(QD_OUT_JSON_H) */
