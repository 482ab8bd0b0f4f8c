#ifndef TESTS_SUPPORT_FAILMEM_H
#define TESTS_SUPPORT_FAILMEM_H

/* An allocator for tests: counts what is alive and fails where it is told to.

     failmem fm;

     failmem_init(&fm);
     failmem_fail_nth(&fm, 3);
     err = quic_thing_new(&thing, &fm.mem);
     ...
     assert_true(failmem_balanced(&fm));

   New octets hold 0xA5 and freed ones 0x5A; a block moves whenever it is
   resized, so a pointer that was kept too long shows.  Overruns behind a block
   are left to the sanitizers, which see its exact end. */

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

typedef struct failmem {
  /* What the tested code gets; valid while the failmem stays in its place. */
  quic_mem mem;
  /* Requests for memory so far: each new block and each resize is one. */
  size_t calls;
  /* How many of them were refused. */
  size_t refused;
  /* Blocks that are alive, their octets, and the most octets ever alive. */
  size_t blocks;
  size_t bytes;
  size_t peak;
  /* Refuse the calls from |fail_from| to |fail_to|, counted from 1. */
  size_t fail_from;
  size_t fail_to;
  /* Refuse what would take |bytes| above it; SIZE_MAX is no limit. */
  size_t limit;
  /* What failmem_sweep found wrong, or "". */
  char text[128];
} failmem;

/* failmem_init makes |fm| an allocator that never fails. */
void failmem_init(failmem *fm);

/* failmem_fail_nth refuses only the |n|-th request from now on; 0: none. */
void failmem_fail_nth(failmem *fm, size_t n);

/* failmem_fail_from refuses the |n|-th request from now on and all later ones;
   0: none. */
void failmem_fail_from(failmem *fm, size_t n);

/* failmem_balanced tells whether every block was freed. */
bool failmem_balanced(const failmem *fm);

/* failmem_run is one run of the code under test: builds with |mem|, frees all,
   and returns 0 or the error that it got. */
typedef int failmem_run(const quic_mem *mem, void *user);

/* failmem_sweep calls |run| once undisturbed and then with the 1st, 2nd, ...
   request refused, first each alone and then together with all later ones.
   Returns how many requests the undisturbed run makes, or 0 when something was
   wrong, which |fm->text| tells: the undisturbed run failed or asked for no
   memory, a refusal was not answered with QUIC_ERR_NOMEM, or a block leaked.
   |fm| needs no initialization. */
size_t failmem_sweep(failmem *fm, failmem_run *run, void *user);

#endif /* !defined(TESTS_SUPPORT_FAILMEM_H) */
