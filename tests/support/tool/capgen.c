/* Makes captures whose content is known, for tests and by hand.

     capgen --list            names of all scenarios
     capgen NAME... DIR       DIR/NAME.pcapng or .pcap, the truth about it in
                              DIR/NAME.truth and DIR/NAME.requests, and
                              DIR/NAME.keys where the secrets are not inside
     capgen --all DIR         all of them
     capgen bulk:BYTES DIR    DIR/bulk.pcapng: one long transfer, no truth */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/capgen.h"

static FILE *tool_open(const char *dir, const char *name, const char *suffix) {
  char path[4096];
  FILE *f;

  snprintf(path, sizeof(path), "%s/%s.%s", dir, name, suffix);
  f = fopen(path, "wb");
  if (!f) {
    fprintf(stderr, "capgen: %s: %s\n", path, strerror(errno));
    exit(2);
  }
  return f;
}

static void tool_close(FILE *f, const char *name) {
  if (f && (ferror(f) | fclose(f))) {
    fprintf(stderr, "capgen: writing %s: %s\n", name, strerror(errno));
    exit(2);
  }
}

static void tool_scenario(const capgen_scenario *sc, const char *dir) {
  capgen_files files = {0};

  files.capture = tool_open(dir, sc->name, sc->pcap ? "pcap" : "pcapng");
  files.truth = tool_open(dir, sc->name, "truth");
  files.requests = tool_open(dir, sc->name, "requests");
  if (sc->secrets == CAPGEN_SECRETS_FILE) {
    files.keys = tool_open(dir, sc->name, "keys");
  }
  capgen_make(sc, &files);
  tool_close(files.capture, sc->name);
  tool_close(files.truth, sc->name);
  tool_close(files.requests, sc->name);
  tool_close(files.keys, sc->name);
}

static void tool_bulk(const char *bytes, const char *dir) {
  capgen_files files = {0};
  char *end;
  unsigned long long n = strtoull(bytes, &end, 10);

  if (n == 0 || *end) {
    fprintf(stderr, "capgen: bulk:%s: not a number of octets\n", bytes);
    exit(64);
  }
  files.capture = tool_open(dir, "bulk", "pcapng");
  capgen_bulk(&files, n);
  tool_close(files.capture, "bulk");
}

static void tool_one(const char *name, const char *dir) {
  const capgen_scenario *sc = capgen_scenario_find(name);

  if (strncmp(name, "bulk:", 5) == 0) {
    tool_bulk(name + 5, dir);
  } else if (sc) {
    tool_scenario(sc, dir);
  } else {
    fprintf(stderr, "capgen: no scenario '%s'; see --list\n", name);
    exit(64);
  }
}

int main(int argc, char **argv) {
  const capgen_scenario *sc;
  const char *dir = argv[argc - 1];
  bool all = argc == 3 && strcmp(argv[1], "--all") == 0;

  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (size_t i = 0; (sc = capgen_scenario_at(i)); i++) {
      puts(sc->name);
    }
    return 0;
  }
  if (argc < 3) {
    fputs("usage: capgen --list | --all DIR | NAME... DIR | bulk:BYTES DIR\n",
          stderr);
    return 64;
  }
  if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
    fprintf(stderr, "capgen: %s: %s\n", dir, strerror(errno));
    return 2;
  }
  for (size_t i = 0; all && (sc = capgen_scenario_at(i)); i++) {
    tool_scenario(sc, dir);
  }
  for (int i = 1; !all && i < argc - 1; i++) {
    tool_one(argv[i], dir);
  }
  return 0;
}
