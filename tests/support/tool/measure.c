/* Runs a command and prints what it cost: CPU seconds (user + system), peak
   resident memory in MiB, seconds of wall time, and the user part of the CPU
   seconds.

     measure RUNS COMMAND ARG...

   The command's output is dropped; of RUNS runs the least time of each kind
   counts. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double measure_seconds(struct timeval tv) {
  return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static double measure_now(void) {
  struct timespec ts;

  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

typedef struct measured {
  double cpu, mib, wall, user;
} measured;

static int measure_once(char **argv, measured *m) {
  double start = measure_now();
  struct rusage ru;
  int status;
  pid_t pid = fork();

  if (pid < 0) {
    return -1;
  }
  if (pid == 0) {
    int null = open("/dev/null", O_WRONLY);

    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execvp(argv[0], argv);
    _exit(127);
  }
  if (wait4(pid, &status, 0, &ru) != pid || !WIFEXITED(status) ||
      WEXITSTATUS(status) > 1) {
    return -1;
  }
  m->wall = measure_now() - start;
  m->user = measure_seconds(ru.ru_utime);
  m->cpu = m->user + measure_seconds(ru.ru_stime);
  m->mib = (double)ru.ru_maxrss / 1024;
  return 0;
}

static double measure_less(double a, double b) {
  return a < b ? a : b;
}

int main(int argc, char **argv) {
  measured best = {0};
  int runs = argc > 2 ? atoi(argv[1]) : 0;

  if (runs < 1) {
    fprintf(stderr, "usage: measure RUNS COMMAND ARG...\n");
    return 64;
  }
  for (int i = 0; i < runs; i++) {
    measured m;

    if (measure_once(argv + 2, &m) != 0) {
      fprintf(stderr, "measure: %s failed\n", argv[2]);
      return 1;
    }
    if (i == 0) {
      best = m;
    }
    best.cpu = measure_less(best.cpu, m.cpu);
    best.wall = measure_less(best.wall, m.wall);
    best.user = measure_less(best.user, m.user);
    best.mib = m.mib > best.mib ? m.mib : best.mib;
  }
  printf("%.3f %.1f %.3f %.3f\n", best.cpu, best.mib, best.wall, best.user);
  return 0;
}
