/* Makes captures whose content is known, for tests and by hand.

     capgen --list            names of all scenarios
     capgen NAME... DIR       DIR/NAME.pcapng or .pcap, the truth about it in
                              DIR/NAME.truth, .requests, .notes and .expect,
                              DIR/NAME.keys where the secrets are not inside
     capgen --all DIR         all of them
     capgen bulk:BYTES DIR    DIR/bulk.pcapng: HTTP/3 downloads, no truth
     capgen bulk-chacha:BYTES DIR       eight connections, ChaCha20-Poly1305
     capgen bulk-streams:STREAMS DIR    one connection, small requests */

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
  files.notes = tool_open(dir, sc->name, "notes");
  files.expect = tool_open(dir, sc->name, "expect");
  if (sc->secrets == CAPGEN_SECRETS_FILE) {
    files.keys = tool_open(dir, sc->name, "keys");
  }
  capgen_make(sc, &files);
  tool_close(files.capture, sc->name);
  tool_close(files.truth, sc->name);
  tool_close(files.requests, sc->name);
  tool_close(files.notes, sc->name);
  tool_close(files.expect, sc->name);
  tool_close(files.keys, sc->name);
}

/* tool_bulk makes "KIND:N" when |name| is one; false when it is not. */
static bool tool_bulk(const char *name, const char *dir) {
  static const struct {
    const char *kind;
    void (*make)(const capgen_files *files, uint64_t n);
  } rows[] = {{"bulk", capgen_bulk},
              {"bulk-chacha", capgen_bulk_chacha},
              {"bulk-streams", capgen_bulk_streams}};

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    size_t len = strlen(rows[i].kind);
    capgen_files files = {0};
    unsigned long long n;
    char *end;

    if (strncmp(name, rows[i].kind, len) != 0 || name[len] != ':') {
      continue;
    }
    n = strtoull(name + len + 1, &end, 10);
    if (n == 0 || *end) {
      fprintf(stderr, "capgen: %s: not a number\n", name);
      exit(64);
    }
    files.capture = tool_open(dir, rows[i].kind, "pcapng");
    rows[i].make(&files, n);
    tool_close(files.capture, rows[i].kind);
    return true;
  }
  return false;
}

static void tool_one(const char *name, const char *dir) {
  const capgen_scenario *sc = capgen_scenario_find(name);

  if (sc) {
    tool_scenario(sc, dir);
  } else if (!tool_bulk(name, dir)) {
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
    fputs("usage: capgen --list | --all DIR | NAME... DIR | bulk:BYTES DIR | "
          "bulk-chacha:BYTES DIR | bulk-streams:STREAMS DIR\n",
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
