/* Tests of memory that runs out under groups, loops and joins (see nomem.h). */
#include <weft/join.h>
#include <weft/parallel.h>

#include "group.h"
#include "nomem.h"

/* The attempt is made on a thread that weft has not met, so the record of the thread needs memory too. */
typedef struct elsewhere {
  weft_status (*attempt)(void *ctx);
  void *ctx;
  weft_status status;
  int refused;
} elsewhere_t;

static void *run_elsewhere(void *ctx) {
  elsewhere_t *self = (elsewhere_t *)ctx;
  self->status = self->attempt(self->ctx);
  self->refused = refused;
  return NULL;
}

static weft_status attempt_elsewhere(weft_status (*attempt)(void *ctx), void *ctx) {
  elsewhere_t call = {NULL, NULL, WEFT_OK, 0};
  pthread_t thread;
  call.attempt = attempt;
  call.ctx = ctx;
  if (CHECK(pthread_create(&thread, NULL, run_elsewhere, &call) == 0)) pthread_join(thread, NULL);
  refused += call.refused;
  return call.status;
}

static weft_status attempt_create(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = UNTOUCHED(weft_group_t);
  weft_status status = ARMED(weft_group_create(pool, NULL, &group));
  if (status == WEFT_OK)
    weft_group_unref(group);
  else
    CHECK(group == UNTOUCHED(weft_group_t));
  end_executor(pool);
  return status;
}

static weft_status count_in_room(void *room, weft_error_t **error) {
  (void)error;
  count_drop(*(int **)room);
  return WEFT_OK;
}

static const weft_task_type_t counting = {
    sizeof counting, WEFT_TASK_POSTED, sizeof(int *), 0, count_in_room, NULL, NULL};

static weft_status attempt_spawn(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  int counter = 0;
  weft_status status = ARMED(weft_group_spawn(group, NULL, count_run, &counter, count_drop));
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), status == WEFT_OK ? 2 : 0);
  spawn_counting(group, &counter, 1); /* the group works as before */
  end_group(group);
  end_executor(pool);
  return status;
}

static weft_status attempt_spawn_value(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  int counter = 0, *closure = &counter;
  weft_status status = ARMED(weft_group_spawn_value(group, NULL, &counting, &closure, sizeof closure));
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), status == WEFT_OK);
  end_group(group);
  end_executor(pool);
  return status;
}

static weft_status attempt_spawn_task(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_task_t *task = NULL;
  int counter = 0;
  weft_status status;
  CHECK_STATUS(weft_task_create(&counting, &task), WEFT_OK);
  *(int **)weft_task_room(task) = &counter;
  status = ARMED(weft_group_spawn_task(group, task));
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&counter), status == WEFT_OK);
  if (status != WEFT_OK) { /* the task is still the caller's */
    CHECK_STATUS(weft_group_spawn_task(group, task), WEFT_OK);
    CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&counter), 1);
  }
  end_group(group);
  end_executor(pool);
  return status;
}

typedef struct following {
  weft_group_t *group;
  weft_executor_t *on;
  weft_task_t *task;
  int counter;
} following_t;

static weft_status then_elsewhere(void *ctx) {
  following_t *self = (following_t *)ctx;
  return ARMED(weft_group_then(self->group, self->on, NULL, count_run, &self->counter, count_drop));
}

static weft_status attempt_then(void) {
  following_t following = {NULL, NULL, NULL, 0};
  weft_status status;
  following.on = make_pool(1);
  following.group = make_group(following.on);
  CHECK_STATUS(weft_group_enter(following.group), WEFT_OK);
  status = attempt_elsewhere(then_elsewhere, &following);
  CHECK_EQUAL(count_of(&following.counter), 0);
  CHECK_STATUS(weft_group_leave(following.group), WEFT_OK);
  end_group(following.group);
  end_executor(following.on);
  CHECK_EQUAL(count_of(&following.counter), status == WEFT_OK ? 2 : 0);
  return status;
}

static weft_status then_task_elsewhere(void *ctx) {
  following_t *self = (following_t *)ctx;
  return ARMED(weft_group_then_task(self->group, self->on, self->task));
}

static weft_status attempt_then_task(void) {
  following_t following = {NULL, NULL, NULL, 0};
  weft_status status;
  following.on = make_pool(1);
  following.group = make_group(following.on);
  CHECK_STATUS(weft_task_create(&counting, &following.task), WEFT_OK);
  *(int **)weft_task_room(following.task) = &following.counter;
  CHECK_STATUS(weft_group_enter(following.group), WEFT_OK);
  status = attempt_elsewhere(then_task_elsewhere, &following);
  if (status != WEFT_OK) /* the task is still the caller's */
    CHECK_STATUS(weft_group_then_task(following.group, following.on, following.task), WEFT_OK);
  CHECK_STATUS(weft_group_leave(following.group), WEFT_OK);
  end_group(following.group);
  end_executor(following.on);
  CHECK_EQUAL(count_of(&following.counter), 1);
  return status;
}

