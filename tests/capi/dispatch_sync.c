/* Programs in the manner of dispatch queues (see dispatch.c), continued: calls that wait for each other. Semaphores,
 * synchronous calls and barriers. */
#include "group.h"
#include "semaphore.h"

enum { calls = 200 };

/* dispatch_sync: submit a task and wait for it. This works inside a task of a pool too: a waiter runs a task that has
 * not started. */
static void call_sync(weft_executor_t *queue, weft_task_fn fn, void *ctx) {
  end_future(submit(queue, fn, ctx, NULL));
}

/* --- semaphores --- */

enum { slots = 4, made = 2000, makers = 2, takers = 3 };

/* A bounded buffer: one semaphore counts the items, one counts the free places, and the third is the lock. */
typedef struct buffer {
  weft_semaphore_t *items, *room, *lock;
  int values[slots], first, count; /* plain: the lock guards them */
  int64_t taken[takers];
  int received[takers];
} buffer_t;

static void put(buffer_t *buffer, int value) {
  wait_for(buffer->room);
  wait_for(buffer->lock);
  buffer->values[(buffer->first + buffer->count++) % slots] = value;
  signal_one(buffer->lock);
  signal_one(buffer->items);
}

static int take(buffer_t *buffer) {
  int value;
  wait_for(buffer->items);
  wait_for(buffer->lock);
  value = buffer->values[buffer->first];
  buffer->first = (buffer->first + 1) % slots;
  --buffer->count;
  signal_one(buffer->lock);
  signal_one(buffer->room);
  return value;
}

static weft_status make_values(void *ctx, void **result, weft_error_t **error) {
  buffer_t *buffer = (buffer_t *)ctx;
  int i;
  (void)result;
  (void)error;
  for (i = 1; i <= made; ++i) put(buffer, i);
  return WEFT_OK;
}

typedef struct taker {
  buffer_t *buffer;
  int number;
} taker_t;

static weft_status take_values(void *ctx, void **result, weft_error_t **error) {
  taker_t *self = (taker_t *)ctx;
  (void)result;
  (void)error;
  for (;;) {
    int value = take(self->buffer);
    if (value == 0) return WEFT_OK;
    self->buffer->taken[self->number] += value;
    ++self->buffer->received[self->number];
  }
}

static void two_semaphores_bound_a_buffer(void) {
  weft_executor_t *pool = make_pool(makers + takers);
  buffer_t buffer;
  taker_t those[takers];
  weft_future_t *making[makers], *taking[takers];
  int64_t sum = 0;
  int received = 0, i;
  memset(&buffer, 0, sizeof buffer);
  buffer.items = make_semaphore(0);
  buffer.room = make_semaphore(slots);
  buffer.lock = make_semaphore(1);
  for (i = 0; i < takers; ++i) {
    those[i].buffer = &buffer;
    those[i].number = i;
    taking[i] = submit(pool, take_values, &those[i], NULL);
  }
  for (i = 0; i < makers; ++i) making[i] = submit(pool, make_values, &buffer, NULL);
  for (i = 0; i < makers; ++i) end_future(making[i]);
  for (i = 0; i < takers; ++i) put(&buffer, 0);
  for (i = 0; i < takers; ++i) {
    end_future(taking[i]);
    sum += buffer.taken[i];
    received += buffer.received[i];
  }
  CHECK_EQUAL(received, makers * made);
  CHECK_EQUAL(sum, (int64_t)makers * made * (made + 1) / 2);
  CHECK_EQUAL(weft_semaphore_value(buffer.items), 0);
  CHECK_EQUAL(weft_semaphore_value(buffer.room), slots);
  end_executor(pool);
  weft_semaphore_unref(buffer.items);
  weft_semaphore_unref(buffer.room);
  weft_semaphore_unref(buffer.lock);
}

/* At most three calls use the resource at a time. The submitting thread waits for it, not the workers. */
typedef struct resource {
  weft_semaphore_t *free;
  int users, most; /* atomic */
} resource_t;

