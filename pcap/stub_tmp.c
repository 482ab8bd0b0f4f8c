#include "pcap/output.h"
int qd_output_summary_new(qd_output **out, const qd_output_settings *settings) {
  return qd_output_http_new(out, settings);
}
int qd_output_close_new(qd_output **out, const qd_output_settings *settings) {
  return qd_output_http_new(out, settings);
}
