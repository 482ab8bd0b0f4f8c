#ifndef TESTS_SUPPORT_LOGGEN_BASE_H
#define TESTS_SUPPORT_LOGGEN_BASE_H

/* Connections in which nothing goes wrong, and what scenarios start from. */

#include "tests/support/loggen.h"

void lg_setup_action(lg_settings *s, lg_action a);

/* lg_setup_transfer adds a request with |octets| from the side that sends
   most, and a little from the other one. */
void lg_setup_transfer(lg_settings *s, lg_draw *d, uint64_t octets);

/* lg_setup_wide makes the link so fast that nothing queues. */
void lg_setup_wide(lg_settings *s, lg_draw *d);

void lg_setup_requests(lg_settings *s, lg_draw *d); /* small ones */
void lg_setup_bulk(lg_settings *s, lg_draw *d);     /* one large transfer */
void lg_setup_pushes(lg_settings *s, lg_draw *d);   /* a slow application */
void lg_setup_keepalive(lg_settings *s, lg_draw *d);
void lg_setup_key_update(lg_settings *s, lg_draw *d);
void lg_setup_migrates(lg_settings *s, lg_draw *d);
void lg_setup_clean(lg_settings *s, lg_draw *d); /* any of some */

/* A link whose round trips are below 1 ms: whole milliseconds are 0 there. */
void lg_setup_lan(lg_settings *s, lg_draw *d);
bool lg_accept_lan(const lg_settings *s, const lg_facts *f);

bool lg_accept_clean(const lg_settings *s, const lg_facts *f);

#endif /* !defined(TESTS_SUPPORT_LOGGEN_BASE_H) */
