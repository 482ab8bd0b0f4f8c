#include "analysis/side.h"

const char *quic_side_name(int side) {
  static const char *const names[] = {"client", "server"};

  return side >= 0 && side < QUIC_SIDES ? names[side] : "unknown";
}

const char *quic_space_name(quic_space space) {
  static const char *const names[] = {"initial", "handshake",
                                      "application_data"};

  return names[space];
}

int quic_space_of(quic_packet_type type) {
  static const int8_t spaces[QUIC_PACKET_TYPES] = {
      [QUIC_PACKET_INITIAL] = QUIC_SPACE_INITIAL,
      [QUIC_PACKET_0RTT] = QUIC_SPACE_APP,
      [QUIC_PACKET_HANDSHAKE] = QUIC_SPACE_HANDSHAKE,
      [QUIC_PACKET_RETRY] = -1,
      [QUIC_PACKET_1RTT] = QUIC_SPACE_APP,
      [QUIC_PACKET_VERSION_NEGOTIATION] = -1,
      [QUIC_PACKET_UNKNOWN] = -1,
  };

  return spaces[type];
}
