/* Tests of weft_group_enter and weft_group_leave: what is pending in a group without being a task. */
#include "domain.h"
#include "group.h"
#include "queue.h"

static void enter_some(weft_group_t *group, int times) {
  int i;
  for (i = 0; i < times; ++i) CHECK_STATUS(weft_group_enter(group), WEFT_OK);
}

static void leave_some(weft_group_t *group, int times) {
  int i;
  for (i = 0; i < times; ++i) CHECK_STATUS(weft_group_leave(group), WEFT_OK);
}

static void a_leave_too_many_changes_nothing(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  CHECK_STATUS(weft_group_enter(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_leave(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_group_leave(group), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_group_leave(group), WEFT_EINVALIDSTATE); /* leave does not count down a task */
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_ETIMEDOUT);
  enter_some(group, 2);
  leave_some(group, 2);
  CHECK_STATUS(weft_group_leave(group), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_ETIMEDOUT);
  gate_open(&gate);
  end_group(group);
  end_executor(pool);
}

static void it_is_pending_until_it_is_left(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  int counter = 0, round;
  for (round = 1; round <= 3; ++round) {
    enter_some(group, 2);
    spawn_counting(group, &counter, 5);
    leave_some(group, 1);
    CHECK_STATUS(weft_group_wait(group, 1000), WEFT_ETIMEDOUT);
    CHECK_STATUS(weft_group_reset(group), WEFT_EINVALIDSTATE);
    leave_some(group, 1);
    CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&counter), 10 * round);
    CHECK_STATUS(weft_group_reset(group), WEFT_OK);
  }
  weft_group_unref(group);
  end_executor(pool);
}

/* --- sleeping waiters --- */

typedef struct sleeper {
  weft_group_t *group;
  uint64_t tid; /* atomic; 0 before */
  int *seen;    /* plain: the leaving thread writes it before it leaves; the waiter reads it after the wait */
  weft_status first, second;
} sleeper_t;

static weft_status sleep_for_group(void *ctx, void **result, weft_error_t **error) {
  sleeper_t *self = (sleeper_t *)ctx;
  (void)result;
  (void)error;
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  self->first = weft_group_wait(self->group, WEFT_FOREVER);
  CHECK_EQUAL(*self->seen, 1);
  return WEFT_OK;
}

static weft_status sleep_as_thread(void *ctx, weft_error_t **error) {
  void *result;
  return sleep_for_group(ctx, &result, error);
}

static void await_sleeper(sleeper_t *sleeper) {
  while (__atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(__atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE));
}

/* A task on a pool of one worker, and a thread, wait for the group. Nothing could help them, but it is no deadlock. */
static void a_leave_wakes_who_sleeps(void) {
  weft_executor_t *pool = make_pool(1);
  sleeper_t inside = {NULL, 0, NULL, 1, 1}, outside = {NULL, 0, NULL, 1, 1};
  int seen = 0;
  weft_thread_t *thread;
  weft_future_t *task;
  inside.group = outside.group = make_group(pool);
  inside.seen = outside.seen = &seen;
  enter_some(inside.group, 1);
  task = submit(pool, sleep_for_group, &inside, NULL);
  thread = start_thread(NULL, WEFT_DAEMON_NO, sleep_as_thread, &outside, NULL);
  await_sleeper(&inside);
  await_sleeper(&outside);
  seen = 1;
  leave_some(inside.group, 1);
  end_future(task);
  end_thread(thread);
  CHECK_STATUS(inside.first, WEFT_OK);
  CHECK_STATUS(outside.first, WEFT_OK);
  weft_group_unref(inside.group);
  end_executor(pool);
}

/* A task waits for its own group. The wait is refused as soon as the group has no entry left that could end it. */
static weft_status wait_for_own_group(void *ctx, void **result, weft_error_t **error) {
  sleeper_t *self = (sleeper_t *)ctx;
  (void)result;
  (void)error;
  self->second = weft_group_wait(self->group, 1000);
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  self->first = weft_group_wait(self->group, WEFT_FOREVER);
  return WEFT_OK;
}

