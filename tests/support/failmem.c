#include "tests/support/failmem.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define FAILMEM_ALIVE 0x6661696c6d656dULL
#define FAILMEM_FREED 0x64656164626c6bULL

/* Stands before each block. */
typedef struct failmem_head {
  alignas(max_align_t) unsigned long long state;
  size_t size;
  failmem *owner;
} failmem_head;

static failmem_head *failmem_head_of(const failmem *fm, void *ptr) {
  failmem_head *head = (failmem_head *)ptr - 1;

  assert(head->state == FAILMEM_ALIVE);
  assert(head->owner == fm);
  return head;
}

static bool failmem_refuses(failmem *fm, size_t size, size_t old) {
  ++fm->calls;
  if (fm->calls >= fm->fail_from && fm->calls <= fm->fail_to) {
    return true;
  }
  if (size > SIZE_MAX - sizeof(failmem_head)) {
    return true;
  }
  return size > old &&
         (fm->bytes > fm->limit || size - old > fm->limit - fm->bytes);
}

static void *failmem_new(failmem *fm, size_t size) {
  failmem_head *head = malloc(sizeof(*head) + size);

  if (!head) {
    return NULL;
  }
  head->state = FAILMEM_ALIVE;
  head->size = size;
  head->owner = fm;
  memset(head + 1, 0xa5, size);
  ++fm->blocks;
  fm->bytes += size;
  return head + 1;
}

static void failmem_drop(failmem *fm, void *ptr) {
  failmem_head *head = failmem_head_of(fm, ptr);

  assert(fm->blocks > 0 && fm->bytes >= head->size);
  --fm->blocks;
  fm->bytes -= head->size;
  memset(ptr, 0x5a, head->size);
  head->state = FAILMEM_FREED;
  free(head);
}

static void *failmem_resize(void *user, void *ptr, size_t size) {
  failmem *fm = user;
  size_t old = ptr ? failmem_head_of(fm, ptr)->size : 0;
  void *block;

  if (size == 0) {
    if (ptr) {
      failmem_drop(fm, ptr);
    }
    return NULL;
  }
  block = failmem_refuses(fm, size, old) ? NULL : failmem_new(fm, size);
  if (!block) {
    ++fm->refused;
    return NULL;
  }
  if (ptr) {
    memcpy(block, ptr, old < size ? old : size);
    failmem_drop(fm, ptr);
  }
  if (fm->bytes > fm->peak) {
    fm->peak = fm->bytes;
  }
  return block;
}

void failmem_init(failmem *fm) {
  memset(fm, 0, sizeof(*fm));
  fm->mem.user = fm;
  fm->mem.resize = failmem_resize;
  fm->limit = SIZE_MAX;
  failmem_fail_nth(fm, 0);
}

void failmem_fail_nth(failmem *fm, size_t n) {
  fm->fail_from = n ? fm->calls + n : SIZE_MAX;
  fm->fail_to = fm->fail_from;
}

void failmem_fail_from(failmem *fm, size_t n) {
  failmem_fail_nth(fm, n);
  fm->fail_to = SIZE_MAX;
}

bool failmem_balanced(const failmem *fm) {
  return fm->blocks == 0 && fm->bytes == 0;
}

/* failmem_check tells whether a run with the |n|-th request refused (0: none)
   ended as it must; |fm->text| says what is wrong. */
static bool failmem_check(failmem *fm, size_t n, int err) {
  int want = n ? QUIC_ERR_NOMEM : 0;
  size_t room = sizeof(fm->text);
  char *text = fm->text;

  if (n) {
    text += snprintf(text, room, "request %zu refused: ", n);
  } else {
    text += snprintf(text, room, "undisturbed: ");
  }
  room -= (size_t)(text - fm->text);
  if (fm->calls == 0) {
    snprintf(text, room, "no request was made");
  } else if (n && !fm->refused) {
    snprintf(text, room, "this time it was not made");
  } else if (err != want) {
    snprintf(text, room, "returned %s", quic_err_name(err));
  } else if (!failmem_balanced(fm)) {
    snprintf(text, room, "%zu blocks of %zu octets leaked", fm->blocks,
             fm->bytes);
  } else {
    fm->text[0] = '\0';
    return true;
  }
  return false;
}

size_t failmem_sweep(failmem *fm, failmem_run *run, void *user) {
  size_t n, total;

  failmem_init(fm);
  if (!failmem_check(fm, 0, run(&fm->mem, user))) {
    return 0;
  }
  total = fm->calls;
  for (n = 1; n <= total; ++n) {
    failmem_init(fm);
    failmem_fail_nth(fm, n);
    if (!failmem_check(fm, n, run(&fm->mem, user))) {
      return 0;
    }
    failmem_init(fm);
    failmem_fail_from(fm, n);
    if (!failmem_check(fm, n, run(&fm->mem, user))) {
      return 0;
    }
  }
  return total;
}
