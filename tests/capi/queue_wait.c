/* Tests of weft_queue_wait: which waiter wakes for which event, time-outs, stop requests, closing, and waiting inside
 * tasks. */
#include "group.h"
#include "queue.h"

static void without_time_it_only_looks(void) {
  weft_queue_t *queue = make_queue();
  weft_event_t event;
  size_t count = 7;
  CHECK_STATUS(weft_queue_wait(queue, &event, 1, 0, &count), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_queue_wait(queue, &event, 1, -5, &count), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count, 7);
  CHECK_STATUS(weft_queue_post(queue, 1, 2), WEFT_OK);
  CHECK_STATUS(weft_queue_wait(queue, &event, 1, 0, &count), WEFT_OK);
  CHECK_EQUAL(count, 1);
  expect_event(&event, 1, WEFT_EVENT_USER, WEFT_OK, 2);
  weft_queue_unref(queue);
}

static void a_timeout_is_not_early(void) {
  weft_queue_t *queue = make_queue();
  weft_event_t event;
  size_t count = 7;
  int64_t began = now_ns();
  CHECK_STATUS(weft_queue_wait(queue, &event, 1, 20 * WEFT_MILLISECOND, &count), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 20 * WEFT_MILLISECOND);
  CHECK_EQUAL(count, 7);
  weft_queue_unref(queue);
}

/* A thread that waits, and the outcome of its wait. */
typedef struct waiting {
  weft_queue_t *queue;
  uint64_t tid; /* atomic */
  weft_event_t events[4];
  size_t max, count;
  weft_status status;
} waiting_t;

static weft_status wait_there(void *ctx, weft_error_t **error) {
  waiting_t *self = (waiting_t *)ctx;
  (void)error;
  __atomic_store_n(&self->tid, own_tid(), __ATOMIC_RELEASE);
  self->status = weft_queue_wait(self->queue, self->events, self->max, WEFT_FOREVER, &self->count);
  return WEFT_OK;
}

static weft_thread_t *start_waiting(waiting_t *waiting, weft_queue_t *queue, size_t max) {
  weft_thread_t *thread;
  memset(waiting, 0, sizeof *waiting);
  waiting->queue = queue;
  waiting->max = max;
  thread = start_thread(NULL, WEFT_DAEMON_NO, wait_there, waiting, NULL);
  while (__atomic_load_n(&waiting->tid, __ATOMIC_ACQUIRE) == 0) sched_yield();
  await_asleep(waiting->tid);
  return thread;
}

static void a_sleeper_wakes_for_an_event(void) {
  weft_queue_t *queue = make_queue();
  waiting_t waiting;
  weft_thread_t *thread = start_waiting(&waiting, queue, 4);
  CHECK_STATUS(weft_queue_post(queue, 8, 9), WEFT_OK);
  end_thread(thread);
  CHECK_STATUS(waiting.status, WEFT_OK);
  REQUIRE(CHECK_EQUAL(waiting.count, 1));
  expect_event(&waiting.events[0], 8, WEFT_EVENT_USER, WEFT_OK, 9);
  weft_queue_unref(queue);
}

static void each_event_wakes_one(void) {
  enum { sleepers = 4 };
  weft_queue_t *queue = make_queue();
  waiting_t waiting[sleepers];
  weft_thread_t *threads[sleepers];
  uint64_t sum = 0;
  int i;
  for (i = 0; i < sleepers; ++i) threads[i] = start_waiting(&waiting[i], queue, 1);
  for (i = 0; i < sleepers; ++i) CHECK_STATUS(weft_queue_post(queue, UINT64_C(1) << i, 0), WEFT_OK);
  for (i = 0; i < sleepers; ++i) {
    end_thread(threads[i]);
    CHECK_STATUS(waiting[i].status, WEFT_OK);
    CHECK_EQUAL(waiting[i].count, 1);
    sum += waiting[i].events[0].tag;
  }
  CHECK_EQUAL(sum, (1 << sleepers) - 1);
  expect_none(queue);
  weft_queue_unref(queue);
}

static void closing_wakes_all(void) {
  weft_queue_t *queue = make_queue();
  waiting_t one, two;
  weft_thread_t *first = start_waiting(&one, queue, 1), *second = start_waiting(&two, queue, 1);
  CHECK_STATUS(weft_queue_close(queue), WEFT_OK);
  end_thread(first);
  end_thread(second);
  CHECK_STATUS(one.status, WEFT_ECLOSED);
  CHECK_STATUS(two.status, WEFT_ECLOSED);
  weft_queue_unref(queue);
}

