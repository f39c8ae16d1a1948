/* Tests of weft_future_untie and weft_group_untie, which undo ties to completion queues. */
#include "group.h"
#include "queue.h"

static void bad_arguments_change_nothing(void) {
  weft_queue_t *queue = make_queue(), *other = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_future_t *future = make_promise(NULL);
  gate_t gate = GATE_CLOSED;
  CHECK_STATUS(weft_future_untie(NULL, queue, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_future_untie(future, NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_group_untie(NULL, queue, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_group_untie(group, NULL, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_future_untie(future, queue, 0), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_notify(future, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_future_untie(future, queue, 2), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_untie(future, other, 1), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_untie(group, queue, 0), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_group_notify(group, queue, 3), WEFT_OK);
  CHECK_STATUS(weft_group_untie(group, queue, 4), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_group_untie(group, other, 3), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  await_the_event(queue, 1, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  gate_open(&gate);
  await_the_event(queue, 3, WEFT_EVENT_GROUP, WEFT_OK, 0);
  weft_future_unref(future);
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
  weft_queue_unref(other);
}

static void count_callback(void *ctx, weft_future_t *future) {
  (void)future;
  ++*(int *)ctx;
}

/* Only the given tie is undone. Callbacks, continuations and other ties of the future stay. */
static void one_tie_of_a_future_is_undone(void) {
  weft_queue_t *queue = make_queue(), *other = make_queue();
  weft_event_t events[4];
  int undone, calls;
  for (undone = 1; undone <= 3; ++undone) {
    weft_future_t *future = make_promise(NULL), *next = NULL;
    size_t i;
    calls = 0;
    CHECK_STATUS(weft_future_notify(future, queue, 1), WEFT_OK);
    CHECK_STATUS(weft_future_add_done_callback(future, count_callback, &calls, NULL), WEFT_OK);
    CHECK_STATUS(weft_future_notify(future, queue, 2), WEFT_OK);
    CHECK_STATUS(weft_when_all(&future, 1, &next), WEFT_OK);
    CHECK_STATUS(weft_future_notify(future, other, (uint64_t)undone), WEFT_OK);
    CHECK_STATUS(weft_future_notify(future, queue, 3), WEFT_OK);
    CHECK_STATUS(weft_future_untie(future, queue, (uint64_t)undone), WEFT_OK);
    CHECK_STATUS(weft_future_untie(future, queue, (uint64_t)undone), WEFT_EINVALIDSTATE);
    CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
    if (CHECK_EQUAL(pop_some(queue, events, 4), 2))
      for (i = 0; i < 2; ++i) CHECK(events[i].tag != (uint64_t)undone);
    pop_the_one(other, (uint64_t)undone, WEFT_EVENT_FUTURE, WEFT_OK, 0);
    CHECK_EQUAL(calls, 1);
    CHECK_EQUAL(weft_future_done(next), 1);
    weft_future_unref(next);
    weft_future_unref(future);
  }
  weft_queue_unref(queue);
  weft_queue_unref(other);
}

static void the_only_tie_of_a_future_is_undone(void) {
  weft_queue_t *queue = make_queue();
  weft_future_t *kept = make_promise(NULL), *given_up = make_promise(NULL);
  int32_t fd = fd_of(queue);
  CHECK_STATUS(weft_future_notify(kept, queue, 7), WEFT_OK);
  CHECK_STATUS(weft_future_untie(kept, queue, 7), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(kept, NULL), WEFT_OK);
  CHECK(!is_readable(fd));
  expect_none(queue);
  CHECK_STATUS(weft_future_notify(given_up, queue, 8), WEFT_OK);
  CHECK_STATUS(weft_future_notify(given_up, queue, 8), WEFT_OK);
  CHECK_STATUS(weft_future_untie(given_up, queue, 8), WEFT_OK); /* one of the two */
  weft_future_unref(given_up);
  pop_the_one(queue, 8, WEFT_EVENT_FUTURE, WEFT_ECANCELED, 0);
  weft_future_unref(kept);
  weft_queue_unref(queue);
}

static void too_late_is_told(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  weft_future_t *future = make_promise(NULL);
  gate_t gate = GATE_CLOSED;
  CHECK_STATUS(weft_future_notify(future, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  CHECK_STATUS(weft_future_untie(future, queue, 1), WEFT_EDONE);
  pop_the_one(queue, 1, WEFT_EVENT_FUTURE, WEFT_ECANCELED, 0);
  CHECK_STATUS(weft_future_untie(future, queue, 1), WEFT_EDONE);
  CHECK_STATUS(weft_group_notify(group, queue, 2), WEFT_OK);
  CHECK_STATUS(weft_group_untie(group, queue, 2), WEFT_EDONE);
  pop_the_one(queue, 2, WEFT_EVENT_GROUP, WEFT_OK, 0);
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_untie(group, queue, 2), WEFT_EINVALIDSTATE); /* the tie was of an earlier round */
  gate_open(&gate);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  expect_none(queue);
  weft_future_unref(future);
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void of_a_closed_queue_too(void) {
  weft_queue_t *queue = make_queue();
  weft_future_t *future = make_promise(NULL);
  CHECK_STATUS(weft_future_notify(future, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_queue_close(queue), WEFT_OK);
  CHECK_STATUS(weft_future_untie(future, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_future_untie(future, queue, 1), WEFT_EINVALIDSTATE);
  weft_queue_unref(queue);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  weft_future_unref(future);
}

static void one_tie_of_a_group_is_undone(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = make_group(pool);
  weft_event_t events[4];
  int undone;
  for (undone = 0; undone <= 3; ++undone) {
    gate_t gate = GATE_CLOSED;
    uint64_t tag, sum = 0;
    CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
    for (tag = 1; tag <= 3; ++tag) CHECK_STATUS(weft_group_notify(group, queue, tag), WEFT_OK);
    for (tag = 1; tag <= 3; ++tag)
      if (undone == 0 || tag == (uint64_t)undone) CHECK_STATUS(weft_group_untie(group, queue, tag), WEFT_OK);
    gate_open(&gate);
    CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
    if (undone != 0) {
      for (tag = 0; tag < 2; ++tag) sum += await_event(queue).tag;
      CHECK_EQUAL(sum, 6 - (uint64_t)undone);
    }
    CHECK_EQUAL(pop_some(queue, events, 4), 0);
  }
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

/* A task waits for events. The only tie that it could help with is undone, and the task goes on waiting. */
static weft_status wait_for_two(void *ctx, void **result, weft_error_t **error) {
  weft_queue_t *queue = (weft_queue_t *)ctx;
  (void)result;
  (void)error;
  CHECK_EQUAL(await_event(queue).tag, 1);
  CHECK_EQUAL(await_event(queue).tag, 2);
  return WEFT_OK;
}

static void a_task_that_waits_is_not_misled(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1), *mine = make_caller_run();
  weft_future_t *waiting = submit(pool, wait_for_two, queue, NULL), *never = submit(mine, return_ctx, NULL, NULL);
  int i;
  for (i = 0; i < 1000; ++i) {
    CHECK_STATUS(weft_future_notify(never, queue, 9), WEFT_OK);
    CHECK_STATUS(weft_future_untie(never, queue, 9), WEFT_OK);
    if (i == 500) CHECK_STATUS(weft_queue_post(queue, 1, 0), WEFT_OK);
  }
  CHECK_STATUS(weft_queue_post(queue, 2, 0), WEFT_OK);
  CHECK_STATUS(weft_future_wait(waiting, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_future_cancel(never), WEFT_OK);
  weft_future_unref(waiting);
  weft_future_unref(never);
  end_executor(mine);
  end_executor(pool);
  weft_queue_unref(queue);
}

/* A tie is undone just when its future or group ends. Either its event comes, or the call returns that it will not. */
typedef struct untier {
  weft_future_t *future;
  weft_group_t *group;
  weft_queue_t *queue;
  weft_status answer;
} untier_t;

static void *untie_now(void *ctx) {
  untier_t *self = (untier_t *)ctx;
  self->answer = self->group != NULL ? weft_group_untie(self->group, self->queue, 1)
                                     : weft_future_untie(self->future, self->queue, 1);
  return NULL;
}

static void either_the_event_or_the_word(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = make_group(pool);
  int round, rounds = check_rounds(300, 30000), undone = 0, counter = 0;
  for (round = 0; round < rounds; ++round) {
    untier_t two[2];
    pthread_t threads[2];
    int i, own = 0;
    weft_event_t event;
    memset(two, 0, sizeof two);
    for (i = 0; i < 2; ++i) {
      two[i].queue = queue;
      if (round % 2) two[i].group = group;
    }
    if (round % 2) {
      spawn_counting(group, &counter, 1 + round % 5);
      CHECK_STATUS(weft_group_notify(group, queue, 1), WEFT_OK);
    } else {
      two[0].future = two[1].future = submit(pool, return_ctx, NULL, NULL);
      CHECK_STATUS(weft_future_notify(two[0].future, queue, 1), WEFT_OK);
    }
    for (i = 0; i < 2; ++i) REQUIRE(CHECK(pthread_create(&threads[i], NULL, untie_now, &two[i]) == 0));
    for (i = 0; i < 2; ++i) {
      CHECK(pthread_join(threads[i], NULL) == 0);
      if (two[i].answer == WEFT_OK) ++own;
      CHECK(two[i].answer == WEFT_OK || two[i].answer == WEFT_EDONE || two[i].answer == WEFT_EINVALIDSTATE);
    }
    if (round % 2)
      CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
    else
      end_future(two[0].future);
    CHECK(own <= 1);
    undone += own;
    if (own == 0) await_the_event(queue, 1, round % 2 ? WEFT_EVENT_GROUP : WEFT_EVENT_FUTURE, WEFT_OK, 0);
    CHECK_EQUAL(pop_some(queue, &event, 1), 0);
  }
  printf("# %d of %d were undone in time\n", undone, rounds);
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"one tie of a future is undone", one_tie_of_a_future_is_undone},
      {"the only tie of a future is undone", the_only_tie_of_a_future_is_undone},
      {"one tie of a group is undone", one_tie_of_a_group_is_undone},
      {"too late is told", too_late_is_told},
      {"of a closed queue too", of_a_closed_queue_too},
      {"a task that waits is not misled", a_task_that_waits_is_not_misled},
      {"either the event or the word", either_the_event_or_the_word},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
