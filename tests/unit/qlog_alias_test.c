/* What logs of other generations and of other loggers become, told as the
   record that the writer makes of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/qlogback.h"

#define US 1   /* time_units us */
#define ROWS 2 /* draft-00, -01 */
#define LINE 4 /* the trigger column says "line" */
#define RX 8   /* ... or "PACKET_RX" */

typedef struct row {
  const char *name, *data;
  unsigned how;
  const char *to, *becomes; /* its data */
} row;

static quic_bytes bytes(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static int row_convert(qlogback *b, const row *r, qlog_event *e) {
  const char *colon = strchr(r->name, ':');
  qlog_convert_in in = {.name = bytes(r->name), .data = bytes(r->data)};

  if (colon) {
    in.space = quic_bytes_of(r->name, (size_t)(colon - r->name));
    in.name = bytes(colon + 1);
  }
  in.trigger = bytes(r->how & LINE ? "line" : r->how & RX ? "PACKET_RX" : "");
  in.trace = &b->trace;
  b->trace.microseconds = r->how & US;
  b->trace.rows = r->how & ROWS;
  qlog_event_init(e, QLOG_LOG_INFO, 0);
  return qlog_convert_event(b->convert, &in, e, &b->error);
}

static void rows_check(const row *rows, size_t n) {
  qlogback b;

  qlogback_init(&b, false);
  for (size_t i = 0; i < n; i++) {
    qlog_event e;
    quic_bytes record, name, data;

    if (row_convert(&b, &rows[i], &e) != 0) {
      fail_msg("%s is not understood", rows[i].name);
    }
    record = qlogback_write(&b, &e);
    name = qlogback_member(record, "name");
    data = qlogback_member(record, "data");
    if (!quic_bytes_eq(name, bytes(rows[i].to)) ||
        !quic_bytes_eq(data, bytes(rows[i].becomes))) {
      fail_msg("%s %s\nbecame\n%.*s %.*s\nand not\n%s %s", rows[i].name,
               rows[i].data, (int)name.len, (const char *)name.data,
               (int)data.len, (const char *)data.data, rows[i].to,
               rows[i].becomes);
    }
  }
  qlogback_free(&b);
}

#define CHECK(rows) rows_check(rows, sizeof(rows) / sizeof((rows)[0]))

/* --- events ----------------------------------------------------------------
 */

static void test_names(void **state) {
  static const row rows[] = {
      {"recovery:metrics_updated", "{\"cwnd\":12000}", 0,
       "quic:recovery_metrics_updated", "{\"congestion_window\":12000}"},
      {"RECOVERY:METRIC_UPDATE", "{\"smoothed_rtt\":126536,\"cwnd\":17300}",
       US | ROWS, "quic:recovery_metrics_updated",
       "{\"smoothed_rtt\":126.536,\"congestion_window\":17300}"},
      {"metric_update:congestion_metric_update",
       "{\"current_cwnd\":5,\"state\":\"x\"}", 0,
       "quic:recovery_metrics_updated", "{\"congestion_window\":5}"},
      {"recovery:parameters_set", "{\"initial_rtt\":333}", 0,
       "quic:recovery_parameters_set", "{\"initial_rtt\":333}"},
      {"transport:parameters_set", "{\"max_ack_delay\":25}", 0,
       "quic:parameters_set", "{\"max_ack_delay\":25}"},
      {"parameters_set", "{\"max_ack_delay\":25}", 0, "quic:parameters_set",
       "{\"max_ack_delay\":25}"},
      {"h3:parameters_set", "{\"max_header_list_size\":9}", 0,
       "http3:parameters_set", "{\"max_field_section_size\":9}"},
      {"transport:datagrams_sent",
       "{\"count\":1,\"raw\":[{\"length\":1208,\"payload_length\":1200}]}", 0,
       "quic:udp_datagrams_sent", "{\"count\":1,\"raw\":[{\"length\":1200}]}"},
      {"transport:datagram_received", "{\"byte_length\":311}", US | ROWS,
       "quic:udp_datagrams_received",
       "{\"count\":1,\"raw\":[{\"length\":311}]}"},
      {"transport:datagram_dropped", "{\"raw\":{\"length\":12}}", 0,
       "quic:udp_datagram_dropped", "{\"raw\":{\"length\":12}}"},
      {"transport:data_moved",
       "{\"stream_id\":\"4\",\"length\":9,\"from\":\"application\"}", 0,
       "quic:stream_data_moved",
       "{\"stream_id\":4,\"from\":\"application\",\"raw\":{\"length\":9}}"},
      {"recovery:loss_timer_updated",
       "{\"event_type\":\"canceled\",\"packet_number_space\":\"appdata\"}", 0,
       "quic:timer_updated",
       "{\"packet_number_space\":\"application_data\","
       "\"event_type\":\"cancelled\"}"},
      {"recovery:LOSS_DETECTION_TRIGGERED", "{\"alarm_type\":\"HANDSHAKE\"}",
       ROWS, "quic:timer_updated",
       "{\"timer_type\":\"HANDSHAKE\",\"event_type\":\"expired\"}"},
      {"RECOVERY:LOSS_DETECTION_ARMED", "{\"alarm_duration\":200}", ROWS,
       "quic:timer_updated", "{\"event_type\":\"set\",\"delta\":200}"},
      {"security:key_retired", "{\"key_type\":\"x\",\"generation\":2}", 0,
       "quic:key_discarded", "{\"key_type\":\"x\",\"key_phase\":2}"},
      {"connectivity:path_assigned", "{\"path_id\":\"p\"}", 0,
       "quic:tuple_assigned", "{\"tuple_id\":\"p\"}"},
      {"connectivity:mtu_updated", "{\"mtu\":1400,\"done\":false}", 0,
       "quic:mtu_updated", "{\"new\":1400,\"done\":false}"},
      {"connectivity:connection_new",
       "{\"src_ip\":\"10.0.0.1\",\"src_port\":\"443\",\"dst_ip\":\"::1\","
       "\"dst_port\":1,\"src_cid\":\"0a\",\"dst_cid\":\"\"}",
       ROWS, "quic:connection_started",
       "{\"local\":{\"ip_v4\":\"10.0.0.1\",\"port_v4\":443,"
       "\"connection_ids\":[\"0a\"]},\"remote\":{\"ip_v6\":\"::1\","
       "\"port_v6\":1,\"connection_ids\":[\"\"]}}"},
      {"connectivity:connection_id_update",
       "{\"src_old\":\"01\",\"src_new\":\"0x02\"}", ROWS,
       "quic:connection_id_updated",
       "{\"initiator\":\"local\",\"old\":\"01\",\"new\":\"02\"}"},
      {"transport:ALPN_update", "{\"old\":\"\",\"new\":\"h3-29\"}", ROWS,
       "quic:alpn_information",
       "{\"chosen_alpn\":{\"string_value\":\"h3-29\"}}"},
      {"http:stream_type_set",
       "{\"owner\":\"LOCAL\",\"stream_id\":6,\"new\":\"qpack_encoder\"}", 0,
       "http3:stream_type_set",
       "{\"initiator\":\"local\",\"stream_id\":6,"
       "\"stream_type\":\"qpack_encode\"}"},
      {"quic:frames_processed", "{\"frames\":[{\"frame_type\":\"ping\"}]}", 0,
       "quic:frames_parsed", "{\"frames\":[{\"frame_type\":\"ping\"}]}"},
      {"info:message", "{\"message\":\"m\"}", ROWS, "loglevel:info",
       "{\"message\":\"m\"}"},
      {"generic:internal_error", "{\"message\":\"m\",\"code\":7}", 0,
       "loglevel:error", "{\"code\":7,\"message\":\"m\"}"},
      {"recovery:congestion_state_updated", "{\"old\":\"0\",\"new\":1}",
       US | ROWS, "quic:congestion_state_updated",
       "{\"old\":\"0\",\"new\":\"1\"}"},
      {"spin_bit_updated", "{\"state\":1}", 0, "quic:spin_bit_updated",
       "{\"state\":true}"},
  };

  (void)state;
  CHECK(rows);
}

static void test_prespec(void **state) {
  static const row rows[] = {
      {"TRANSPORT:ACK_NEW",
       "{\"largest_ack\":9,\"ack_delay\":0,\"blocks\":[[9,7],[3,3],]}", ROWS,
       "quic:frames_created",
       "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":0,"
       "\"acked_ranges\":[[3],[7,9]]}]}"},
      {"TRANSPORT:STREAM_NEW",
       "{\"packet_nr\":1,\"stream_id\":4,\"offset\":5,\"length\":1182,"
       "\"final_frame\":1}",
       ROWS | RX, "quic:frames_parsed",
       "{\"frames\":[{\"frame_type\":\"stream\",\"fin\":true,\"stream_id\":4,"
       "\"offset\":5,\"raw\":{\"length\":1182}}],\"packet_numbers\":[1]}"},
      {"TRANSPORT:MAXSTREAMDATA_NEW",
       "{\"stream_id\":4,\"max_stream_data\":99}", ROWS, "quic:frames_created",
       "{\"frames\":[{\"frame_type\":\"max_stream_data\",\"stream_id\":4,"
       "\"maximum\":99}]}"},
      {"RECOVERY:RTT_UPDATE", "{\"latest_rtt\":36,\"rttvar\":18.161}", ROWS,
       "quic:recovery_metrics_updated",
       "{\"latest_rtt\":36,\"rtt_variance\":18.161}"},
      {"RECOVERY:PACKET_LOST", "{\"packet_nr\":7}", ROWS, "quic:packet_lost",
       "{\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":7,"
       "\"packet_number_length\":4}}"},
  };

  (void)state;
  CHECK(rows);
}

/* --- packets ---------------------------------------------------------------
 */

#define SHORT                                                                  \
  "\"packet_number\":5,\"packet_number_length\":4,\"spin_bit\":false"

static void test_packets(void **state) {
  static const row rows[] = {
      /* rows: parts of the header outside of it, numbers as text */
      {"transport:packet_sent",
       "{\"packet_type\":\"1RTT\",\"header\":{\"packet_number\":\"5\","
       "\"packet_size\":40,\"payload_length\":20,\"key_phase\":1}}",
       ROWS, "quic:packet_sent",
       "{\"header\":{\"packet_type\":\"1RTT\"," SHORT
       ",\"key_phase_bit\":true},\"raw\":{\"length\":40,"
       "\"payload_length\":20}}"},
      {"quic:packet_sent",
       "{\"header\":{\"packet_type\":\"onertt\",\"packet_number\":5,"
       "\"key_phase_bit\":\"1\",\"dcid\":\"0x0a\"}}",
       0, "quic:packet_sent",
       "{\"header\":{\"packet_type\":\"1RTT\"," SHORT
       ",\"key_phase_bit\":true,\"dcid\":\"0a\"}}"},
      {"quic:packet_sent",
       "{\"header\":{\"packet_type\":\"1rtt\",\"packet_number\":5,"
       "\"key_phase\":3}}",
       0, "quic:packet_sent",
       "{\"header\":{\"packet_type\":\"1RTT\"," SHORT ",\"key_phase\":3}}"},
      {"TRANSPORT:PACKET_RECEIVED",
       "{\"packet_type\":\"UNKNOWN\",\"header\":{\"packet_number\":\"5\"}}",
       ROWS, "quic:packet_received",
       "{\"header\":{\"packet_type\":\"1RTT\"," SHORT
       ",\"key_phase_bit\":false}}"},
      {"recovery:packet_lost", "{\"type\":\"1RTT\",\"packet_number\":5}", 0,
       "quic:packet_lost",
       "{\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":5,"
       "\"packet_number_length\":4}}"},
      {"recovery:packet_lost",
       "{\"largest_lost_packet_num\":9,\"lost_bytes\":2400,"
       "\"lost_packets\":2}",
       0, "quic:recovery_metrics_updated", "{\"lost_packets\":2}"},
      {"transport:packet_received",
       "{\"header\":{\"packet_type\":\"retry\",\"version\":1,\"scid\":\"01\","
       "\"dcid\":\"02\"},\"retry_token\":{\"data\":\"0304\"}}",
       0, "quic:packet_received",
       "{\"header\":{\"packet_type\":\"retry\",\"token\":{\"type\":\"retry\","
       "\"raw\":{\"length\":2,\"data\":\"0304\"}},\"version\":\"00000001\","
       "\"scid\":\"01\",\"dcid\":\"02\"}}"},
      {"transport:packet_received",
       "{\"header\":{\"packet_type\":\"zerortt\",\"version\":\"1\","
       "\"scid\":\"(empty)\",\"dcid\":\"b6:90:73\",\"packet_number\":5}}",
       0, "quic:packet_received",
       "{\"header\":{\"packet_type\":\"0RTT\",\"packet_number\":5,"
       "\"packet_number_length\":4,\"version\":\"00000001\",\"scid\":\"\","
       "\"dcid\":\"b69073\"}}"},
      {"transport:packet_dropped",
       "{\"trigger\":\"payload_decrypt_error\",\"raw\":{\"length\":9}}", 0,
       "quic:packet_dropped",
       "{\"raw\":{\"length\":9},\"trigger\":\"decryption_failure\"}"},
      {"quic:packet_received",
       "{\"header\":{\"packet_type\":\"stateless_reset\"},"
       "\"stateless_reset_token\":{\"data\":\"00112233\"}}",
       0, "quic:packet_received",
       "{\"header\":{\"packet_type\":\"stateless_reset\"},"
       "\"stateless_reset_token\":\"00112233\"}"},
  };

  (void)state;
  CHECK(rows);
}

#define FRAME(in, out)                                                         \
  {                                                                            \
    "quic:marked_for_retransmit", "{\"frames\":[{\"frame_type\":" in "}]}", 0, \
        "quic:marked_for_retransmit",                                          \
        "{\"frames\":[{\"frame_type\":" out "}]}"                              \
  }

static void test_frames(void **state) {
  static const row rows[] = {
      FRAME("\"ack\",\"acked_ranges\":[[1,4],7,\"9\",[\"5\",\"6\"],[20]],"
            "\"ack_delay\":\"1.5\"",
            "\"ack\",\"ack_delay\":1.5,\"acked_ranges\":[[1,7],[9],[20]]"),
      FRAME("\"ack\",\"acked_ranges\":[[8,8],[1,2],[5,3],[1,9]]",
            "\"ack\",\"ack_delay\":0,\"acked_ranges\":[[1,9]]"),
      FRAME("\"ACK\",\"acked_ranges\":[[1]],\"ce\":2",
            "\"ack\",\"ack_delay\":0,\"acked_ranges\":[[1]],\"ect0\":0,"
            "\"ect1\":0,\"ce\":2"),
      FRAME("\"stream\",\"id\":\"4\",\"length\":7,\"offset\":\"3\","
            "\"fin\":false",
            "\"stream\",\"stream_id\":4,\"offset\":3,\"raw\":{\"length\":7}"),
      FRAME("\"stream\",\"stream_id\":4,\"raw\":{\"length\":9,"
            "\"payload_length\":7}",
            "\"stream\",\"stream_id\":4,\"offset\":0,\"raw\":{\"length\":7}"),
      FRAME("\"crypto\",\"offset\":1,\"raw\":{\"length\":3,\"data\":\"0a\"}",
            "\"crypto\",\"offset\":1,\"raw\":{\"length\":3,\"data\":\"0a\"}"),
      FRAME("\"padding\",\"payload_length\":17",
            "\"padding\",\"raw\":{\"payload_length\":17}"),
      FRAME("\"new_token\",\"new_token\":\"0102\"",
            "\"new_token\",\"token\":{\"type\":\"resumption\",\"raw\":{"
            "\"length\":2,\"data\":\"0102\"}}"),
      FRAME("\"new_connection_id\",\"sequence_number\":7,\"retire_before\":1,"
            "\"connection_id\":\"01\",\"reset_token\":"
            "\"000102030405060708090a0b0c0d0e0f\"",
            "\"new_connection_id\",\"sequence_number\":7,"
            "\"retire_prior_to\":1,\"connection_id\":\"01\","
            "\"stateless_reset_token\":\"000102030405060708090a0b0c0d0e0f\""),
      FRAME("\"path_challenge\",\"path_challenge\":\"0102030405060708\"",
            "\"path_challenge\",\"data\":\"0102030405060708\""),
      FRAME("\"connection_close\",\"error_space\":\"transport_error\","
            "\"error_code\":\"no_error\",\"raw_error_code\":\"0\","
            "\"trigger_frame_type\":\"ack\"",
            "\"connection_close\",\"error_space\":\"transport\","
            "\"error\":\"no_error\",\"trigger_frame_type\":\"ack\","
            "\"reason\":\"\""),
      FRAME("\"connection_close\",\"error_space\":\"application\","
            "\"error_code\":268,\"reason\":\"bye\"",
            "\"connection_close\",\"error_space\":\"application\","
            "\"error\":\"unknown\",\"error_code\":268,\"reason\":\"bye\""),
      FRAME("\"application_close\",\"error\":\"H3_NO_ERROR\"",
            "\"connection_close\",\"error_space\":\"application\","
            "\"error\":\"http_no_error\",\"reason\":\"\""),
      FRAME("\"reset_stream\",\"stream_id\":0,\"error_code\":"
            "\"http_request_cancelled\",\"final_size\":4",
            "\"reset_stream\",\"stream_id\":0,"
            "\"error\":\"http_request_cancelled\",\"final_size\":4"),
      FRAME("\"max_streams\",\"stream_type\":\"unidirectional\","
            "\"maximum\":3",
            "\"max_streams\",\"stream_type\":\"unidirectional\","
            "\"maximum\":3"),
      FRAME("\"path_abandon\",\"path_id\":1,\"reason\":17",
            "\"path_abandon\",\"path_identifier\":1,"
            "\"error\":\"unknown\",\"error_code\":17"),
      FRAME("\"unknown\",\"raw_frame_type\":119",
            "\"unknown\",\"frame_type_bytes\":119"),
      FRAME("119", "\"unknown\",\"frame_type_bytes\":119"),
      FRAME("16,\"maximum\":5", "\"max_data\",\"maximum\":5"),
  };

  (void)state;
  CHECK(rows);
}

/* Where a frame is of no use without a field, it must not be one with a 0. */
static void test_frames_unknown(void **state) {
  static const char *const frames[] = {
      "{\"frame_type\":\"ack\"}",
      "{\"frame_type\":\"ack\",\"acked_ranges\":[[-1,4],[\"x\"],[]]}",
      "{\"frame_type\":\"stream\",\"offset\":0}",
      "{\"frame_type\":\"max_stream_data\",\"stream_id\":null}",
      "{\"frame_type\":\"of some draft\"}",
      "{\"frame_type\":true}"};
  qlogback b;

  (void)state;
  qlogback_init(&b, false);
  for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
    char data[128] = "{\"frames\":[";
    qlog_event e;

    strcat(strcat(data, frames[i]), "]}");
    assert_int_equal(
        qlogback_convert(&b, bytes("quic:packet_sent"), bytes(data), &e), 0);
    assert_int_equal(e.u.packet.nframes, 1);
    assert_null(e.u.packet.frames[0].info);
    assert_true(e.u.packet.frames[0].type == QLOG_NONE);
  }
  qlogback_free(&b);
}