static void a_stop_request_ends_the_wait(void) {
  weft_queue_t *queue = make_queue();
  waiting_t one, two;
  weft_thread_t *asked = start_waiting(&one, queue, 1), *other = start_waiting(&two, queue, 1);
  CHECK_STATUS(weft_thread_request_stop(asked), WEFT_OK);
  end_thread(asked);
  CHECK_STATUS(one.status, WEFT_EINTERRUPTED);
  CHECK_STATUS(weft_queue_post(queue, 1, 0), WEFT_OK); /* goes to the remaining waiter */
  end_thread(other);
  CHECK_STATUS(two.status, WEFT_OK);
  weft_queue_unref(queue);
}

/* --- inside tasks --- */

typedef struct inside {
  weft_executor_t *executor; /* for the tasks that are tied */
  weft_queue_t *queue;
  int64_t timeout;
  gate_t gate;
  int ran;
  weft_status status;
} inside_t;

static weft_status wait_inside(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  weft_event_t event;
  size_t count;
  (void)result;
  (void)error;
  gate_pass(&self->gate);
  self->status = weft_queue_wait(self->queue, &event, 1, WEFT_FOREVER, &count);
  return WEFT_OK;
}

static weft_status expect_interruption(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  weft_event_t event;
  size_t count = 7;
  (void)result;
  (void)error;
  gate_pass(&self->gate);
  CHECK_STATUS(weft_queue_wait(self->queue, &event, 1, WEFT_FOREVER, &count), WEFT_EINTERRUPTED);
  CHECK_EQUAL(count, 7);
  return WEFT_OK;
}

static void a_task_that_is_asked_to_stop_is_interrupted(void) {
  weft_executor_t *pool = make_pool(1);
  inside_t inside = {NULL, NULL, 0, GATE_CLOSED, 0, 0};
  weft_future_t *future;
  weft_event_t event;
  size_t count;
  inside.queue = make_queue();
  gate_open(&inside.gate);
  future = submit(pool, expect_interruption, &inside, NULL);
  gate_await(&inside.gate, 1);
  CHECK_STATUS(weft_future_request_stop(future), WEFT_OK);
  end_future(future);
  CHECK_STATUS(weft_queue_wait(inside.queue, &event, 1, 0, &count), WEFT_ETIMEDOUT);
  end_executor(pool);
  weft_queue_unref(inside.queue);
}

enum { tied_tasks = 20 };

static weft_status wait_for_own_tasks(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  weft_future_t *futures[tied_tasks];
  int seen = 0, i;
  (void)result;
  (void)error;
  for (i = 0; i < tied_tasks; ++i) {
    futures[i] = submit(self->executor, count_run, &self->ran, NULL);
    CHECK_STATUS(weft_future_notify(futures[i], self->queue, (uint64_t)i), WEFT_OK);
  }
  for (i = 0; i < tied_tasks; ++i) {
    weft_event_t event;
    size_t count = 0;
    if (!CHECK_STATUS(weft_queue_wait(self->queue, &event, 1, self->timeout, &count), WEFT_OK)) break;
    seen |= 1 << event.tag;
    CHECK_STATUS(event.status, WEFT_OK);
  }
  CHECK_EQUAL(seen, (1 << tied_tasks) - 1);
  for (i = 0; i < tied_tasks; ++i) weft_future_unref(futures[i]);
  return WEFT_OK;
}

static void check_inside(weft_executor_t *waits_on, weft_executor_t *tied_on, int64_t timeout, weft_task_fn body) {
  inside_t inside = {NULL, NULL, 0, GATE_CLOSED, 0, 0};
  inside.executor = tied_on;
  inside.queue = make_queue();
  inside.timeout = timeout;
  end_future(submit(waits_on, body, &inside, NULL));
  CHECK_EQUAL(count_of(&inside.ran), tied_tasks);
  expect_none(inside.queue);
  weft_queue_unref(inside.queue);
}

static void a_task_waits_for_tasks_of_its_own_pool(void) {
  weft_executor_t *pool = make_pool(1), *strand = make_strand(pool);
  check_inside(pool, pool, WEFT_FOREVER, wait_for_own_tasks);
  check_inside(pool, pool, 3600 * WEFT_SECOND, wait_for_own_tasks);
  check_inside(pool, strand, WEFT_FOREVER, wait_for_own_tasks);
  end_executor(strand);
  end_executor(pool);
}

