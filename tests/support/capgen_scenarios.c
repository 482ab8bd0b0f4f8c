#include "tests/support/capgen_scenarios.h"

static const capgen_scenario *const tables[] = {
    capgen_demo_scenarios,     capgen_keys_scenarios,
    capgen_loss_scenarios,     capgen_paths_scenarios,
    capgen_versions_scenarios, capgen_frames_scenarios,
    capgen_odd_scenarios,      capgen_files_scenarios,
    capgen_shows_scenarios,    capgen_messages_scenarios,
    capgen_streams_scenarios,  capgen_rules_scenarios,
    capgen_closes_scenarios,   capgen_apps_scenarios,
    capgen_audit_scenarios,    capgen_views_scenarios,
};

const capgen_scenario *capgen_scenario_at(size_t i) {
  for (size_t t = 0; t < CAPGEN_COUNT(tables); t++) {
    for (const capgen_scenario *sc = tables[t]; sc->name; sc++) {
      if (i-- == 0) {
        return sc;
      }
    }
  }
  return NULL;
}

const capgen_scenario *capgen_scenario_find(const char *name) {
  const capgen_scenario *sc;

  for (size_t i = 0; (sc = capgen_scenario_at(i)); i++) {
    if (strcmp(sc->name, name) == 0) {
      return sc;
    }
  }
  return NULL;
}

void capgen_make(const capgen_scenario *sc, const capgen_files *files) {
  uint64_t seed = 0;
  capgen *g;

  for (const char *s = sc->name; *s; s++) {
    seed = seed * 31 + (uint8_t)*s;
  }
  g = capgen_new(files, seed);
  g->name = sc->name;
  g->pcap = sc->pcap;
  g->secrets = sc->secrets;
  sc->make(g, sc->arg);
  capgen_del(g);
}

void capgen_bye(capgen_conn *c) {
  capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE_APP, 0, "done");
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

void capgen_whole(capgen_conn *c) {
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  capgen_bye(c);
}
