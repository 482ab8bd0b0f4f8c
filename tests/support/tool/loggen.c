/* Makes qlogs whose truth is known, for tests and by hand.

     loggen --list                              scenarios, writers, endings
     loggen [--seed N] [--ending E] SCENARIO WRITER VANTAGE OUT
                                                one file; its label goes to
                                                standard output
     loggen --corpus DIR --seed N [--per K]     K files of each scenario, writer
                                                and vantage, and of each ending,
                                                with DIR/labels.tsv */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/loggen.h"

static void tool_fail(const char *what) {
  fprintf(stderr, "loggen: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void tool_list(void) {
  const char *name;

  for (size_t i = 0; (name = loggen_scenario_at(i)); i++) {
    printf("scenario %s\n", name);
  }
  for (size_t i = 0; (name = loggen_writer_at(i)); i++) {
    printf("writer %s\n", name);
  }
  for (size_t i = 0; (name = loggen_ending_at(i)); i++) {
    printf("ending %s\n", name);
  }
  puts("vantage client\nvantage server");
}

static void tool_one(const loggen_spec *spec, const char *path,
                     const char *name, FILE *labels) {
  loggen_label label;
  FILE *f = fopen(path, "wb");

  if (!f) {
    tool_fail(path);
  }
  if (loggen_make(spec, f, &label) != 0) {
    fprintf(stderr, "loggen: no such log; see --list\n");
    exit(64);
  }
  if (fclose(f) != 0) {
    tool_fail(path);
  }
  loggen_label_write(&label, name, labels);
}

static void tool_file(const char *dir, const loggen_spec *spec, FILE *labels) {
  char name[256], path[4096];

  if (!loggen_can(spec)) {
    return;
  }
  snprintf(name, sizeof(name), "%s%s%s-%s-%s-%llu.%s", spec->scenario,
           spec->ending ? "+" : "", spec->ending ? spec->ending : "",
           spec->writer, spec->vantage == LG_CLIENT ? "client" : "server",
           (unsigned long long)spec->seed, loggen_suffix(spec->writer));
  snprintf(path, sizeof(path), "%s/%s", dir, name);
  tool_one(spec, path, name, labels);
}

static void tool_corpus(const char *dir, uint64_t seed, unsigned per) {
  loggen_spec spec = {0};
  char path[4096];
  FILE *labels;

  if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
    tool_fail(dir);
  }
  snprintf(path, sizeof(path), "%s/labels.tsv", dir);
  labels = fopen(path, "w");
  if (!labels) {
    tool_fail(path);
  }
  loggen_label_head(labels);
  spec.seed = seed;
  for (unsigned k = 0; k < per; k++) {
    for (size_t w = 0; (spec.writer = loggen_writer_at(w)); w++) {
      for (spec.vantage = 0; spec.vantage < LG_SIDES; spec.vantage++) {
        spec.ending = NULL;
        for (size_t i = 0; (spec.scenario = loggen_scenario_at(i)); i++) {
          tool_file(dir, &spec, labels);
          spec.seed++;
        }
        spec.scenario = "clean_requests";
        for (size_t i = 0; (spec.ending = loggen_ending_at(i)); i++) {
          tool_file(dir, &spec, labels);
          spec.seed++;
        }
      }
    }
  }
  if (fclose(labels) != 0) {
    tool_fail(path);
  }
}

static int tool_usage(void) {
  fputs(
      "usage: loggen --list | [--seed N] [--ending E] SCENARIO WRITER VANTAGE "
      "OUT | --corpus DIR --seed N [--per K]\n",
      stderr);
  return 64;
}

int main(int argc, char **argv) {
  loggen_spec spec = {.seed = 1};
  const char *corpus = NULL, *words[4];
  unsigned per = 1;
  int n = 0;

  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    tool_list();
    return 0;
  }
  for (int i = 1; i < argc; i++) {
    bool more = i + 1 < argc;

    if (more && strcmp(argv[i], "--seed") == 0) {
      spec.seed = strtoull(argv[++i], NULL, 10);
    } else if (more && strcmp(argv[i], "--ending") == 0) {
      spec.ending = argv[++i];
    } else if (more && strcmp(argv[i], "--corpus") == 0) {
      corpus = argv[++i];
    } else if (more && strcmp(argv[i], "--per") == 0) {
      per = (unsigned)strtoul(argv[++i], NULL, 10);
    } else if (n < 4) {
      words[n++] = argv[i];
    } else {
      return tool_usage();
    }
  }
  if (corpus) {
    tool_corpus(corpus, spec.seed, per);
    return 0;
  }
  if (n < 4 ||
      (strcmp(words[2], "client") != 0 && strcmp(words[2], "server") != 0)) {
    return tool_usage();
  }
  spec.scenario = words[0];
  spec.writer = words[1];
  spec.vantage = strcmp(words[2], "client") == 0 ? LG_CLIENT : LG_SERVER;
  tool_one(&spec, words[3], words[3], stdout);
  return 0;
}
