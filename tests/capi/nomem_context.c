/* Tests of memory that runs out under contexts (see nomem.h): a refused context is still the caller's. */
#include "group.h"
#include "nomem.h"

static weft_executor_t *executor;
static weft_group_t *group;

static weft_status attempt_executor(void) {
  int drops = 0, other = 0;
  weft_status status;
  CHECK_STATUS(weft_executor_set_context(executor, &other, NULL), WEFT_OK);
  status = ARMED(weft_executor_set_context(executor, &drops, count_drop));
  CHECK(weft_executor_context(executor) == (status == WEFT_OK ? &drops : &other));
  CHECK_STATUS(ARMED(weft_executor_set_context(executor, NULL, NULL)), WEFT_OK); /* this needs none */
  CHECK_EQUAL(drops, status == WEFT_OK);
  return status;
}

static weft_status attempt_group(void) {
  int drops = 0;
  weft_status status = ARMED(weft_group_set_context(group, &drops, count_drop));
  CHECK(weft_group_context(group) == (status == WEFT_OK ? &drops : NULL));
  CHECK_STATUS(ARMED(weft_group_set_context(group, NULL, NULL)), WEFT_OK);
  CHECK_EQUAL(drops, status == WEFT_OK);
  return status;
}

static weft_status attempt_executor_swap(void) {
  void *old = UNTOUCHED(void);
  weft_drop_fn old_drop = probe_drop;
  int drops = 0, other = 0;
  weft_status status;
  CHECK_STATUS(weft_executor_set_context(executor, &other, NULL), WEFT_OK);
  status = ARMED(weft_executor_swap_context(executor, &drops, count_drop, &old, &old_drop));
  CHECK(weft_executor_context(executor) == (status == WEFT_OK ? &drops : &other));
  CHECK(old == (status == WEFT_OK ? (void *)&other : UNTOUCHED(void)));
  CHECK(old_drop == (status == WEFT_OK ? NULL : probe_drop));
  CHECK_STATUS(ARMED(weft_executor_swap_context(executor, NULL, NULL, &old, &old_drop)), WEFT_OK); /* needs none */
  CHECK_EQUAL(drops, 0);
  return status;
}

static weft_status attempt_group_swap(void) {
  void *old = UNTOUCHED(void);
  weft_drop_fn old_drop = probe_drop;
  int drops = 0;
  weft_status status = ARMED(weft_group_swap_context(group, &drops, count_drop, &old, &old_drop));
  CHECK(weft_group_context(group) == (status == WEFT_OK ? &drops : NULL));
  CHECK(old == (status == WEFT_OK ? NULL : UNTOUCHED(void)));
  CHECK_STATUS(weft_group_swap_context(group, NULL, NULL, &old, &old_drop), WEFT_OK);
  CHECK_EQUAL(drops, 0);
  return status;
}

static const attempt_t attempts[] = {
    ATTEMPT(weft_executor_set_context, attempt_executor),
    ATTEMPT(weft_group_set_context, attempt_group),
    ATTEMPT(weft_executor_swap_context, attempt_executor_swap),
    ATTEMPT(weft_group_swap_context, attempt_group_swap),
};

int main(int argc, char **argv) {
  int failed;
  executor = make_pool(1);
  group = make_group(executor);
  failed = starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
  weft_group_unref(group);
  end_executor(executor);
  return failed;
}
