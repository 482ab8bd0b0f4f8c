#ifndef QUIC_BASE_LIST_H
#define QUIC_BASE_LIST_H

/* An intrusive doubly linked ring.  The head is a node of its own; an empty
   list points at itself. */

#include <stdbool.h>
#include <stddef.h>

typedef struct quic_list {
  struct quic_list *next;
  struct quic_list *prev;
} quic_list;

#define QUIC_LIST_ITEM(node, type, member)                                     \
  ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void quic_list_init(quic_list *head) {
  head->next = head->prev = head;
}

static inline bool quic_list_empty(const quic_list *head) {
  return head->next == head;
}

static inline void quic_list_push_back(quic_list *head, quic_list *item) {
  item->next = head;
  item->prev = head->prev;
  head->prev->next = item;
  head->prev = item;
}

static inline void quic_list_remove(quic_list *item) {
  item->prev->next = item->next;
  item->next->prev = item->prev;
  item->next = item->prev = item;
}

#endif /* !defined(QUIC_BASE_LIST_H) */
