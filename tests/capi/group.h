/* group.h: what the tests of groups share: making one, spawning into one, and giving it back. */
#ifndef WEFT_TESTS_GROUP_H
#define WEFT_TESTS_GROUP_H

#include <weft/group.h>

#include "setup.h"

static inline weft_group_t *make_group_with(weft_executor_t *pool, uint32_t flags) {
  weft_group_options_t options;
  weft_group_t *group = NULL;
  weft_group_options_init(&options);
  options.flags = flags;
  CHECK_STATUS(weft_group_create(pool, &options, &group), WEFT_OK);
  return group;
}

static inline weft_group_t *make_group(weft_executor_t *pool) {
  return make_group_with(pool, 0);
}

/* Each task adds one to *counter for its run and one for its drop. */
static inline void spawn_counting(weft_group_t *group, int *counter, int times) {
  int i;
  for (i = 0; i < times; ++i) CHECK_STATUS(weft_group_spawn(group, NULL, count_run, counter, count_drop), WEFT_OK);
}

/* Waits for success and gives the handle back. */
static inline void end_group(weft_group_t *group) {
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
}

#endif