static weft_status wait_for_own_group(void *ctx, void **result, weft_error_t **error) {
  inside_t *self = (inside_t *)ctx;
  weft_group_t *group = make_group(self->executor);
  (void)result;
  (void)error;
  spawn_counting(group, &self->ran, tied_tasks / 2); /* run and drop count one each */
  CHECK_STATUS(weft_group_notify(group, self->queue, 3), WEFT_OK);
  weft_group_unref(group);
  await_the_event(self->queue, 3, WEFT_EVENT_GROUP, WEFT_OK, 0);
  return WEFT_OK;
}

static void a_task_waits_for_a_group_of_its_own_pool(void) {
  weft_executor_t *pool = make_pool(1);
  check_inside(pool, pool, 0, wait_for_own_group);
  end_executor(pool);
}

/* The only worker sleeps in the wait when a task of its pool is tied. The tie must wake it to run that task. */
static void a_tie_that_comes_late_is_helped_with(void) {
  weft_executor_t *pool = make_pool(1);
  inside_t inside = {NULL, NULL, 0, GATE_CLOSED, 0, 0};
  weft_future_t *waits, *tied;
  int ran = 0;
  inside.queue = make_queue();
  gate_open(&inside.gate);
  waits = submit(pool, wait_inside, &inside, NULL);
  gate_await(&inside.gate, 1);
  tied = submit(pool, count_run, &ran, NULL);
  CHECK_STATUS(weft_future_notify(tied, inside.queue, 1), WEFT_OK);
  end_future(waits);
  CHECK_STATUS(inside.status, WEFT_OK);
  CHECK_EQUAL(count_of(&ran), 1);
  end_future(tied);
  end_executor(pool);
  weft_queue_unref(inside.queue);
}

/* Several producers and consumers: each event comes once. */
enum { users = 3 };
typedef struct use {
  weft_queue_t *queue;
  uint64_t count, sum;
} use_t;

static void *produce(void *ctx) {
  use_t *self = (use_t *)ctx;
  uint64_t i;
  for (i = 1; i <= self->count; ++i) {
    CHECK_STATUS(weft_queue_post(self->queue, 0, i), WEFT_OK);
    self->sum += i;
  }
  return NULL;
}

static void *consume(void *ctx) {
  use_t *self = (use_t *)ctx;
  weft_event_t events[3];
  size_t count, i;
  while (weft_queue_wait(self->queue, events, 3, WEFT_FOREVER, &count) == WEFT_OK)
    for (i = 0; i < count; ++i) {
      self->sum += events[i].value;
      ++self->count;
    }
  return NULL;
}

static void each_event_comes_once(void) {
  use_t producers[users], consumers[users];
  pthread_t making[users], taking[users];
  weft_queue_t *queue = make_queue();
  uint64_t each = (uint64_t)check_rounds(20000, 1000000), sum = 0, count = 0;
  int i;
  for (i = 0; i < users; ++i) {
    producers[i].queue = consumers[i].queue = queue;
    producers[i].count = each;
    consumers[i].count = producers[i].sum = consumers[i].sum = 0;
    CHECK(pthread_create(&taking[i], NULL, consume, &consumers[i]) == 0);
    CHECK(pthread_create(&making[i], NULL, produce, &producers[i]) == 0);
  }
  for (i = 0; i < users; ++i) {
    pthread_join(making[i], NULL);
    sum += producers[i].sum;
  }
  CHECK_STATUS(weft_queue_close(queue), WEFT_OK);
  for (i = 0; i < users; ++i) {
    pthread_join(taking[i], NULL);
    sum -= consumers[i].sum;
    count += consumers[i].count;
  }
  CHECK_EQUAL(sum, 0);
  CHECK_EQUAL(count, users * each);
  weft_queue_unref(queue);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"without time it only looks", without_time_it_only_looks},
      {"a timeout is not early", a_timeout_is_not_early},
      {"a sleeper wakes for an event", a_sleeper_wakes_for_an_event},
      {"each event wakes one", each_event_wakes_one},
      {"closing wakes all", closing_wakes_all},
      {"a stop request ends the wait", a_stop_request_ends_the_wait},
      {"a task that is asked to stop is interrupted", a_task_that_is_asked_to_stop_is_interrupted},
      {"a task waits for tasks of its own pool", a_task_waits_for_tasks_of_its_own_pool},
      {"a task waits for a group of its own pool", a_task_waits_for_a_group_of_its_own_pool},
      {"a tie that comes late is helped with", a_tie_that_comes_late_is_helped_with},
      {"each event comes once", each_event_comes_once},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
