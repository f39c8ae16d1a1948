/* group_then.h: what the tests of weft_group_then share: tasks with room that count, as probes. */
#ifndef WEFT_TESTS_GROUP_THEN_H
#define WEFT_TESTS_GROUP_THEN_H

#include "group.h"

static inline void end_noted(probe_t *probe, int runs) {
  CHECK_EQUAL(probe_runs(probe), runs);
  CHECK_EQUAL(probe_drops(probe), 1);
}

static inline weft_status run_in_room(void *room, weft_error_t **error) {
  probe_t *probe = *(probe_t **)room;
  weft_status status = probe_target(probe, error);
  probe_drop(probe);
  return status;
}

static inline void drop_in_room(void *room) {
  probe_drop(*(probe_t **)room);
}

static const weft_task_type_t posted = {
    sizeof posted, WEFT_TASK_POSTED, sizeof(probe_t *), 0, run_in_room, drop_in_room, NULL};

static inline weft_task_t *make_task(const weft_task_type_t *type, weft_cancel_token_t *token, probe_t *probe) {
  weft_task_options_t options;
  weft_task_t *task = NULL;
  weft_task_options_init(&options);
  options.token = token;
  if (CHECK_STATUS(weft_task_create_with(type, &options, &task), WEFT_OK)) *(probe_t **)weft_task_room(task) = probe;
  return task;
}

#endif
