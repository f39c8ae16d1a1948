/* Tests of groups and timers that are tied to completion queues. */
#include "group.h"
#include "queue.h"

static void bad_arguments_change_nothing(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_timer_t *out = UNTOUCHED(weft_timer_t);
  CHECK_STATUS(weft_group_notify(NULL, queue, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_group_notify(group, NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_create_notify(NULL, queue, 0, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_create_notify(pool, NULL, 0, &out), WEFT_EINVAL);
  CHECK_STATUS(weft_timer_create_notify(pool, queue, 0, NULL), WEFT_EINVAL);
  expect_none(queue);
  CHECK_STATUS(weft_queue_close(queue), WEFT_OK);
  CHECK_STATUS(weft_group_notify(group, queue, 0), WEFT_ECLOSED);
  CHECK_STATUS(weft_timer_create_notify(pool, queue, 0, &out), WEFT_ECLOSED);
  CHECK(out == UNTOUCHED(weft_timer_t));
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

/* --- groups --- */

static void an_empty_group_gives_its_event_at_once(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  CHECK_STATUS(weft_group_notify(group, queue, 1), WEFT_OK);
  pop_the_one(queue, 1, WEFT_EVENT_GROUP, WEFT_OK, 0);
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void the_event_comes_when_nothing_is_pending(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  int counter = 0, round;
  for (round = 1; round <= 3; ++round) {
    gate_t held = GATE_CLOSED;
    gate = held;
    CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
    spawn_counting(group, &counter, 5);
    CHECK_STATUS(weft_group_notify(group, queue, 10), WEFT_OK);
    CHECK_STATUS(weft_group_notify(group, queue, 10), WEFT_OK);
    gate_await(&gate, 1);
    expect_none(queue);
    gate_open(&gate);
    await_the_event(queue, 10, WEFT_EVENT_GROUP, WEFT_OK, 0);
    CHECK_EQUAL(count_of(&counter), round * 10);
    await_the_event(queue, 10, WEFT_EVENT_GROUP, WEFT_OK, 0);
    expect_none(queue);
  }
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void its_status_is_that_of_the_group(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  int counter = 0;
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  spawn_counting(group, &counter, 3);
  gate_await(&gate, 1);
  CHECK_STATUS(weft_group_notify(group, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_group_cancel(group), WEFT_OK);
  gate_open(&gate);
  await_the_event(queue, 1, WEFT_EVENT_GROUP, WEFT_ECANCELED, 0);
  CHECK_EQUAL(count_of(&counter), 3); /* the drops */
  while (weft_group_reset(group) != WEFT_OK) sched_yield();
  CHECK_STATUS(weft_group_spawn(group, NULL, fail_with_42, NULL, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_notify(group, queue, 2), WEFT_OK);
  await_the_event(queue, 2, WEFT_EVENT_GROUP, WEFT_EFAILED, 0);
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void neither_group_nor_queue_need_be_kept(void) {
  weft_queue_t *queue = make_queue(), *gone = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  gate_t gate = GATE_CLOSED;
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_notify(group, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_group_notify(group, gone, 2), WEFT_OK);
  weft_group_unref(group);
  weft_queue_unref(gone);
  gate_open(&gate);
  await_the_event(queue, 1, WEFT_EVENT_GROUP, WEFT_OK, 0);
  end_executor(pool);
  weft_queue_unref(queue);
}

/* Tasks spawn from inside, so workers hold credit. No event may be missed or come early. */
typedef struct nest {
  weft_group_t *group;
  int *ran;
  int depth;
} nest_t;

static nest_t levels[8];

static weft_status spawn_level(void *ctx, void **result, weft_error_t **error) {
  nest_t *self = (nest_t *)ctx;
  int i;
  (void)result;
  (void)error;
  __atomic_add_fetch(self->ran, 1, __ATOMIC_RELAXED);
  for (i = 0; self->depth > 0 && i < 4; ++i)
    CHECK_STATUS(weft_group_spawn(self->group, NULL, spawn_level, self - 1, NULL), WEFT_OK);
  return WEFT_OK;
}

static void nothing_is_told_early(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(3);
  int round, rounds = check_rounds(200, 20000), i;
  for (round = 0; round < rounds; ++round) {
    weft_group_t *group = make_group(pool);
    int ran = 0, expected = 0, width = 1, deepest = round % 5;
    for (i = 0; i < 8; ++i) {
      levels[i].group = group;
      levels[i].ran = &ran;
      levels[i].depth = i;
    }
    for (i = 0; i <= deepest; ++i, width *= 4) expected += width;
    CHECK_STATUS(weft_group_spawn(group, NULL, spawn_level, &levels[deepest], NULL), WEFT_OK);
    CHECK_STATUS(weft_group_notify(group, queue, (uint64_t)round), WEFT_OK);
    if (round % 2) weft_group_unref(group);
    await_the_event(queue, (uint64_t)round, WEFT_EVENT_GROUP, WEFT_OK, 0);
    CHECK_EQUAL(count_of(&ran), expected);
    if (round % 2 == 0) weft_group_unref(group);
  }
  expect_none(queue);
  end_executor(pool);
  weft_queue_unref(queue);
}

/* --- timers --- */

static weft_timer_t *make_timer(weft_executor_t *executor, weft_queue_t *queue, uint64_t tag) {
  weft_timer_t *timer = NULL;
  CHECK_STATUS(weft_timer_create_notify(executor, queue, tag, &timer), WEFT_OK);
  return timer;
}

static void a_timer_ticks_into_the_queue(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool), *both[2];
  int i;
  both[0] = pool;
  both[1] = strand;
  for (i = 0; i < 2; ++i) {
    weft_timer_t *timer = make_timer(both[i], queue, 5);
    int64_t began = now_ns();
    CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
    CHECK_STATUS(weft_timer_arm(timer, 2 * WEFT_MILLISECOND), WEFT_OK);
    await_the_event(queue, 5, WEFT_EVENT_TIMER, WEFT_OK, 1);
    CHECK(now_ns() - began >= 2 * WEFT_MILLISECOND);
    CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
    CHECK_STATUS(weft_timer_arm(timer, 3600 * WEFT_SECOND), WEFT_OK);
    CHECK_STATUS(weft_timer_cancel(timer), WEFT_OK);
    CHECK_STATUS(weft_timer_arm_at(timer, 0), WEFT_OK);
    await_the_event(queue, 5, WEFT_EVENT_TIMER, WEFT_OK, 1);
    weft_timer_unref(timer);
  }
  expect_none(queue);
  end_executor(strand);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void ticks_that_wait_are_one_event(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *mine = make_caller_run();
  weft_timer_t *timer = make_timer(mine, queue, 6), *gone = make_timer(mine, queue, 7);
  weft_event_t events[3];
  int i;
  for (i = 0; i < 4; ++i) {
    CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_OK);
    if (i == 1) CHECK_STATUS(weft_timer_arm(gone, 0), WEFT_OK);
    CHECK_STATUS(weft_executor_run(mine, 0, 0, NULL), WEFT_OK);
  }
  weft_timer_unref(gone); /* the event of its tick stays */
  REQUIRE(CHECK_EQUAL(pop_some(queue, events, 3), 2));
  expect_event(&events[0], 6, WEFT_EVENT_TIMER, WEFT_OK, 4);
  expect_event(&events[1], 7, WEFT_EVENT_TIMER, WEFT_OK, 1);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_OK);
  CHECK_STATUS(weft_executor_run(mine, 0, 0, NULL), WEFT_OK);
  pop_the_one(queue, 6, WEFT_EVENT_TIMER, WEFT_OK, 1); /* the count begins at one again */
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_OK);
  weft_queue_unref(queue); /* the timer goes on ticking, without a queue */
  CHECK_STATUS(weft_executor_run(mine, 0, 0, NULL), WEFT_OK);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_EDONE);
  weft_timer_unref(timer);
  end_executor(mine);
}

static void periods_are_counted(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_timer_t *timer = make_timer(pool, queue, 8);
  int64_t began = now_ns();
  uint64_t ticks = 0;
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 100 * WEFT_MICROSECOND, WEFT_MISSED_CATCH_UP), WEFT_OK);
  while (ticks < 50) {
    weft_event_t event = await_event(queue);
    CHECK_EQUAL(event.kind, WEFT_EVENT_TIMER);
    CHECK(event.value >= 1);
    ticks += event.value;
  }
  CHECK(now_ns() - began >= 49 * 100 * WEFT_MICROSECOND);
  CHECK_STATUS(weft_timer_cancel(timer), WEFT_OK); /* armed between ticks: a tick that only notifies never runs */
  CHECK(ticks + pop_some(queue, &(weft_event_t){0, 0, 0, 0, 0}, 1) >= 50);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_SKIP), WEFT_OK); /* a period shorter than a tick */
  for (ticks = 0; ticks < 3; ++ticks) CHECK_EQUAL(await_event(queue).tag, 8);
  CHECK_STATUS(weft_timer_arm_every(timer, 0, 1, WEFT_MISSED_DELAY), WEFT_OK);
  for (ticks = 0; ticks < 3; ++ticks) CHECK_EQUAL(await_event(queue).tag, 8);
  weft_timer_unref(timer);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void a_timer_ends_with_its_executor(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_timer_t *timer = make_timer(pool, queue, 9), *out = UNTOUCHED(weft_timer_t);
  CHECK_STATUS(weft_timer_arm(timer, 3600 * WEFT_SECOND), WEFT_OK);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_timer_arm(timer, 0), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_timer_create_notify(pool, queue, 9, &out), WEFT_ESHUTDOWN);
  CHECK(out == UNTOUCHED(weft_timer_t));
  weft_timer_unref(timer);
  weft_executor_unref(pool);
  expect_none(queue);
  weft_queue_unref(queue);
}

static weft_status failing_initializer(void *ctx, weft_error_t **error) {
  (void)ctx;
  (void)error;
  return 1;
}

static void a_broken_pool_takes_no_timer(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_timer_t *out = UNTOUCHED(weft_timer_t);
  weft_executor_options_init(&options);
  options.initializer = failing_initializer;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_OK);
  end_future(submit(pool, return_ctx, NULL, NULL));
  CHECK_STATUS(weft_timer_create_notify(pool, queue, 9, &out), WEFT_EBROKEN);
  CHECK(out == UNTOUCHED(weft_timer_t));
  weft_executor_unref(pool);
  weft_queue_unref(queue);
}

