/* Tests of memory that runs out under completion queues (see nomem.h): a tie that was made needs no more memory. */
#include "group.h"
#include "nomem.h"
#include "queue.h"

static weft_status attempt_create(void) {
  weft_queue_t *queue = UNTOUCHED(weft_queue_t);
  weft_status status = ARMED(weft_queue_create(NULL, &queue));
  if (status == WEFT_OK)
    weft_queue_unref(queue);
  else
    CHECK(queue == UNTOUCHED(weft_queue_t));
  return status;
}

/* Recycled memory is not allocated again, so each attempt is made on a thread that weft has not met. */
typedef struct attempt_there {
  weft_status (*make)(struct attempt_there *self);
  weft_queue_t *queue;
  void *what;
  weft_status status;
  int refused, made;
} attempt_there_t;

static void *attempt_on_thread(void *ctx) {
  attempt_there_t *self = (attempt_there_t *)ctx;
  self->status = self->make(self);
  self->refused = refused;
  return NULL;
}

static weft_status attempt_elsewhere(weft_status (*make)(attempt_there_t *self), weft_queue_t *queue, void *what,
                                     int *made) {
  attempt_there_t there = {NULL, NULL, NULL, WEFT_OK, 0, 0};
  pthread_t thread;
  there.make = make;
  there.queue = queue;
  there.what = what;
  if (CHECK(pthread_create(&thread, NULL, attempt_on_thread, &there) == 0)) pthread_join(thread, NULL);
  refused += there.refused;
  if (made != NULL) *made = there.made;
  return there.status;
}

static weft_status post_there(attempt_there_t *self) {
  return ARMED(weft_queue_post(self->queue, 1, 2));
}

static weft_status attempt_post(void) {
  weft_queue_t *queue = make_queue();
  weft_status status = attempt_elsewhere(post_there, queue, NULL, NULL);
  if (status == WEFT_OK)
    pop_the_one(queue, 1, WEFT_EVENT_USER, WEFT_OK, 2);
  else
    expect_none(queue);
  weft_queue_unref(queue);
  return status;
}

/* So many ties that recycled memory is not enough. Each tie that was made gives its event, and no other event comes. */
enum { most_ties = 8000 };

static void expect_events(weft_queue_t *queue, uint32_t kind, int expected) {
  int i;
  for (i = 0; i < expected; ++i) {
    weft_event_t event;
    if (!CHECK_EQUAL(pop_some(queue, &event, 1), 1)) return;
    expect_event(&event, (uint64_t)i, kind, WEFT_OK, 0);
  }
  expect_none(queue);
}

static weft_status tie_future_there(attempt_there_t *self) {
  weft_status status = WEFT_OK;
  while (status == WEFT_OK && self->made < most_ties) {
    status = ARMED(weft_future_notify((weft_future_t *)self->what, self->queue, (uint64_t)self->made));
    self->made += status == WEFT_OK;
  }
  return status;
}

static weft_status attempt_future_notify(void) {
  weft_queue_t *queue = make_queue();
  weft_future_t *future = make_promise(NULL);
  int made = 0;
  weft_status status = attempt_elsewhere(tie_future_there, queue, future, &made);
  CHECK_STATUS(ARMED(weft_future_set_result(future, NULL)), WEFT_OK); /* this needs none */
  CHECK((status == WEFT_OK) == (made == most_ties));
  expect_events(queue, WEFT_EVENT_FUTURE, made);
  weft_future_unref(future);
  weft_queue_unref(queue);
  return status;
}

static weft_status tie_group_there(attempt_there_t *self) {
  weft_status status = WEFT_OK;
  while (status == WEFT_OK && self->made < most_ties) {
    status = ARMED(weft_group_notify((weft_group_t *)self->what, self->queue, (uint64_t)self->made));
    self->made += status == WEFT_OK;
  }
  return status;
}

static weft_status attempt_group_notify(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_group_t *group = make_group(pool);
  int made = 0;
  weft_status status = attempt_elsewhere(tie_group_there, queue, group, &made);
  CHECK((status == WEFT_OK) == (made == most_ties));
  expect_events(queue, WEFT_EVENT_GROUP, made);
  weft_group_unref(group);
  end_executor(pool);
  weft_queue_unref(queue);
  return status;
}

static weft_status make_timer_there(attempt_there_t *self) {
  weft_timer_t *timer = UNTOUCHED(weft_timer_t);
  weft_status status = ARMED(weft_timer_create_notify((weft_executor_t *)self->what, self->queue, 1, &timer));
  if (status == WEFT_OK)
    weft_timer_unref(timer);
  else
    CHECK(timer == UNTOUCHED(weft_timer_t));
  return status;
}

static weft_status attempt_timer_create_notify(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_status status = attempt_elsewhere(make_timer_there, queue, pool, NULL);
  end_executor(pool);
  weft_queue_unref(queue);
  return status;
}

static weft_status wait_there(attempt_there_t *self) {
  weft_event_t event;
  size_t count = 7;
  weft_status status = ARMED(weft_queue_wait(self->queue, &event, 1, 1, &count));
  CHECK(status == WEFT_ENOMEM || status == WEFT_ETIMEDOUT);
  CHECK_EQUAL(count, 7);
  return status == WEFT_ETIMEDOUT ? WEFT_OK : status;
}

static weft_status attempt_wait(void) {
  weft_queue_t *queue = make_queue();
  weft_status status = attempt_elsewhere(wait_there, queue, NULL, NULL);
  weft_queue_unref(queue);
  return status;
}

static const attempt_t attempts[] = {
    ATTEMPT(weft_queue_create, attempt_create),
    ATTEMPT(weft_queue_post, attempt_post),
    ATTEMPT(weft_future_notify, attempt_future_notify),
    ATTEMPT_RECYCLED(weft_group_notify, attempt_group_notify),
    ATTEMPT(weft_timer_create_notify, attempt_timer_create_notify),
    ATTEMPT(weft_queue_wait, attempt_wait),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
