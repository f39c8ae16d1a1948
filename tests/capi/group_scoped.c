/* Tests of groups (weft/group.h) that belong to a scope: weft_group_end, and what WEFT_GROUP_SCOPED lets a waiter run.
 */
#include "group.h"

static void end_after_a_wait(void) {
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = make_group_with(pool, WEFT_GROUP_SCOPED);
  int counter = 0;
  spawn_counting(group, &counter, 100);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_end(group);
  CHECK_EQUAL(count_of(&counter), 200);
  weft_group_end(NULL);
  end_executor(pool);
}

static void end_cancels_what_has_not_started_and_waits_for_what_runs(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  int counter = 0;
  weft_future_t *running = occupy_worker(pool, &gate);
  spawn_counting(group, &counter, 10);
  weft_group_end(group);
  CHECK_EQUAL(count_of(&counter), 10); /* dropped, and not run */
  gate_open(&gate);
  end_future(running);
  end_executor(pool);
}

static void end_leaves_other_handles(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool), *other = weft_group_ref(group);
  int counter = 0;
  weft_group_end(group);
  CHECK_STATUS(weft_group_reset(other), WEFT_OK);
  spawn_counting(other, &counter, 1);
  end_group(other);
  CHECK_EQUAL(count_of(&counter), 2);
  end_executor(pool);
}

/* `upper` waits for `lower`, which the other worker has taken. `lower` has spawned a leaf into a group of its own, and
 * does nothing until the leaf has run. */
typedef struct family {
  weft_executor_t *pool;
  weft_group_t *elsewhere; /* the group of the leaf; NULL: `lower` makes it */
  uint32_t flags;          /* of the group that `lower` makes */
  int64_t patience;        /* the timeout of `upper` */
  weft_status seen;        /* what the wait of `upper` returned */
  int leaf_has_run;        /* when the wait of `upper` had returned */
  int counter;
  gate_t lower_has_begun, leaf_runs;
} family_t;

static weft_status leaf(void *ctx, void **result, weft_error_t **error) {
  family_t *self = (family_t *)ctx;
  (void)result;
  (void)error;
  gate_open(&self->leaf_runs);
  count_run(&self->counter, result, error);
  return WEFT_OK;
}

static weft_status lower(void *ctx, void **result, weft_error_t **error) {
  family_t *self = (family_t *)ctx;
  weft_group_t *group = self->elsewhere ? weft_group_ref(self->elsewhere) : make_group_with(self->pool, self->flags);
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_spawn(group, NULL, leaf, self, NULL), WEFT_OK);
  gate_open(&self->lower_has_begun);
  gate_pass(&self->leaf_runs);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_end(group);
  return WEFT_OK;
}

static weft_status upper(void *ctx, void **result, weft_error_t **error) {
  family_t *self = (family_t *)ctx;
  weft_group_t *group = make_group_with(self->pool, WEFT_GROUP_SCOPED);
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_spawn(group, NULL, lower, self, NULL), WEFT_OK);
  gate_pass(&self->lower_has_begun);
  self->seen = weft_group_wait(group, self->patience);
  self->leaf_has_run = gate_arrived(&self->leaf_runs) != 0 && count_of(&self->counter) != 0;
  gate_open(&self->leaf_runs);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_end(group);
  return WEFT_OK;
}

static void run_family(family_t *self) {
  const gate_t closed = GATE_CLOSED;
  self->pool = make_pool(2);
  self->lower_has_begun = self->leaf_runs = closed;
  if (self->elsewhere != NULL) self->elsewhere = make_group_with(self->pool, WEFT_GROUP_SCOPED);
  end_future(submit(self->pool, upper, self, NULL));
  CHECK_EQUAL(count_of(&self->counter), 1);
  weft_group_unref(self->elsewhere);
  end_executor(self->pool);
}

static void a_waiter_helps_further_down(void) {
  family_t family;
  memset(&family, 0, sizeof family);
  family.flags = WEFT_GROUP_SCOPED;
  family.patience = WEFT_FOREVER; /* without help the wait would never end */
  run_family(&family);
  CHECK_STATUS(family.seen, WEFT_OK);
  CHECK(family.leaf_has_run);
}

static void but_not_in_a_group_that_is_not_scoped(void) {
  family_t family;
  memset(&family, 0, sizeof family);
  family.patience = 10 * WEFT_MILLISECOND;
  run_family(&family);
  CHECK_STATUS(family.seen, WEFT_ETIMEDOUT);
  CHECK(!family.leaf_has_run);
}

static void nor_in_one_that_was_made_elsewhere(void) {
  family_t family;
  memset(&family, 0, sizeof family);
  family.elsewhere = (weft_group_t *)&family; /* any value but NULL: run_family makes the group */
  family.patience = 10 * WEFT_MILLISECOND;
  run_family(&family);
  CHECK_STATUS(family.seen, WEFT_ETIMEDOUT);
  CHECK(!family.leaf_has_run);
}

static const check_case_t cases[] = {
    {"end after a wait", end_after_a_wait},
    {"end cancels what has not started and waits for what runs",
     end_cancels_what_has_not_started_and_waits_for_what_runs},
    {"end leaves other handles", end_leaves_other_handles},
    {"a waiter helps further down", a_waiter_helps_further_down},
    {"but not in a group that is not scoped", but_not_in_a_group_that_is_not_scoped},
    {"nor in one that was made elsewhere", nor_in_one_that_was_made_elsewhere},
};

int main(int argc, char **argv) {
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
