/* Runs a fuzz target on the files and folders that are named as arguments,
   without a fuzzer: the corpora are tests of every build. */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_DEPTH_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int replay_fail(const char *path, const char *why) {
  printf("# %s: %s\n", path, why);
  return -1;
}

/* replay_load returns the octets of |path| in a block of exactly their size,
   so that a sanitizer sees the first octet that is read behind them. */
static uint8_t *replay_load(const char *path, size_t size) {
  FILE *file = fopen(path, "rb");
  uint8_t *data;

  if (!file) {
    return NULL;
  }
  data = malloc(size);
  if (data && fread(data, 1, size, file) != size) {
    free(data);
    data = NULL;
  }
  fclose(file);
  return data;
}

static int replay_file(const char *path, size_t size, size_t *count) {
  uint8_t *data = replay_load(path, size);

  if (!data) {
    return replay_fail(path, "not readable");
  }
  /* The last path that was printed is the input that crashed. */
  printf("# %s\n", path);
  fflush(stdout);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  ++*count;
  return 0;
}

static int replay_path(const char *path, int depth, size_t *count);

static int replay_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static int replay_folder(const char *path, int depth, size_t *count) {
  struct dirent **names;
  char child[4096];
  int i, n, err = 0;

  if (depth >= REPLAY_DEPTH_MAX) {
    return replay_fail(path, "too deep");
  }
  n = scandir(path, &names, replay_visible, alphasort);
  if (n < 0) {
    return replay_fail(path, strerror(errno));
  }
  for (i = 0; i < n; ++i) {
    snprintf(child, sizeof(child), "%s/%s", path, names[i]->d_name);
    if (replay_path(child, depth + 1, count) != 0) {
      err = -1;
    }
    free(names[i]);
  }
  free(names);
  return err;
}

static int replay_path(const char *path, int depth, size_t *count) {
  struct stat st;

  if (stat(path, &st) != 0) {
    return replay_fail(path, strerror(errno));
  }
  if (S_ISDIR(st.st_mode)) {
    return replay_folder(path, depth, count);
  }
  if (!S_ISREG(st.st_mode)) {
    return replay_fail(path, "neither a file nor a folder");
  }
  return replay_file(path, (size_t)st.st_size, count);
}

int main(int argc, char **argv) {
  const char *slash = strrchr(argv[0], '/');
  size_t count = 0;
  int i, err = 0;

  printf("1..1\n");
  if (LLVMFuzzerInitialize) {
    LLVMFuzzerInitialize(&argc, &argv);
  }
  for (i = 1; i < argc; ++i) {
    if (replay_path(argv[i], 0, &count) != 0) {
      err = -1;
    }
  }
  if (count == 0) {
    err = replay_fail(argv[0], "no inputs");
  }
  printf("%s 1 - %s: %zu inputs\n", err ? "not ok" : "ok",
         slash ? slash + 1 : argv[0], count);
  return err ? 1 : 0;
}