/* --- units, errors, parameters ---------------------------------------------
 */

static void test_ack_delay(void **state) {
  static const row rows[] = {
      {"transport:packet_sent",
       "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":308,"
       "\"acked_ranges\":[[0]]}]}",
       0, "quic:packet_sent",
       "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":308,"
       "\"acked_ranges\":[[0]]}]}"},
      {"transport:packet_sent",
       "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":308,"
       "\"acked_ranges\":[[0]]}]}",
       US | ROWS, "quic:packet_sent",
       "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":2.464,"
       "\"acked_ranges\":[[0]]}]}"},
      {"transport:packet_sent",
       "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":\"308\","
       "\"acked_ranges\":[[0]]}]}",
       ROWS | LINE, "quic:packet_sent",
       "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":2.464,"
       "\"acked_ranges\":[[0]]}]}"},
  };

  (void)state;
  CHECK(rows);
}

static void test_closes(void **state) {
  static const row rows[] = {
      {"transport:connection_closed",
       "{\"owner\":\"local\",\"connection_code\":\"\",\"reason\":\"r\"}", 0,
       "quic:connection_closed",
       "{\"initiator\":\"local\",\"reason\":\"r\",\"trigger\":\"error\"}"},
      {"quic:connection_closed",
       "{\"application_error\":\"unknown\",\"error_code\":0,"
       "\"trigger\":\"handshake_timeout\"}",
       0, "quic:connection_closed",
       "{\"trigger\":\"handshake_timeout\","
       "\"application_error\":\"unknown\",\"error_code\":0}"},
      {"connectivity:connection_closed",
       "{\"connection_code\":376,\"trigger\":\"clean\"}", 0,
       "quic:connection_closed",
       "{\"trigger\":\"clean\",\"connection_error\":\"crypto_error_0x178\"}"},
      {"quic:connection_closed",
       "{\"connection_error\":\"CRYPTO_ERROR_0x128\"}", 0,
       "quic:connection_closed",
       "{\"connection_error\":\"crypto_error_0x128\"}"},
      {"quic:connection_closed",
       "{\"connection_error\":\"PROTOCOL_VIOLATION\"}", 0,
       "quic:connection_closed",
       "{\"connection_error\":\"protocol_violation\"}"},
      {"quic:connection_closed",
       "{\"connection_error\":\"unknown\",\"code_bytes\":99}", 0,
       "quic:connection_closed",
       "{\"connection_error\":\"unknown\",\"error_code\":99}"},
      {"quic:connection_closed", "{\"application_code\":\"H3_FRAME_ERROR\"}", 0,
       "quic:connection_closed",
       "{\"application_error\":\"http_frame_error\"}"},
      {"quic:connection_closed", "{\"application_code\":\"no_error\"}", 0,
       "quic:connection_closed", "{\"application_error\":\"http_no_error\"}"},
      {"quic:connection_closed",
       "{\"application_code\":\"QPACK_DECOMPRESSION_FAILED\"}", 0,
       "quic:connection_closed",
       "{\"application_error\":\"unknown\",\"error_code\":512}"},
  };

  (void)state;
  CHECK(rows);
}

