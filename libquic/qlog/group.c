#include "qlog/group.h"

static qlog_group *group_new(qlog_groups *g, quic_bytes name) {
  qlog_group *group = quic_mem_alloc(g->mem, sizeof(*group) + name.len + 1);

  if (!group) {
    return NULL;
  }
  group->last = 0;
  group->len = name.len;
  if (name.len) {
    memcpy(group->name, name.data, name.len);
  }
  group->name[name.len] = '\0';
  return group;
}

void qlog_groups_init(qlog_groups *g, const quic_mem *mem,
                      const uint64_t seed[2]) {
  memset(g, 0, sizeof(*g));
  g->mem = mem;
  quic_map_init(&g->map, mem, seed);
}

static void group_free(void *user, quic_bytes key, void *value) {
  const qlog_groups *g = user;

  (void)key;
  quic_mem_free(g->mem, value);
}

void qlog_groups_free(qlog_groups *g) {
  uint64_t seed[2] = {g->map.seed[0], g->map.seed[1]};

  quic_map_each(&g->map, group_free, g);
  quic_map_free(&g->map);
  quic_mem_free(g->mem, g->own);
  qlog_groups_init(g, g->mem, seed);
}

static quic_bytes group_name(quic_bytes name) {
  name.len = name.len < QLOG_GROUP_NAME_MAX ? name.len : QLOG_GROUP_NAME_MAX;
  return name;
}

int qlog_groups_start(qlog_groups *g, quic_bytes name) {
  qlog_groups_free(g);
  g->own = group_new(g, group_name(name));
  return g->own ? 0 : QUIC_ERR_NOMEM;
}

static bool group_is(const qlog_group *group, quic_bytes name) {
  return group && group->len == name.len &&
         (name.len == 0 || memcmp(group->name, name.data, name.len) == 0);
}

int qlog_groups_of(qlog_groups *g, quic_bytes name, qlog_group **out) {
  qlog_group *group;

  name = group_name(name);
  *out = g->own;
  if (name.len == 0 || group_is(g->own, name)) {
    return 0;
  }
  if (group_is(g->recent, name)) {
    *out = g->recent;
    return 0;
  }
  group = quic_map_get(&g->map, name);
  if (!group) {
    if (g->map.len >= QLOG_GROUPS_MAX) {
      return 0;
    }
    group = group_new(g, name);
    if (!group) {
      return QUIC_ERR_NOMEM;
    }
    if (quic_map_put(&g->map, name, group) != 0) {
      quic_mem_free(g->mem, group);
      return QUIC_ERR_NOMEM;
    }
  }
  *out = g->recent = group;
  return 0;
}
