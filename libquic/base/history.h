#ifndef QUIC_BASE_HISTORY_H
#define QUIC_BASE_HISTORY_H
#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
typedef struct quic_history quic_history;
typedef struct quic_history_stream { uint64_t newest; } quic_history_stream;
static inline int quic_history_new(quic_history **out, const quic_mem *mem, size_t n) { (void)mem; (void)n; *out = NULL; return 0; }
static inline void quic_history_del(quic_history *h) { (void)h; }
static inline void quic_history_add(quic_history *h, quic_history_stream *s, uint64_t o, quic_bytes d) { (void)h; (void)s; (void)o; (void)d; }
static inline bool quic_history_conflicts(quic_history *h, quic_history_stream *s, uint64_t o, quic_bytes d) { (void)h; (void)s; (void)o; (void)d; return false; }
#endif