static void test_parameters(void **state) {
  static const row rows[] = {
      {"transport:parameters_set",
       "{\"owner\":\"remote\",\"idle_timeout\":30000,"
       "\"max_packet_size\":1440,\"original_connection_id\":\"0a\","
       "\"disable_active_migration\":false,\"max_udp_payload_size\":null,"
       "\"stateless_reset_token\":{\"data\":"
       "\"000102030405060708090a0b0c0d0e0f\"},"
       "\"tls_cipher\":\"AES256_GCM\"}",
       0, "quic:parameters_set",
       "{\"initiator\":\"remote\",\"tls_cipher\":\"AES_256_GCM_SHA384\","
       "\"original_destination_connection_id\":\"0a\","
       "\"max_idle_timeout\":30000,"
       "\"stateless_reset_token\":\"000102030405060708090a0b0c0d0e0f\","
       "\"max_udp_payload_size\":1440}"},
      {"quic:parameters_set",
       "{\"preferred_address\":{\"ip_v4\":\"192.0.2.1\",\"port_v4\":443,"
       "\"connection_id\":\"0102\",\"stateless_reset_token\":"
       "\"000102030405060708090a0b0c0d0e0f\"},\"grease_quic_bit\":true,"
       "\"min_ack_delay\":1000,\"unknown_parameters\":[{\"id\":33,"
       "\"value\":\"ab\"}]}",
       0, "quic:parameters_set",
       "{\"preferred_address\":{\"ip_v4\":\"192.0.2.1\",\"port_v4\":443,"
       "\"connection_id\":\"0102\",\"stateless_reset_token\":"
       "\"000102030405060708090a0b0c0d0e0f\"},\"grease_quic_bit\":true,"
       "\"unknown_parameters\":[{\"id\":4278509083,\"value\":\"43e8\"},"
       "{\"id\":33,\"value\":\"ab\"}]}"},
      {"transport:version_information",
       "{\"client_versions\":[1,1798521807],\"chosen_version\":\"1\"}", 0,
       "quic:version_information",
       "{\"client_versions\":[\"00000001\",\"6b3343cf\"],"
       "\"chosen_version\":\"00000001\"}"},
      {"transport:alpn_information",
       "{\"client_alpns\":[\"h3\",{\"byte_value\":\"fffe\"}],"
       "\"chosen_alpn\":\"h3\"}",
       0, "quic:alpn_information",
       "{\"client_alpns\":[{\"string_value\":\"h3\"},"
       "{\"byte_value\":\"fffe\"}],"
       "\"chosen_alpn\":{\"string_value\":\"h3\"}}"},
  };

  (void)state;
  CHECK(rows);
}