/* The only worker waits in the queue when the task comes that gives the event, so it runs that task. */
typedef struct late {
  weft_group_t *group;
  weft_queue_t *queue;
  uint64_t tid; /* atomic */
} late_t;

static weft_status wait_for_the_group(void *ctx, void **result, weft_error_t **error) {
  late_t *late = (late_t *)ctx;
  weft_event_t event;
  size_t count = 0;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_notify(late->group, late->queue, 3), WEFT_OK);
  __atomic_store_n(&late->tid, own_tid(), __ATOMIC_RELEASE);
  CHECK_STATUS(weft_queue_wait(late->queue, &event, 1, WEFT_FOREVER, &count), WEFT_OK);
  if (CHECK_EQUAL(count, 1)) expect_event(&event, 3, WEFT_EVENT_GROUP, WEFT_OK, 0);
  return WEFT_OK;
}

static void a_waiter_runs_what_is_spawned_while_it_sleeps(void) {
  weft_executor_t *pool = make_pool(1);
  late_t late = {NULL, NULL, 0};
  weft_future_t *waits;
  int runs = 0;
  late.group = make_group(pool);
  late.queue = make_queue();
  CHECK_STATUS(weft_group_enter(late.group), WEFT_OK);
  waits = submit(pool, wait_for_the_group, &late, NULL);
  while (__atomic_load_n(&late.tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(__atomic_load_n(&late.tid, __ATOMIC_ACQUIRE));
  spawn_counting(late.group, &runs, 1);
  CHECK_STATUS(weft_group_leave(late.group), WEFT_OK);
  end_future(waits);
  CHECK_EQUAL(count_of(&runs), 2); /* its run and its drop */
  end_group(late.group);
  weft_queue_unref(late.queue);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"an empty group gives its event at once", an_empty_group_gives_its_event_at_once},
      {"the event comes when nothing is pending", the_event_comes_when_nothing_is_pending},
      {"its status is that of the group", its_status_is_that_of_the_group},
      {"neither group nor queue need be kept", neither_group_nor_queue_need_be_kept},
      {"nothing is told early", nothing_is_told_early},
      {"a timer ticks into the queue", a_timer_ticks_into_the_queue},
      {"ticks that wait are one event", ticks_that_wait_are_one_event},
      {"periods are counted", periods_are_counted},
      {"a timer ends with its executor", a_timer_ends_with_its_executor},
      {"a broken pool takes no timer", a_broken_pool_takes_no_timer},
      {"a waiter runs what is spawned while it sleeps", a_waiter_runs_what_is_spawned_while_it_sleeps},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