/* Memory runs out when the group is done: its follower is dropped, and the exception hook gets the error. */
static void hear(void *ctx, weft_thread_t *thread, const weft_error_t *error) {
  (void)thread;
  CHECK_EQUAL(weft_error_code(error), WEFT_ENOMEM);
  ++*(int *)ctx;
}

static weft_status attempt_leave(void) {
  following_t following = {NULL, NULL, NULL, 0};
  weft_executor_t *pool = make_pool(1);
  int heard = 0;
  weft_status status;
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, hear, &heard, NULL), WEFT_OK);
  following.on = make_pool(1); /* has no worker yet */
  following.group = make_group(pool);
  CHECK_STATUS(weft_group_enter(following.group), WEFT_OK);
  CHECK_STATUS(weft_group_then(following.group, following.on, NULL, count_run, &following.counter, count_drop),
               WEFT_OK);
  status = ARMED(weft_group_leave(following.group));
  CHECK_STATUS(status, WEFT_OK);
  if (heard != 0) status = WEFT_ENOMEM;
  end_group(following.group);
  end_executor(following.on);
  end_executor(pool);
  CHECK_EQUAL(count_of(&following.counter), heard == 0 ? 2 : 1);
  CHECK_STATUS(weft_runtime_set_exception_hook(NULL, NULL, NULL, NULL), WEFT_OK);
  return status;
}

static weft_status wait_elsewhere(void *ctx) {
  return ARMED(weft_group_wait((weft_group_t *)ctx, WEFT_FOREVER));
}

static weft_status attempt_wait(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  int counter = 0;
  weft_status status;
  spawn_counting(group, &counter, 1);
  status = attempt_elsewhere(wait_elsewhere, group);
  end_group(group);
  end_executor(pool);
  return status;
}

static weft_status count_indices(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  (void)error;
  __atomic_add_fetch((int *)ctx, (int)(end - begin), __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

typedef struct looping {
  weft_executor_t *pool;
  int counter;
} looping_t;

static weft_status loop_elsewhere(void *ctx) {
  looping_t *self = (looping_t *)ctx;
  return ARMED(weft_parallel_for(self->pool, NULL, 0, 10000, count_indices, &self->counter, NULL));
}

static weft_status attempt_parallel_for(void) {
  looping_t looping = {NULL, 0};
  weft_status status;
  looping.pool = make_pool(2);
  status = attempt_elsewhere(loop_elsewhere, &looping);
  CHECK_EQUAL(count_of(&looping.counter), status == WEFT_OK ? 10000 : 0);
  end_executor(looping.pool);
  return status;
}

static weft_status count_call(void *ctx, weft_error_t **error) {
  (void)error;
  count_drop(ctx);
  return WEFT_OK;
}

static weft_status join_elsewhere(void *ctx) {
  looping_t *self = (looping_t *)ctx;
  return ARMED(weft_join(self->pool, count_call, &self->counter, count_call, &self->counter, NULL));
}

static weft_status attempt_join(void) {
  looping_t looping = {NULL, 0};
  weft_status status;
  looping.pool = make_pool(2);
  status = attempt_elsewhere(join_elsewhere, &looping);
  CHECK_EQUAL(count_of(&looping.counter), status == WEFT_OK ? 2 : 0);
  end_executor(looping.pool);
  return status;
}

/* On a worker a join needs no memory. */
static weft_status join_without_memory(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  refused = 0;
  CHECK_STATUS(join_elsewhere(ctx), WEFT_OK);
  CHECK_EQUAL(refused, 0);
  return WEFT_OK;
}

static weft_status attempt_join_inside(void) {
  looping_t looping = {NULL, 0};
  looping.pool = make_pool(1);
  end_future(submit(looping.pool, join_without_memory, &looping, NULL));
  CHECK_EQUAL(count_of(&looping.counter), 2);
  end_executor(looping.pool);
  return WEFT_OK;
}

/* The loop and the join come first, while there is no memory to recycle. */
static const attempt_t attempts[] = {
    ATTEMPT_THAT_STARTS_THREADS(weft_join, attempt_join),
    ATTEMPT_RECYCLED(weft_join, attempt_join_inside),
    ATTEMPT_RECYCLED(weft_parallel_for, attempt_parallel_for),
    ATTEMPT_RECYCLED(weft_group_create, attempt_create),
    ATTEMPT_THAT_STARTS_THREADS(weft_group_spawn, attempt_spawn),
    ATTEMPT_THAT_STARTS_THREADS(weft_group_spawn_value, attempt_spawn_value),
    ATTEMPT_THAT_STARTS_THREADS(weft_group_spawn_task, attempt_spawn_task),
    ATTEMPT_RECYCLED(weft_group_wait, attempt_wait),
    ATTEMPT(weft_group_then, attempt_then),
    ATTEMPT(weft_group_then_task, attempt_then_task),
    ATTEMPT_THAT_STARTS_THREADS(weft_group_leave, attempt_leave),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
