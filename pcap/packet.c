#include "pcap/packet.h"

qd_level qd_packet_level(quic_packet_type type) {
  switch (type) {
  case QUIC_PACKET_INITIAL:
    return QD_LEVEL_INITIAL;
  case QUIC_PACKET_0RTT:
    return QD_LEVEL_EARLY;
  case QUIC_PACKET_HANDSHAKE:
    return QD_LEVEL_HANDSHAKE;
  case QUIC_PACKET_1RTT:
    return QD_LEVEL_APP;
  default:
    return QD_LEVELS;
  }
}

const char *qd_level_name(qd_level level) {
  static const char *const names[QD_LEVELS] = {"Initial", "0-RTT", "Handshake",
                                               "1-RTT"};

  return level < QD_LEVELS ? names[level] : "?";
}