static void there_is_hope_as_long_as_something_is_entered(void) {
  weft_executor_t *pool = make_pool(1);
  sleeper_t own = {NULL, 0, NULL, 1, 1};
  own.group = make_group(pool);
  enter_some(own.group, 1);
  CHECK_STATUS(weft_group_spawn(own.group, NULL, wait_for_own_group, &own, NULL), WEFT_OK);
  await_sleeper(&own);
  leave_some(own.group, 1);
  CHECK_STATUS(weft_group_wait(own.group, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(own.second, WEFT_ETIMEDOUT);
  CHECK_STATUS(own.first, WEFT_EDEADLK);
  weft_group_unref(own.group);
  end_executor(pool);
}

static void a_wait_for_it_can_be_interrupted(void) {
  weft_executor_t *pool = make_pool(1);
  sleeper_t inside = {NULL, 0, NULL, 1, 1};
  int seen = 1;
  weft_future_t *task;
  inside.group = make_group(pool);
  inside.seen = &seen;
  enter_some(inside.group, 1);
  task = submit(pool, sleep_for_group, &inside, NULL);
  await_sleeper(&inside);
  CHECK_STATUS(weft_future_request_stop(task), WEFT_OK);
  end_future(task);
  CHECK_STATUS(inside.first, WEFT_EINTERRUPTED);
  leave_some(inside.group, 1);
  end_group(inside.group);
  end_executor(pool);
}

/* --- what does not end the wait --- */

static void neither_cancel_nor_token_ends_it(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = NULL;
  weft_group_options_t options;
  weft_group_t *group = make_group(pool), *by_token = NULL;
  int counter = 0;
  REQUIRE(CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_FOREVER, &token), WEFT_OK));
  weft_group_options_init(&options);
  options.token = token;
  REQUIRE(CHECK_STATUS(weft_group_create(pool, &options, &by_token), WEFT_OK));
  enter_some(group, 1);
  enter_some(by_token, 1);
  CHECK_STATUS(weft_group_cancel(group), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  spawn_counting(group, &counter, 3);
  CHECK_STATUS(weft_group_wait(group, 1000), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_group_wait(by_token, 1000), WEFT_ETIMEDOUT);
  enter_some(group, 1); /* entering is still possible */
  leave_some(group, 2);
  leave_some(by_token, 1);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_ECANCELED); /* because of the tasks */
  CHECK_EQUAL(count_of(&counter), 3);
  CHECK_STATUS(weft_group_wait(by_token, WEFT_FOREVER), WEFT_OK); /* nothing was dropped */
  weft_group_unref(group);
  weft_group_unref(by_token);
  weft_cancel_token_unref(token);
  end_executor(pool);
}

static void nor_does_the_end_of_the_pool(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  enter_some(group, 1);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT | WEFT_SHUTDOWN_CANCEL_PENDING, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, 1000), WEFT_ETIMEDOUT);
  enter_some(group, 1);
  weft_executor_unref(pool);
  leave_some(group, 2);
  end_group(group);
}

/* The leaving thread needs no reference: each entry is one. */
static void it_keeps_the_group(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  int drops = 0, counter = 0;
  CHECK_STATUS(weft_group_set_context(group, &drops, count_drop), WEFT_OK);
  enter_some(group, 2);
  weft_group_unref(group);
  leave_some(group, 1);
  CHECK_EQUAL(drops, 0);
  spawn_counting(group, &counter, 1); /* the group still works */
  CHECK_STATUS(weft_group_wait(group, 1000), WEFT_ETIMEDOUT);
  leave_some(group, 1);
  end_executor(pool);
  CHECK_EQUAL(count_of(&drops), 1);
  CHECK_EQUAL(count_of(&counter), 2);
}

static weft_status end_the_group(void *ctx, weft_error_t **error) {
  sleeper_t *self = (sleeper_t *)ctx;
  (void)error;
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  weft_group_end(self->group);
  CHECK_EQUAL(*self->seen, 1);
  return WEFT_OK;
}

static void the_end_of_a_scope_waits_for_it(void) {
  weft_executor_t *pool = make_pool(1);
  sleeper_t ending = {NULL, 0, NULL, 1, 1};
  int seen = 0;
  weft_thread_t *thread;
  ending.group = make_group(pool);
  ending.seen = &seen;
  enter_some(ending.group, 1);
  thread = start_thread(NULL, WEFT_DAEMON_NO, end_the_group, &ending, NULL);
  await_sleeper(&ending);
  seen = 1;
  leave_some(ending.group, 1);
  end_thread(thread);
  end_executor(pool);
}

/* --- with others --- */

