/* qlogview: look at a qlog. */

#include <stdio.h>

int main(void) {
  fputs("qlogview: nothing to see yet\n", stderr);
  return 2;
}
