/* Tests of weft_thread_join (weft/thread.h): by many threads, repeated, with a timeout, of oneself, in circles,
 * interrupted. */
#include <weft/thread.h>

#include "setup.h"

static void joining_before_the_start_is_an_error(void) {
  weft_thread_t *thread = NULL;
  REQUIRE_OK(weft_thread_create(NULL, NULL, probe_target, NULL, NULL, &thread));
  CHECK_STATUS(weft_thread_join(thread, 0), WEFT_ENOTSTARTED);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_ENOTSTARTED);
  CHECK_STATUS(weft_thread_join(thread, -1), WEFT_ENOTSTARTED);
  weft_thread_unref(thread);
}

static void a_timeout_tells_alive_from_ended(void) {
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  weft_thread_t *thread;
  int64_t began;
  probe.gate = &gate;
  thread = start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, probe_drop);
  CHECK_STATUS(weft_thread_join(thread, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_thread_join(thread, -1), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_thread_join(thread, INT64_MIN), WEFT_ETIMEDOUT);
  began = now_ns();
  CHECK_STATUS(weft_thread_join(thread, 50 * WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  CHECK(now_ns() - began >= 50 * WEFT_MILLISECOND);
  gate_open(&gate);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER - 1), WEFT_OK);
  CHECK_STATUS(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_thread_join(thread, 0), WEFT_OK);
  CHECK_STATUS(weft_thread_join(thread, -1), WEFT_OK);
  weft_thread_unref(thread);
}

/* Many threads, some of weft and some not, join one thread. */
static void *join_from_pthread(void *ctx) {
  CHECK_STATUS(weft_thread_join((weft_thread_t *)ctx, WEFT_FOREVER), WEFT_OK);
  return NULL;
}

static weft_status join_target(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_thread_join((weft_thread_t *)ctx, WEFT_FOREVER), WEFT_OK);
  return WEFT_OK;
}

static void many_may_join_one(void) {
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  weft_thread_t *thread, *joiners[4];
  pthread_t foreign[4];
  size_t i;
  probe.gate = &gate;
  thread = start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, probe_drop);
  for (i = 0; i < 4; ++i) {
    joiners[i] = start_thread(NULL, WEFT_DAEMON_NO, join_target, thread, NULL);
    REQUIRE(pthread_create(&foreign[i], NULL, join_from_pthread, thread) == 0);
  }
  await_asleep(weft_thread_native_id(joiners[3]));
  gate_open(&gate);
  for (i = 0; i < 4; ++i) {
    end_thread(joiners[i]);
    pthread_join(foreign[i], NULL);
  }
  CHECK_EQUAL(probe_drops(&probe), 1);
  end_thread(thread);
}

static weft_status join_myself(void *ctx, weft_error_t **error) {
  weft_thread_t *self = NULL;
  (void)ctx;
  (void)error;
  CHECK_STATUS(weft_thread_current(&self), WEFT_OK);
  CHECK_STATUS(weft_thread_join(self, WEFT_FOREVER), WEFT_EDEADLK);
  CHECK_STATUS(weft_thread_join(self, 0), WEFT_EDEADLK);
  weft_thread_unref(self);
  return WEFT_OK;
}

static void nobody_can_join_himself(void) {
  weft_thread_t *self = NULL;
  end_thread(start_thread(NULL, WEFT_DAEMON_NO, join_myself, NULL, NULL));
  REQUIRE_OK(weft_thread_current(&self)); /* the main thread */
  CHECK_STATUS(weft_thread_join(self, WEFT_FOREVER), WEFT_EDEADLK);
  weft_thread_unref(self);
}

/* Threads join one another in a ring. The join that closes the ring is refused. Then its thread ends, and so do the
 * others. */
enum { ring_size = 5 };

typedef struct ring {
  gate_t start;
  weft_thread_t *threads[ring_size];
  int refused; /* atomic */
} ring_t;

typedef struct ring_place {
  ring_t *ring;
  size_t index;
  size_t size;
} ring_place_t;

static weft_status ring_target(void *ctx, weft_error_t **error) {
  ring_place_t *place = (ring_place_t *)ctx;
  weft_status status;
  (void)error;
  gate_pass(&place->ring->start);
  status = weft_thread_join(place->ring->threads[(place->index + 1) % place->size], WEFT_FOREVER);
  if (status == WEFT_EDEADLK)
    __atomic_add_fetch(&place->ring->refused, 1, __ATOMIC_ACQ_REL);
  else
    CHECK_STATUS(status, WEFT_OK);
  return WEFT_OK;
}

static void join_in_a_ring_of(size_t size) {
  ring_t ring = {GATE_CLOSED, {NULL}, 0};
  ring_place_t places[ring_size];
  size_t i;
  for (i = 0; i < size; ++i) {
    places[i].ring = &ring;
    places[i].index = i;
    places[i].size = size;
    ring.threads[i] = start_thread(NULL, WEFT_DAEMON_NO, ring_target, &places[i], NULL);
  }
  gate_open(&ring.start);
  for (i = 0; i < size; ++i) CHECK_STATUS(weft_thread_join(ring.threads[i], WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&ring.refused), 1);
  for (i = 0; i < size; ++i) weft_thread_unref(ring.threads[i]);
}

static void joins_in_a_ring_are_refused_to_one(void) {
  int i, rounds = check_rounds(50, 5000);
  for (i = 0; i < rounds; ++i) {
    join_in_a_ring_of(2);
    join_in_a_ring_of(3);
    join_in_a_ring_of(ring_size);
  }
}

static weft_status join_interrupted(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_thread_join((weft_thread_t *)ctx, WEFT_FOREVER), WEFT_EINTERRUPTED);
  CHECK_EQUAL(weft_stop_requested(), 1);
  return WEFT_OK;
}

