#ifndef QUIC_BASE_LIST_H
#define QUIC_BASE_LIST_H

/* An intrusive doubly linked ring.  The head is a link of its own; an empty
   list points at itself. */

#include <stdbool.h>
#include <stddef.h>

typedef struct quic_link {
  struct quic_link *next;
  struct quic_link *prev;
} quic_link;

#define QUIC_LINK_ITEM(link, type, member)                                     \
  ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void quic_list_init(quic_link *head) {
  head->next = head->prev = head;
}

static inline bool quic_list_empty(const quic_link *head) {
  return head->next == head;
}

static inline void quic_list_push_back(quic_link *head, quic_link *item) {
  item->next = head;
  item->prev = head->prev;
  head->prev->next = item;
  head->prev = item;
}

static inline void quic_list_remove(quic_link *item) {
  item->prev->next = item->next;
  item->next->prev = item->prev;
  item->next = item->prev = item;
}

#endif /* !defined(QUIC_BASE_LIST_H) */