static weft_status use_resource(void *ctx, void **result, weft_error_t **error) {
  resource_t *self = (resource_t *)ctx;
  int now = __atomic_add_fetch(&self->users, 1, __ATOMIC_ACQ_REL), seen = count_of(&self->most);
  (void)result;
  (void)error;
  while (now > seen && !__atomic_compare_exchange_n(&self->most, &seen, now, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
  }
  sched_yield();
  __atomic_sub_fetch(&self->users, 1, __ATOMIC_ACQ_REL);
  signal_one(self->free);
  return WEFT_OK;
}

static void a_semaphore_bounds_the_users_of_a_resource(void) {
  weft_executor_t *pool = make_pool(8);
  resource_t resource = {NULL, 0, 0};
  int i;
  resource.free = make_semaphore(3);
  for (i = 0; i < calls; ++i) {
    wait_for(resource.free);
    CHECK_STATUS(weft_executor_post(pool, NULL, use_resource, &resource, NULL), WEFT_OK);
  }
  for (i = 0; i < 3; ++i) wait_for(resource.free); /* all calls have given it back */
  CHECK(count_of(&resource.most) <= 3);
  CHECK_EQUAL(count_of(&resource.users), 0);
  end_executor(pool);
  weft_semaphore_unref(resource.free);
}

/* --- synchronous calls --- */

typedef struct nested {
  weft_executor_t *pool, *outer, *inner;
  int depth; /* plain: each call sees all before it */
} nested_t;

static weft_status go_deeper(void *ctx, void **result, weft_error_t **error) {
  nested_t *self = (nested_t *)ctx;
  (void)result;
  (void)error;
  if (++self->depth < 40) call_sync(self->pool, go_deeper, self);
  return WEFT_OK;
}

static weft_status add_one(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  ++((nested_t *)ctx)->depth;
  return WEFT_OK;
}

static weft_status call_the_inner(void *ctx, void **result, weft_error_t **error) {
  nested_t *self = (nested_t *)ctx;
  (void)result;
  (void)error;
  call_sync(self->inner, add_one, self);
  return WEFT_OK;
}

/* The classic mistake: a synchronous call onto the caller's own serial queue. The wait returns WEFT_EDEADLK. */
static weft_status call_oneself(void *ctx, void **result, weft_error_t **error) {
  nested_t *self = (nested_t *)ctx;
  weft_future_t *future = submit(self->outer, add_one, self, NULL);
  (void)result;
  (void)error;
  CHECK_STATUS(weft_future_wait(future, WEFT_FOREVER), WEFT_EDEADLK);
  weft_future_unref(future);
  return WEFT_OK;
}

static void synchronous_calls_nest_on_one_worker(void) {
  nested_t nested = {NULL, NULL, NULL, 0};
  int i;
  nested.pool = make_pool(1);
  nested.outer = make_strand(nested.pool);
  nested.inner = make_strand(nested.pool);
  call_sync(nested.pool, go_deeper, &nested);
  CHECK_EQUAL(nested.depth, 40);
  for (i = 0; i < calls; ++i) call_sync(nested.outer, call_the_inner, &nested);
  CHECK_EQUAL(nested.depth, 40 + calls);
  call_sync(nested.outer, call_oneself, &nested);
  end_executor(nested.inner);
  end_executor(nested.outer); /* the task of the refused call has run */
  CHECK_EQUAL(nested.depth, 41 + calls);
  end_executor(nested.pool);
}

/* --- barriers --- */

/* Readers run together and a writer runs alone, in the order of submission, which a strand gives. On the strand, a
 * reader is sent on to the pool, and a writer waits until the readers before it are done. */
typedef struct shared_state {
  weft_executor_t *pool;
  weft_group_t *readers;
  int inside;  /* atomic: readers at work now */
  int version; /* plain: only writers write it */
  int read;    /* atomic: number of reads done */
} shared_state_t;

typedef struct reading {
  shared_state_t *of;
  int expected; /* the version that it must see */
} reading_t;

static weft_status read_it(void *ctx, void **result, weft_error_t **error) {
  reading_t *self = (reading_t *)ctx;
  (void)result;
  (void)error;
  __atomic_add_fetch(&self->of->inside, 1, __ATOMIC_ACQ_REL);
  CHECK_EQUAL(self->of->version, self->expected);
  __atomic_sub_fetch(&self->of->inside, 1, __ATOMIC_ACQ_REL);
  count_drop(&self->of->read);
  return WEFT_OK;
}

static weft_status let_a_reader_go(void *ctx, void **result, weft_error_t **error) {
  reading_t *self = (reading_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_spawn(self->of->readers, NULL, read_it, self, NULL), WEFT_OK);
  return WEFT_OK;
}

static weft_status write_it(void *ctx, void **result, weft_error_t **error) {
  shared_state_t *state = (shared_state_t *)ctx;
  (void)result;
  (void)error;
  CHECK_STATUS(weft_group_wait(state->readers, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&state->inside), 0);
  ++state->version;
  return WEFT_OK;
}

static void a_barrier_is_alone(void) {
  enum { writes = 20, reads = 10 };
  weft_executor_t *pool = make_pool(3), *order = make_strand(pool);
  shared_state_t state = {NULL, NULL, 0, 0, 0};
  static reading_t readings[writes][reads];
  int i, j;
  state.pool = pool;
  state.readers = make_group(pool);
  for (i = 0; i < writes; ++i) {
    for (j = 0; j < reads; ++j) {
      readings[i][j].of = &state;
      readings[i][j].expected = i;
      CHECK_STATUS(weft_executor_post(order, NULL, let_a_reader_go, &readings[i][j], NULL), WEFT_OK);
    }
    CHECK_STATUS(weft_executor_post(order, NULL, write_it, &state, NULL), WEFT_OK);
  }
  end_executor(order);
  CHECK_EQUAL(state.version, writes);
  CHECK_EQUAL(count_of(&state.read), writes * reads);
  end_group(state.readers);
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"two semaphores bound a buffer", two_semaphores_bound_a_buffer},
      {"a semaphore bounds the users of a resource", a_semaphore_bounds_the_users_of_a_resource},
      {"synchronous calls nest on one worker", synchronous_calls_nest_on_one_worker},
      {"a barrier is alone", a_barrier_is_alone},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