static void the_event_of_a_queue_comes_after_it(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  enter_some(group, 2);
  CHECK_STATUS(weft_group_notify(group, queue, 5), WEFT_OK);
  leave_some(group, 1);
  expect_none(queue);
  CHECK_STATUS(weft_group_untie(group, queue, 6), WEFT_EINVALIDSTATE);
  leave_some(group, 1);
  pop_the_one(queue, 5, WEFT_EVENT_GROUP, WEFT_OK, 0);
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

/* Tasks of the group enter and leave, while their workers hold credit. */
typedef struct crowd {
  weft_group_t *group;
  int left; /* atomic */
} crowd_t;

static weft_status leave_once(void *ctx, void **result, weft_error_t **error) {
  crowd_t *self = (crowd_t *)ctx;
  (void)result;
  (void)error;
  __atomic_add_fetch(&self->left, 1, __ATOMIC_ACQ_REL);
  CHECK_STATUS(weft_group_leave(self->group), WEFT_OK);
  return WEFT_OK;
}

static weft_status enter_and_spawn(void *ctx, void **result, weft_error_t **error) {
  crowd_t *self = (crowd_t *)ctx;
  int i;
  (void)result;
  (void)error;
  for (i = 0; i < 100; ++i) {
    CHECK_STATUS(weft_group_enter(self->group), WEFT_OK);
    CHECK_STATUS(weft_group_spawn(self->group, NULL, leave_once, self, NULL), WEFT_OK);
  }
  return WEFT_OK;
}

static void tasks_of_the_group_enter_and_leave(void) {
  weft_executor_t *pool = make_pool(2);
  int rounds = check_rounds(50, 5000), round, i;
  for (round = 0; round < rounds; ++round) {
    crowd_t crowd = {NULL, 0};
    crowd.group = make_group(pool);
    for (i = 0; i < 4; ++i) CHECK_STATUS(weft_group_spawn(crowd.group, NULL, enter_and_spawn, &crowd, NULL), WEFT_OK);
    CHECK_STATUS(weft_group_wait(crowd.group, WEFT_FOREVER), WEFT_OK);
    CHECK_EQUAL(count_of(&crowd.left), 400);
    CHECK_STATUS(weft_group_leave(crowd.group), WEFT_EINVALIDSTATE);
    weft_group_unref(crowd.group);
  }
  end_executor(pool);
}

static void there_is_a_limit(void) {
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  int32_t i, failed = 0;
  for (i = 0; i < WEFT_GROUP_ENTERED_MAX; ++i) failed += weft_group_enter(group) != WEFT_OK;
  CHECK_EQUAL(failed, 0);
  CHECK_STATUS(weft_group_enter(group), WEFT_EFULL);
  leave_some(group, 1);
  enter_some(group, 1);
  CHECK_STATUS(weft_group_enter(group), WEFT_EFULL);
  for (i = 0; i < WEFT_GROUP_ENTERED_MAX; ++i) failed += weft_group_leave(group) != WEFT_OK;
  CHECK_EQUAL(failed, 0);
  CHECK_STATUS(weft_group_leave(group), WEFT_EINVALIDSTATE);
  end_group(group);
  end_executor(pool);
}

/* An entry calls no code, so a domain neither counts nor ends it. */
static void a_domain_does_not_count_it(void) {
  weft_executor_t *pool = make_pool(1);
  weft_domain_t *domain = make_domain();
  weft_domain_scope_t scope;
  weft_group_t *group = make_group(pool);
  enter(domain, &scope);
  CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  CHECK_EQUAL(weft_domain_count(domain), 1); /* only this scope */
  leave(&scope);
  end_domain(domain);
  CHECK_STATUS(weft_group_wait(group, 1000), WEFT_ETIMEDOUT);
  leave_some(group, 1);
  end_group(group);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a leave too many changes nothing", a_leave_too_many_changes_nothing},
      {"it is pending until it is left", it_is_pending_until_it_is_left},
      {"a leave wakes who sleeps", a_leave_wakes_who_sleeps},
      {"there is hope as long as something is entered", there_is_hope_as_long_as_something_is_entered},
      {"a wait for it can be interrupted", a_wait_for_it_can_be_interrupted},
      {"neither cancel nor token ends it", neither_cancel_nor_token_ends_it},
      {"nor does the end of the pool", nor_does_the_end_of_the_pool},
      {"it keeps the group", it_keeps_the_group},
      {"the end of a scope waits for it", the_end_of_a_scope_waits_for_it},
      {"the event of a queue comes after it", the_event_of_a_queue_comes_after_it},
      {"tasks of the group enter and leave", tasks_of_the_group_enter_and_leave},
      {"there is a limit", there_is_a_limit},
      {"a domain does not count it", a_domain_does_not_count_it},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
