/* Runs a command and prints what it cost: CPU seconds (user + system), peak
   resident memory in MiB, and seconds of wall time.

     measure RUNS COMMAND ARG...

   The command's output is dropped; of RUNS runs the least CPU time and the
   least wall time count. */

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

static int measure_once(char **argv, double *cpu, double *mib, double *wall) {
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
  *wall = measure_now() - start;
  *cpu = measure_seconds(ru.ru_utime) + measure_seconds(ru.ru_stime);
  *mib = (double)ru.ru_maxrss / 1024;
  return 0;
}

int main(int argc, char **argv) {
  double best = 0, peak = 0, least = 0;
  int runs = argc > 2 ? atoi(argv[1]) : 0;

  if (runs < 1) {
    fprintf(stderr, "usage: measure RUNS COMMAND ARG...\n");
    return 64;
  }
  for (int i = 0; i < runs; i++) {
    double cpu, mib, wall;

    if (measure_once(argv + 2, &cpu, &mib, &wall) != 0) {
      fprintf(stderr, "measure: %s failed\n", argv[2]);
      return 1;
    }
    best = i == 0 || cpu < best ? cpu : best;
    least = i == 0 || wall < least ? wall : least;
    peak = mib > peak ? mib : peak;
  }
  printf("%.3f %.1f %.3f\n", best, peak, least);
  return 0;
}
