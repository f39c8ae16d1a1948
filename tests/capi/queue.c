/* Tests of weft/queue.h: events in and out, the descriptor, closing, and tied futures. Waiting is in queue_wait.c,
 * groups and timers are in queue_ties.c.
 */
#include "queue.h"

#include <fcntl.h>

#include "child.h"

static void bad_arguments_change_nothing(void) {
  weft_queue_t *queue = make_queue(), *out = UNTOUCHED(weft_queue_t);
  weft_queue_options_t options;
  weft_event_t event;
  weft_future_t *future = make_promise(NULL);
  size_t count = 7;
  int32_t fd = 7;
  weft_queue_options_init(&options);
  options.flags = 1;
  CHECK_STATUS(weft_queue_create(NULL, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_create(&options, &out), WEFT_EINVAL);
  options.flags = 0;
  options.size = 4;
  CHECK_STATUS(weft_queue_create(&options, &out), WEFT_EINVAL);
  CHECK(out == UNTOUCHED(weft_queue_t));
  CHECK_STATUS(weft_queue_fd(NULL, &fd), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_fd(queue, NULL), WEFT_EINVAL);
  CHECK_EQUAL(fd, 7);
  CHECK_STATUS(weft_queue_post(queue, 1, 2), WEFT_OK);
  CHECK_STATUS(weft_queue_pop(NULL, &event, 1, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_pop(queue, NULL, 1, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_pop(queue, &event, 0, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_pop(queue, &event, 1, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_wait(NULL, &event, 1, 0, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_wait(queue, NULL, 1, 0, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_wait(queue, &event, 0, 0, &count), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_wait(queue, &event, 1, 0, NULL), WEFT_EINVAL);
  CHECK_EQUAL(count, 7);
  CHECK_STATUS(weft_queue_post(NULL, 1, 2), WEFT_EINVAL);
  CHECK_STATUS(weft_queue_close(NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_future_notify(NULL, queue, 0), WEFT_EINVAL);
  CHECK_STATUS(weft_future_notify(future, NULL, 0), WEFT_EINVAL);
  CHECK(weft_queue_ref(NULL) == NULL);
  weft_queue_unref(NULL);
  pop_the_one(queue, 1, WEFT_EVENT_USER, WEFT_OK, 2);
  weft_future_unref(future);
  weft_queue_unref(queue);
}

static void events_come_out_in_order(void) {
  weft_queue_t *queue = make_queue();
  weft_event_t events[8];
  uint64_t i;
  expect_none(queue);
  for (i = 0; i < 5; ++i) CHECK_STATUS(weft_queue_post(queue, i, UINT64_MAX - i), WEFT_OK);
  CHECK_EQUAL(pop_some(queue, events, 2), 2);
  CHECK_EQUAL(pop_some(queue, events + 2, 6), 3);
  for (i = 0; i < 5; ++i) expect_event(&events[i], i, WEFT_EVENT_USER, WEFT_OK, UINT64_MAX - i);
  expect_none(queue);
  weft_queue_unref(queue);
}

static void the_descriptor_is_readable_exactly_while_events_wait(void) {
  weft_queue_t *queue = make_queue();
  weft_event_t event;
  int fd = fd_of(queue);
  CHECK(fd >= 0);
  CHECK(!is_readable(fd));
  CHECK_STATUS(weft_queue_post(queue, 1, 0), WEFT_OK);
  CHECK(is_readable(fd));
  CHECK_STATUS(weft_queue_post(queue, 2, 0), WEFT_OK);
  CHECK_EQUAL(pop_some(queue, &event, 1), 1);
  CHECK(is_readable(fd)); /* one event is left */
  CHECK_EQUAL(pop_some(queue, &event, 1), 1);
  CHECK(!is_readable(fd));
  expect_none(queue);
  CHECK_STATUS(weft_queue_post(queue, 3, 0), WEFT_OK);
  CHECK(is_readable(fd));
  CHECK_EQUAL(await_event(queue).tag, 3); /* a wait takes the event out too */
  CHECK(!is_readable(fd));
  CHECK_EQUAL(fd_of(queue), fd);
  weft_queue_unref(queue);
}

static void a_descriptor_that_is_asked_for_late_knows_what_waits(void) {
  weft_queue_t *full = make_queue(), *closed = make_queue();
  int fd;
  CHECK_STATUS(weft_queue_post(full, 1, 0), WEFT_OK);
  fd = fd_of(full);
  CHECK(is_readable(fd));
  pop_the_one(full, 1, WEFT_EVENT_USER, WEFT_OK, 0);
  CHECK(!is_readable(fd));
  CHECK_STATUS(weft_queue_close(closed), WEFT_OK);
  CHECK(is_readable(fd_of(closed)));
  weft_queue_unref(full);
  weft_queue_unref(closed);
}

static void closing_leaves_what_is_in_it(void) {
  weft_queue_t *queue = make_queue();
  weft_future_t *future = make_promise(NULL);
  weft_event_t event;
  size_t count = 7;
  int fd = fd_of(queue);
  CHECK_STATUS(weft_future_notify(future, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_queue_post(queue, 2, 22), WEFT_OK);
  CHECK_STATUS(weft_queue_close(queue), WEFT_OK);
  CHECK_STATUS(weft_queue_close(queue), WEFT_OK);
  CHECK_STATUS(weft_queue_post(queue, 3, 0), WEFT_ECLOSED);
  CHECK_STATUS(weft_future_notify(future, queue, 4), WEFT_ECLOSED);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK); /* its event comes too late */
  CHECK_STATUS(weft_future_notify(future, queue, 5), WEFT_ECLOSED);
  CHECK(is_readable(fd));
  pop_the_one(queue, 2, WEFT_EVENT_USER, WEFT_OK, 22);
  CHECK(is_readable(fd));
  CHECK_STATUS(weft_queue_pop(queue, &event, 1, &count), WEFT_ECLOSED);
  CHECK_STATUS(weft_queue_wait(queue, &event, 1, WEFT_FOREVER, &count), WEFT_ECLOSED);
  CHECK_EQUAL(count, 7);
  weft_future_unref(future);
  weft_queue_unref(queue);
}

static void each_end_of_a_future_has_its_status(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(1);
  weft_future_t *future = submit(pool, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_notify(future, queue, 1), WEFT_OK);
  await_the_event(queue, 1, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  CHECK_EQUAL(weft_future_done(future), 1);
  weft_future_unref(future);
  future = submit(pool, fail_with_42, NULL, NULL);
  CHECK_STATUS(weft_future_notify(future, queue, 2), WEFT_OK);
  await_the_event(queue, 2, WEFT_EVENT_FUTURE, WEFT_EFAILED, 0);
  weft_future_unref(future);
  future = make_promise(NULL);
  CHECK_STATUS(weft_future_notify(future, queue, 3), WEFT_OK);
  expect_none(queue);
  CHECK_STATUS(weft_future_cancel(future), WEFT_OK);
  pop_the_one(queue, 3, WEFT_EVENT_FUTURE, WEFT_ECANCELED, 0);
  weft_future_unref(future);
  future = make_promise(NULL);
  CHECK_STATUS(weft_future_notify(future, queue, 4), WEFT_OK);
  weft_future_unref(future); /* the last handle: the promise is never kept */
  pop_the_one(queue, 4, WEFT_EVENT_FUTURE, WEFT_ECANCELED, 0);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void a_done_future_gives_its_event_at_once(void) {
  weft_queue_t *queue = make_queue();
  weft_future_t *kept = make_promise(NULL), *failed = make_promise(NULL), *cancelled = make_promise(NULL);
  weft_error_t *error = make_error(5);
  CHECK_STATUS(weft_future_set_result(kept, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_set_error(failed, error), WEFT_OK);
  CHECK_STATUS(weft_future_cancel(cancelled), WEFT_OK);
  CHECK_STATUS(weft_future_notify(kept, queue, 1), WEFT_OK);
  pop_the_one(queue, 1, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  CHECK_STATUS(weft_future_notify(failed, queue, 2), WEFT_OK);
  pop_the_one(queue, 2, WEFT_EVENT_FUTURE, WEFT_EFAILED, 0);
  CHECK_STATUS(weft_future_notify(cancelled, queue, 3), WEFT_OK);
  pop_the_one(queue, 3, WEFT_EVENT_FUTURE, WEFT_ECANCELED, 0);
  weft_error_unref(error);
  weft_future_unref(kept);
  weft_future_unref(failed);
  weft_future_unref(cancelled);
  weft_queue_unref(queue);
}

static void a_future_may_be_tied_several_times(void) {
  weft_queue_t *one = make_queue(), *two = make_queue();
  weft_future_t *future = make_promise(NULL);
  weft_event_t events[4];
  CHECK_STATUS(weft_future_notify(future, one, 1), WEFT_OK);
  CHECK_STATUS(weft_future_notify(future, two, 2), WEFT_OK);
  CHECK_STATUS(weft_future_notify(future, one, 3), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(future, NULL), WEFT_OK);
  CHECK_STATUS(weft_future_notify(future, one, 4), WEFT_OK);
  REQUIRE(CHECK_EQUAL(pop_some(one, events, 4), 3));
  expect_event(&events[0], 1, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  expect_event(&events[1], 3, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  expect_event(&events[2], 4, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  pop_the_one(two, 2, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  weft_future_unref(future);
  weft_queue_unref(one);
  weft_queue_unref(two);
}

static void a_tie_keeps_neither_future_nor_result(void) {
  weft_queue_t *queue = make_queue();
  weft_future_t *future = make_promise(count_drop);
  int drops = 0;
  CHECK_STATUS(weft_future_notify(future, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(future, &drops), WEFT_OK);
  CHECK_EQUAL(count_of(&drops), 0);
  weft_future_unref(future);
  CHECK_EQUAL(count_of(&drops), 1); /* although the event still waits */
  pop_the_one(queue, 1, WEFT_EVENT_FUTURE, WEFT_OK, 0);
  weft_queue_unref(queue);
}

static void ties_outlive_the_queue(void) {
  weft_queue_t *queue = make_queue();
  weft_future_t *done = make_promise(NULL), *given_up = make_promise(NULL), *early = make_promise(NULL);
  int fd = fd_of(queue);
  CHECK_STATUS(weft_future_notify(done, queue, 1), WEFT_OK);
  CHECK_STATUS(weft_future_notify(given_up, queue, 2), WEFT_OK);
  CHECK_STATUS(weft_future_notify(early, queue, 3), WEFT_OK);
  CHECK_STATUS(weft_queue_post(queue, 4, 0), WEFT_OK);
  CHECK_STATUS(weft_future_set_result(early, NULL), WEFT_OK);
  CHECK(weft_queue_ref(queue) == queue);
  weft_queue_unref(queue);
  CHECK(is_readable(fd));
  weft_queue_unref(queue); /* the last handle; two events are lost */
  CHECK(fcntl(fd, F_GETFD) == -1);
  CHECK_STATUS(weft_future_set_result(done, NULL), WEFT_OK);
  weft_future_unref(done);
  weft_future_unref(given_up);
  weft_future_unref(early);
}

static void strands_and_caller_run_executors_and_continuations(void) {
  weft_queue_t *queue = make_queue();
  weft_executor_t *pool = make_pool(2), *strand = make_strand(pool), *mine = make_caller_run();
  weft_future_t *all[4], *on_mine, *both = NULL;
  int i;
  for (i = 0; i < 4; ++i) {
    all[i] = submit(strand, return_ctx, NULL, NULL);
    CHECK_STATUS(weft_future_notify(all[i], queue, (uint64_t)i), WEFT_OK);
  }
  for (i = 0; i < 4; ++i) CHECK_STATUS(await_event(queue).status, WEFT_OK);
  on_mine = submit(mine, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_notify(on_mine, queue, 5), WEFT_OK);
  CHECK_STATUS(weft_when_all(&on_mine, 1, &both), WEFT_OK);
  CHECK_STATUS(weft_future_notify(both, queue, 6), WEFT_OK);
  expect_none(queue);
  CHECK_STATUS(weft_executor_run(mine, 0, WEFT_FOREVER, NULL), WEFT_OK);
  for (i = 0; i < 2; ++i) {
    weft_event_t event = await_event(queue);
    CHECK(event.tag == 5 || event.tag == 6);
    CHECK_STATUS(event.status, WEFT_OK);
  }
  for (i = 0; i < 4; ++i) weft_future_unref(all[i]);
  weft_future_unref(on_mine);
  on_mine = submit(mine, return_ctx, NULL, NULL);
  CHECK_STATUS(weft_future_notify(on_mine, queue, 7), WEFT_OK);
  CHECK_STATUS(weft_executor_shutdown(mine, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_OK);
  await_the_event(queue, 7, WEFT_EVENT_FUTURE, WEFT_ECANCELED, 0);
  weft_future_unref(on_mine);
  weft_future_unref(both);
  weft_executor_unref(mine);
  end_executor(strand);
  end_executor(pool);
  weft_queue_unref(queue);
}

static void without_descriptors(void) {
  weft_queue_t *queue = make_queue();
  struct rlimit limit, none;
  int32_t fd = 7;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  none = limit;
  none.rlim_cur = 3;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  CHECK_STATUS(weft_queue_fd(queue, &fd), WEFT_EAGAIN);
  CHECK_EQUAL(fd, 7);
  CHECK_STATUS(weft_queue_post(queue, 1, 0), WEFT_OK); /* the queue works without a descriptor */
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK_STATUS(weft_queue_fd(queue, &fd), WEFT_OK);
  CHECK(is_readable(fd));
  pop_the_one(queue, 1, WEFT_EVENT_USER, WEFT_OK, 0);
  weft_queue_unref(queue);
}
static void without_descriptors_in_child(void) {
  run_in_child(without_descriptors);
}

/* Edges under load: a host that only watches the descriptor gets every event. */
enum { posters = 3 };
typedef struct posting {
  weft_queue_t *queue;
  uint64_t from, count;
} posting_t;

static void *post_all(void *ctx) {
  const posting_t *posting = (const posting_t *)ctx;
  uint64_t i;
  for (i = 0; i < posting->count; ++i) CHECK_STATUS(weft_queue_post(posting->queue, posting->from, i), WEFT_OK);
  return NULL;
}

static void a_host_that_polls_misses_nothing(void) {
  weft_queue_t *queue = make_queue();
  posting_t postings[posters];
  pthread_t threads[posters];
  uint64_t next[posters] = {0}, each = (uint64_t)check_rounds(20000, 2000000), left = posters * each;
  int fd = fd_of(queue), i, wrong = 0;
  for (i = 0; i < posters; ++i) {
    postings[i].queue = queue;
    postings[i].from = (uint64_t)i;
    postings[i].count = each;
    CHECK(pthread_create(&threads[i], NULL, post_all, &postings[i]) == 0);
  }
  while (left > 0) {
    struct pollfd entry = {0, POLLIN, 0};
    weft_event_t events[5];
    size_t count = 0, e;
    entry.fd = fd;
    if (poll(&entry, 1, 60000) != 1) {
      CHECK(!"the descriptor became readable");
      break;
    }
    CHECK_STATUS(weft_queue_pop(queue, events, 5, &count), WEFT_OK);
    wrong += count == 0; /* no other thread takes events out */
    for (e = 0; e < count; ++e) wrong += events[e].tag >= posters || events[e].value != next[events[e].tag]++;
    left -= count;
  }
  for (i = 0; i < posters; ++i) pthread_join(threads[i], NULL);
  CHECK_EQUAL(wrong, 0);
  CHECK(!is_readable(fd));
  weft_queue_unref(queue);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"without descriptors", without_descriptors_in_child}, /* before weft is used here */
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"events come out in order", events_come_out_in_order},
      {"the descriptor is readable exactly while events wait", the_descriptor_is_readable_exactly_while_events_wait},
      {"a descriptor that is asked for late knows what waits", a_descriptor_that_is_asked_for_late_knows_what_waits},
      {"closing leaves what is in it", closing_leaves_what_is_in_it},
      {"each end of a future has its status", each_end_of_a_future_has_its_status},
      {"a done future gives its event at once", a_done_future_gives_its_event_at_once},
      {"a future may be tied several times", a_future_may_be_tied_several_times},
      {"a tie keeps neither future nor result", a_tie_keeps_neither_future_nor_result},
      {"ties outlive the queue", ties_outlive_the_queue},
      {"strands and caller-run executors and continuations", strands_and_caller_run_executors_and_continuations},
      {"a host that polls misses nothing", a_host_that_polls_misses_nothing},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