static void test_http(void **state) {
  static const row rows[] = {
      {"http:frame_created",
       "{\"byte_length\":\"36\",\"stream_id\":\"0\",\"frame\":{\"frame_type\":"
       "\"headers\",\"headers\":[{\"name\":\":method\",\"value\":\"GET\"}]}}",
       ROWS, "http3:frame_created",
       "{\"stream_id\":0,\"frame\":{\"frame_type\":\"headers\",\"headers\":[{"
       "\"name\":\":method\",\"value\":\"GET\"}],"
       "\"raw\":{\"payload_length\":36}}}"},
      {"h3:frame_parsed",
       "{\"stream_id\":3,\"length\":9,\"frame\":{\"frame_type\":\"settings\","
       "\"settings\":[{\"name\":\"SETTINGS_MAX_HEADER_LIST_SIZE\","
       "\"value\":7},{\"name\":\"settings_datagram\",\"value\":true},"
       "{\"name\":\"unknown\",\"name_bytes\":99,\"value\":1},"
       "{\"name\":\"of nobody\",\"value\":1}]}}",
       0, "http3:frame_parsed",
       "{\"stream_id\":3,\"frame\":{\"frame_type\":\"settings\",\"settings\":["
       "{\"name\":\"settings_max_field_section_size\",\"value\":7},"
       "{\"name\":\"settings_h3_datagram\",\"value\":1},"
       "{\"name\":\"unknown\",\"name_bytes\":99,\"value\":1}],"
       "\"raw\":{\"payload_length\":9}}}"},
      {"http:frame_parsed",
       "{\"frame\":{\"frame_type\":\"goaway\",\"stream_id\":\"8\"}}", 0,
       "http3:frame_parsed",
       "{\"frame\":{\"frame_type\":\"goaway\",\"id\":8,"
       "\"raw\":{\"payload_length\":0}}}"},
  };

  (void)state;
  CHECK(rows);
}

