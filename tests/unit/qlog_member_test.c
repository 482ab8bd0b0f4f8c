/* Which key comes next is guessed by the records before.  A wrong guess costs
   time and nothing else: behind any record, each is read as by a converter that
   never saw another. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/octets.h"
#include "tests/support/qlogback.h"

static const char *const datas[][2] = {
    {"quic:recovery_metrics_updated",
     "{\"smoothed_rtt\":33.25,\"latest_rtt\":31,\"congestion_window\":14520}"},
    {"quic:recovery_metrics_updated",
     "{\"latest_rtt\":31,\"smoothed_rtt\":33.25,\"congestion_window\":14520}"},
    {"quic:recovery_metrics_updated",
     " { \"smoothed_rtt\" : 1e1 , \"latest_rtt\" : \"31\" }"},
    {"quic:recovery_metrics_updated",
     "{\"smoothed_rtu\":33,\"latest_rtt_\":31,\"congestion_windox\":14520}"},
    {"quic:recovery_metrics_updated", "{\"smoothed_rtt\":5,}"},
    {"quic:recovery_metrics_updated",
     "{\"smoothed_rtt\":5,\"smoothed_rtt\":{\"a\":[1]},\"pto_count\":7}"},
    {"quic:recovery_metrics_updated",
     "{\"smoothed_rtt\":-5,\"latest_rtt\":null,\"pto_count\":true}"},
    {"quic:recovery_metrics_updated",
     "{\"smoothed_rtt\":12345678901234567890123,\"latest_rtt\":1.0000000001}"},
    {"quic:recovery_metrics_updated", "{\"smoothed_rtt\":33.25"},
    {"quic:recovery_metrics_updated", "{\"smoothed_rtt\":33.25 \"latest\":1}"},
    {"quic:recovery_metrics_updated", "{\"smoothed_rtt\":033}"},
    {"quic:recovery_metrics_updated", "{\"app_limited\":tru}"},
    {"quic:recovery_metrics_updated", "{\"app_limited\":falsy}"},
    {"quic:recovery_metrics_updated", "{\"app_limited\":false"},
    {"quic:recovery_metrics_updated", "{\"app_limited\":false,\"x\":true}"},
    {"quic:recovery_metrics_updated", "{\"smoothed_rtt\":12.}"},
    {"quic:recovery_metrics_updated", "{\"smoothed_rtt\":}"},
    {"quic:recovery_metrics_updated", "{\"smoothed_rtt\":1}x"},
    {"quic:recovery_metrics_updated", "{}"},
    {"quic:packet_sent",
     "{\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":7},\"raw\":"
     "{\"length\":1200,\"payload_length\":1170},\"frames\":[{\"frame_type\":"
     "\"stream\",\"stream_id\":4,\"offset\":77,\"raw\":{\"payload_length\":"
     "1160}},{\"frame_type\":\"ack\",\"ack_delay\":0.5,\"acked_ranges\":[[1,3]"
     ",[5],[7,9]]}]}"},
    {"quic:packet_sent",
     "{\"frames\":[{\"frame_type\":\"ack\",\"acked_ranges\":[[9,7], [5], "
     "[\"1\",\"3\"]],\"ack_delay\":0.5},{\"stream_id\":4,\"frame_type\":"
     "\"stream\",\"length\":9,\"offset\":0},7],\"raw\":{\"length\":40},"
     "\"header\":{\"packet_number\":8,\"packet_type\":\"1RTT\"}}"},
    {"quic:packet_sent",
     "{\"header\":{\"packet_type\":\"initial\",\"packet_number\":0,\"scid\":"
     "\"0102\",\"version\":\"1\"},\"frames\":[{\"frame_type\":\"ack\","
     "\"acked_ranges\":[[1,2,3],[],[[4]],{\"a\":1},5,[6]]}]}"},
    {"quic:packet_sent",
     "{\"header\":{\"packet_type\":\"1RT\\u0054\",\"packet_\\u006eumber\":3},"
     "\"frames\":[]}"},
    {"quic:packet_sent", "{\"frames\":[{\"frame_type\":\"ack\",\"acked_ranges\""
                         ":[[1,2],[3,4]}]}"},
    {"transport:packet_sent",
     "{\"packet_type\":\"1RTT\",\"header\":{\"packet_number\":9,"
     "\"packet_size\":50},\"frames\":[{\"frame_type\":\"ping\"},"
     "{\"frame_type\":\"connection_close\",\"error_code\":256,\"reason\":\"\","
     "\"error_space\":\"application\"}]}"},
    {"quic:parameters_set", "{\"initiator\":\"local\","
                            "\"initial_max_stream_data_uni\":65536}"},
    {"quic:parameters_set", "{\"initiator\":\"local\","
                            "\"initial_max_strexm_data_uni\":65537}"},
    {"http3:frame_parsed",
     "{\"stream_id\":0,\"length\":8,\"frame\":{\"frame_type\":\"headers\","
     "\"headers\":[{\"name\":\":status\",\"value\":\"200\"}]}}"},
    {"quic:stream_data_moved",
     "{\"stream_id\":0,\"offset\":5,\"from\":\"network\",\"raw\":"
     "{\"length\":5}}"},
};

#define DATAS (sizeof(datas) / sizeof(datas[0]))

/* What was made of a record, as text. */
typedef struct made {
  int err;
  const char *why;
  size_t at;
  quic_bytes text;
  uint64_t repairs[QLOG_REPAIRS];
} made;

static void member_make(qlogback *b, size_t i, made *m) {
  size_t len = strlen(datas[i][1]);
  uint8_t *data = octets_exact(datas[i][1], len);
  qlog_event e;

  memset(b->repairs, 0, sizeof(b->repairs));
  m->err = qlogback_convert(b, quic_bytes_of(datas[i][0], strlen(datas[i][0])),
                            quic_bytes_of(data, len), &e);
  m->why = m->err ? b->error.why : NULL;
  m->at = m->err ? b->error.at : 0;
  m->text = quic_bytes_of(NULL, 0);
  if (m->err == 0) {
    quic_bytes text = qlogback_write(b, &e);

    m->text = quic_bytes_of(octets_exact(text.data, text.len), text.len);
  }
  memcpy(m->repairs, b->repairs, sizeof(m->repairs));
  free(data);
}

static void member_free(made *m) {
  free((void *)(uintptr_t)m->text.data);
}

static void test_any_order(void **state) {
  made alone[DATAS];
  unsigned good = 0;

  (void)state;
  for (size_t i = 0; i < DATAS; i++) {
    qlogback b;

    qlogback_init(&b, false);
    member_make(&b, i, &alone[i]);
    qlogback_free(&b);
    good += alone[i].err == 0;
  }
  assert_int_equal(good, DATAS - 10);
  for (size_t first = 0; first < DATAS; first++) {
    for (size_t i = 0; i < DATAS; i++) {
      qlogback b;

      qlogback_init(&b, false);
      for (int round = 0; round < 2; round++) {
        made before, m;

        member_make(&b, first, &before);
        member_make(&b, i, &m);
        if (m.err != alone[i].err || m.why != alone[i].why ||
            m.at != alone[i].at || !quic_bytes_eq(m.text, alone[i].text) ||
            memcmp(m.repairs, alone[i].repairs, sizeof(m.repairs)) != 0) {
          fail_msg("%s\nbehind %s", datas[i][1], datas[first][1]);
        }
        member_free(&before);
        member_free(&m);
      }
      qlogback_free(&b);
    }
  }
  for (size_t i = 0; i < DATAS; i++) {
    member_free(&alone[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_order),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