static void a_stop_request_interrupts_a_join(void) {
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  weft_thread_t *target, *joiner;
  probe.gate = &gate;
  target = start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, probe_drop);
  joiner = start_thread(NULL, WEFT_DAEMON_NO, join_interrupted, target, NULL);
  await_asleep(weft_thread_native_id(joiner));
  CHECK_STATUS(weft_thread_request_stop(joiner), WEFT_OK);
  end_thread(joiner);
  CHECK_EQUAL(weft_thread_is_alive(target), 1);
  gate_open(&gate);
  end_thread(target);
}

static pthread_key_t key;
static int destroyed; /* atomic */

static void slow_destructor(void *value) {
  struct timespec pause = {0, 20000000}; /* time for the join to return too early */
  (void)value;
  nanosleep(&pause, NULL);
  __atomic_add_fetch(&destroyed, 1, __ATOMIC_ACQ_REL);
}

static weft_status set_key(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_EQUAL(pthread_setspecific(key, ctx), 0);
  return WEFT_OK;
}

static void thread_local_destructors_run_before_the_join_returns(void) {
  int value = 0;
  REQUIRE(pthread_key_create(&key, slow_destructor) == 0);
  end_thread(start_thread(NULL, WEFT_DAEMON_NO, set_key, &value, NULL));
  CHECK_EQUAL(count_of(&destroyed), 1);
  pthread_key_delete(key);
}

typedef struct foreign {
  gate_t gate;
  weft_thread_t *self;
} foreign_t;

static void *foreign_thread(void *ctx) {
  foreign_t *foreign = (foreign_t *)ctx;
  CHECK_STATUS(weft_thread_current(&foreign->self), WEFT_OK);
  gate_pass(&foreign->gate);
  return NULL;
}

static void a_foreign_thread_can_be_joined(void) {
  foreign_t foreign = {GATE_CLOSED, NULL};
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, foreign_thread, &foreign) == 0);
  gate_await(&foreign.gate, 1);
  CHECK_EQUAL(weft_thread_is_alive(foreign.self), 1);
  CHECK_STATUS(weft_thread_join(foreign.self, 0), WEFT_ETIMEDOUT);
  CHECK_STATUS(weft_thread_start(foreign.self), WEFT_ESTARTED);
  gate_open(&foreign.gate);
  CHECK_STATUS(weft_thread_join(foreign.self, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(weft_thread_is_alive(foreign.self), 0);
  CHECK_EQUAL(weft_thread_state(foreign.self), WEFT_THREAD_STOPPED);
  pthread_join(thread, NULL);
  CHECK_STATUS(weft_thread_join(foreign.self, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(foreign.self);
}

static weft_status join_with_timeout(void *ctx, weft_error_t **error) {
  (void)error;
  CHECK_STATUS(weft_thread_join((weft_thread_t *)ctx, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  return WEFT_OK;
}

static void the_main_thread_does_not_end_before_the_process(void) {
  weft_thread_t *main_thread = NULL;
  REQUIRE_OK(weft_thread_main(&main_thread));
  CHECK_STATUS(weft_thread_start(main_thread), WEFT_ESTARTED);
  end_thread(start_thread(NULL, WEFT_DAEMON_NO, join_with_timeout, main_thread, NULL));
  weft_thread_unref(main_thread);
}

/* A wait of weft is no cancellation point. */
typedef struct cancelled {
  weft_thread_t *thread;
  gate_t about_to;
  uint64_t tid;
  int joined;
} cancelled_t;

static void *join_while_cancelled(void *ctx) {
  cancelled_t *self = (cancelled_t *)ctx;
  self->tid = (uint64_t)syscall(SYS_gettid);
  gate_open(&self->about_to);
  self->joined = weft_thread_join(self->thread, WEFT_FOREVER) == WEFT_OK;
  pthread_testcancel();
  return NULL;
}

static void a_joiner_is_not_cancelled_inside(void) {
  gate_t gate = GATE_CLOSED;
  probe_t probe = {0};
  cancelled_t self = {NULL, GATE_CLOSED, 0, 0};
  pthread_t joiner;
  void *end = NULL;
  probe.gate = &gate;
  self.thread = start_thread(NULL, WEFT_DAEMON_NO, probe_target, &probe, probe_drop);
  REQUIRE(pthread_create(&joiner, NULL, join_while_cancelled, &self) == 0);
  gate_pass(&self.about_to);
  await_asleep(self.tid);
  CHECK(pthread_cancel(joiner) == 0);
  gate_open(&gate);
  CHECK(pthread_join(joiner, &end) == 0);
  CHECK(end == PTHREAD_CANCELED);
  CHECK_EQUAL(self.joined, 1);
  CHECK_STATUS(weft_thread_join(self.thread, 0), WEFT_OK);
  weft_thread_unref(self.thread);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"joining before the start is an error", joining_before_the_start_is_an_error},
      {"a timeout tells alive from ended", a_timeout_tells_alive_from_ended},
      {"many may join one", many_may_join_one},
      {"nobody can join himself", nobody_can_join_himself},
      {"joins in a ring are refused to one", joins_in_a_ring_are_refused_to_one},
      {"a stop request interrupts a join", a_stop_request_interrupts_a_join},
      {"thread-local destructors run before the join returns", thread_local_destructors_run_before_the_join_returns},
      {"a foreign thread can be joined", a_foreign_thread_can_be_joined},
      {"a joiner is not cancelled inside", a_joiner_is_not_cancelled_inside},
      {"the main thread does not end before the process", the_main_thread_does_not_end_before_the_process},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