/* --- what a record does not show -------------------------------------------
 */

static void test_losses(void **state) {
  static const row quiche = {
      "quic:recovery_metrics_updated",
      "{\"cf_lost_packets\":{\"total\":7,\"delta\":2},\"app_limited\":1}", 0,
      NULL, NULL};
  static const row odd = {"recovery:packet_lost",
                          "{\"packet_type\":\"1RTT\",\"packet_number\":7,"
                          "\"trigger\":\"repeat\"}",
                          ROWS, NULL, NULL};
  qlog_event e;
  qlogback b;

  (void)state;
  qlogback_init(&b, false);
  assert_int_equal(row_convert(&b, &quiche, &e), 0);
  assert_int_equal(e.u.metrics.lost, 2);
  assert_int_equal(e.u.metrics.app_limited, 1);
  assert_int_equal(row_convert(&b, &odd, &e), 0);
  assert_int_equal(e.u.packet.lost, QLOG_UNSET);
  assert_string_equal(e.u.packet.trigger, "repeat");
  assert_int_equal(b.repairs[QLOG_REPAIR_BAD_VALUE], 0);
  qlogback_free(&b);
}

static void test_repairs(void **state) {
  static const struct {
    row r;
    qlog_repair repair;
    uint64_t n;
  } rows[] = {
      {{"quic:packet_sent", "{}", 0, NULL, NULL}, QLOG_REPAIR_OLD_NAME, 0},
      {{"transport:packet_sent", "{}", 0, NULL, NULL}, QLOG_REPAIR_OLD_NAME, 1},
      {{"QUIC:PACKET_SENT", "{}", 0, NULL, NULL}, QLOG_REPAIR_LETTER_CASE, 1},
      {{"quic:recovery_metrics_updated", "{\"cwnd\":1,\"ssthresh\":2}", 0, NULL,
        NULL},
       QLOG_REPAIR_OLD_FIELD,
       1},
      {{"quic:recovery_metrics_updated", "{\"min_rtt\":\"x\",\"pto_count\":-1}",
        0, NULL, NULL},
       QLOG_REPAIR_BAD_VALUE,
       2},
      {{"recovery:metrics_updated", "{\"min_rtt\":5}", US | ROWS, NULL, NULL},
       QLOG_REPAIR_METRIC_UNIT,
       1},
      {{"recovery:packet_lost", "{\"packet_number\":5}", 0, NULL, NULL},
       QLOG_REPAIR_MISSING_HEADER,
       1},
      {{"transport:packet_sent",
        "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":1,"
        "\"acked_ranges\":[[1]]}]}",
        US | ROWS, NULL, NULL},
       QLOG_REPAIR_RAW_ACK_DELAY,
       1},
      {{"quic:recovery_metrics_updated", "{\"ssthresh\":18446744073709551615}",
        0, NULL, NULL},
       QLOG_REPAIR_BAD_VALUE,
       0},
  };
  qlogback b;

  (void)state;
  qlogback_init(&b, false);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    qlog_event e;

    memset(b.repairs, 0, sizeof(b.repairs));
    assert_int_equal(row_convert(&b, &rows[i].r, &e), 0);
    if (b.repairs[rows[i].repair] != rows[i].n) {
      fail_msg("%s %s", rows[i].r.name, rows[i].r.data);
    }
  }
  qlogback_free(&b);
}

static void test_unsupported(void **state) {
  static const char *const names[] = {"example:vendor_event",
                                      "mvfst:packet_sent",
                                      "recovery:spurious_loss",
                                      "qpack:state_updated",
                                      "http3:packet_sent",
                                      "quic:frame_parsed",
                                      "",
                                      ":",
                                      "quic:"};
  qlog_event e;
  qlogback b;

  (void)state;
  qlogback_init(&b, false);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    assert_int_equal(qlogback_convert(&b, bytes(names[i]), bytes("{}"), &e),
                     QUIC_ERR_UNSUPPORTED);
  }
  qlogback_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),          cmocka_unit_test(test_prespec),
      cmocka_unit_test(test_packets),        cmocka_unit_test(test_frames),
      cmocka_unit_test(test_frames_unknown), cmocka_unit_test(test_ack_delay),
      cmocka_unit_test(test_closes),         cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_http),           cmocka_unit_test(test_losses),
      cmocka_unit_test(test_repairs),        cmocka_unit_test(test_unsupported),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
