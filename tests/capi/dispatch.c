/* Programs in the manner of dispatch queues, as C code for another runtime has them, written with weft: a group of
 * asynchronous calls with a notification, serial queues with a context and a finalizer, code that asks which queue it
 * is on, once, apply, after. Calls that wait for each other are in dispatch_sync.c.
 *
 * A serial queue of that runtime is a strand here, and a concurrent queue is a pool. */
#include <weft/context.h>
#include <weft/parallel.h>
#include <weft/queue.h>
#include <weft/timer.h>

#include "group.h"
#include "semaphore.h"

enum { calls = 200 };

/* --- groups --- */

typedef struct notified {
  int *ran;
  int seen;
  weft_semaphore_t *done;
} notified_t;

/* dispatch_group_notify: when_all over the futures of the group, and a continuation on the queue to be notified. */
static weft_status note_all(void *ctx, weft_future_t *done, void **result, weft_error_t **error) {
  notified_t *self = (notified_t *)ctx;
  (void)done;
  (void)result;
  (void)error;
  self->seen = count_of(self->ran);
  CHECK_STATUS(weft_semaphore_signal(self->done, 1), WEFT_OK);
  return WEFT_OK;
}

static void a_group_over_several_queues_notifies_one(void) {
  weft_executor_t *pool = make_pool(4), *serial = make_strand(pool), *main_queue = make_strand(pool);
  weft_future_t *futures[calls], *all = NULL, *told = NULL;
  notified_t notified = {NULL, 0, NULL};
  int ran = 0, i;
  notified.ran = &ran;
  notified.done = make_semaphore(0);
  for (i = 0; i < calls; ++i) futures[i] = submit(i % 2 ? pool : serial, count_run, &ran, NULL);
  CHECK_STATUS(weft_when_all(futures, calls, &all), WEFT_OK);
  CHECK_STATUS(weft_future_then(all, main_queue, WEFT_THEN_ALWAYS, NULL, note_all, &notified, NULL, &told), WEFT_OK);
  CHECK_STATUS(weft_semaphore_wait(notified.done, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(notified.seen, calls);
  weft_future_unref(told);
  weft_future_unref(all);
  for (i = 0; i < calls; ++i) weft_future_unref(futures[i]);
  weft_semaphore_unref(notified.done);
  end_executor(main_queue);
  end_executor(serial);
  end_executor(pool);
}

/* The same on one pool, with a weft group. The first wait for it has a timeout, and its notification is an event. */
static void a_group_is_waited_for_and_used_again(void) {
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = make_group(pool);
  weft_queue_t *events = NULL;
  gate_t gate = GATE_CLOSED;
  int ran = 0, round;
  CHECK_STATUS(weft_queue_create(NULL, &events), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_OK); /* an empty group is done */
  CHECK_STATUS(weft_group_spawn(group, NULL, pass_gate, &gate, NULL), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, WEFT_MILLISECOND), WEFT_ETIMEDOUT);
  gate_open(&gate);
  for (round = 1; round <= 3; ++round) {
    weft_event_t event;
    size_t count = 0;
    spawn_counting(group, &ran, calls);
    CHECK_STATUS(weft_group_notify(group, events, (uint64_t)round), WEFT_OK);
    CHECK_STATUS(weft_queue_wait(events, &event, 1, WEFT_FOREVER, &count), WEFT_OK);
    CHECK_EQUAL(event.tag, round);
    CHECK_EQUAL(count_of(&ran), 2 * calls * round);
  }
  weft_queue_unref(events);
  end_group(group);
  end_executor(pool);
}

/* dispatch_group_enter and leave, for work that is not a task, and dispatch_group_notify, on a serial queue. */
static void *leave_elsewhere(void *ctx) {
  CHECK_STATUS(weft_group_leave((weft_group_t *)ctx), WEFT_OK);
  return NULL;
}

static void what_enters_by_hand_leaves_by_hand(void) {
  enum { foreign = 4 };
  weft_executor_t *pool = make_pool(1), *serial = make_strand(pool);
  weft_group_t *group = make_group(pool);
  pthread_t threads[foreign];
  int told = 0, i;
  for (i = 0; i < foreign; ++i) CHECK_STATUS(weft_group_enter(group), WEFT_OK);
  CHECK_STATUS(weft_group_then(group, serial, NULL, count_run, &told, count_drop), WEFT_OK);
  CHECK_STATUS(weft_group_wait(group, 0), WEFT_ETIMEDOUT);
  CHECK_EQUAL(count_of(&told), 0);
  for (i = 0; i < foreign; ++i) CHECK(pthread_create(&threads[i], NULL, leave_elsewhere, group) == 0);
  CHECK_STATUS(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  for (i = 0; i < foreign; ++i) pthread_join(threads[i], NULL);
  weft_group_unref(group);
  end_executor(serial);
  end_executor(pool);
  CHECK_EQUAL(count_of(&told), 2);
}

/* --- a serial queue with a context --- */

typedef struct account {
  int64_t balance; /* plain: only tasks of the queue use it */
  weft_semaphore_t *finalized;
  int64_t *left;
} account_t;

static void finalize_account(void *ctx) {
  account_t *account = (account_t *)ctx;
  weft_semaphore_t *finalized = account->finalized;
  *account->left = account->balance;
  free(account);
  CHECK_STATUS(weft_semaphore_signal(finalized, 1), WEFT_OK);
}

/* dispatch_get_specific: the task gets only the amount, and finds the account through the queue it runs on. */
static weft_status deposit(void *ctx, void **result, weft_error_t **error) {
  account_t *account = (account_t *)weft_executor_context(weft_executor_current());
  (void)result;
  (void)error;
  account->balance += (int64_t)(intptr_t)ctx;
  return WEFT_OK;
}

static void a_serial_queue_finalizes_its_context_after_its_last_call(void) {
  weft_executor_t *pool = make_pool(4);
  weft_semaphore_t *finalized = make_semaphore(0);
  int64_t left[4] = {0, 0, 0, 0};
  int queue, i;
  for (queue = 0; queue < 4; ++queue) {
    weft_executor_t *serial = make_strand(pool);
    account_t *account = (account_t *)calloc(1, sizeof *account);
    account->finalized = finalized;
    account->left = &left[queue];
    CHECK_STATUS(weft_executor_set_context(serial, account, finalize_account), WEFT_OK);
    for (i = 1; i <= calls; ++i)
      CHECK_STATUS(weft_executor_post(serial, NULL, deposit, (void *)(intptr_t)i, NULL), WEFT_OK);
    weft_executor_unref(serial); /* given back at once: posted tasks still run */
  }
  for (queue = 0; queue < 4; ++queue) CHECK_STATUS(weft_semaphore_wait(finalized, WEFT_FOREVER), WEFT_OK);
  for (queue = 0; queue < 4; ++queue) CHECK_EQUAL(left[queue], calls * (calls + 1) / 2);
  CHECK_EQUAL(weft_semaphore_value(finalized), 0);
  end_executor(pool);
  weft_semaphore_unref(finalized);
}

/* --- once, apply, after --- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int made_once;

static void make_once(void) {
  ++made_once;
}

static weft_status need_it(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  pthread_once(&once, make_once); /* C has this already */
  CHECK_EQUAL(made_once, 1);
  count_drop(ctx);
  return WEFT_OK;
}

static void what_is_made_once_is_there_for_all(void) {
  weft_executor_t *pool = make_pool(4);
  weft_group_t *group = make_group(pool);
  int ran = 0, i;
  for (i = 0; i < calls; ++i) CHECK_STATUS(weft_group_spawn(group, NULL, need_it, &ran, NULL), WEFT_OK);
  end_group(group);
  CHECK_EQUAL(count_of(&ran), calls);
  end_executor(pool);
}

/* dispatch_apply, nested in another one. */
enum { rows = 50, columns = 40 };
typedef struct apply {
  weft_executor_t *pool;
  int times[rows][columns]; /* plain: one call writes each entry */
} apply_t;
typedef struct row {
  apply_t *of;
  uint64_t number;
} row_t;

static weft_status apply_column(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  row_t *row = (row_t *)ctx;
  (void)error;
  for (; begin < end; ++begin) ++row->of->times[row->number][begin];
  return WEFT_OK;
}

static weft_status apply_row(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  row_t row;
  (void)error;
  row.of = (apply_t *)ctx;
  for (row.number = begin; row.number < end; ++row.number)
    CHECK_STATUS(weft_parallel_for(row.of->pool, NULL, 0, columns, apply_column, &row, NULL), WEFT_OK);
  return WEFT_OK;
}

static void apply_runs_each_index_once(void) {
  weft_executor_t *pool = make_pool(3);
  apply_t apply;
  int i, j;
  memset(&apply, 0, sizeof apply);
  apply.pool = pool;
  CHECK_STATUS(weft_parallel_for(pool, NULL, 0, rows, apply_row, &apply, NULL), WEFT_OK);
  for (i = 0; i < rows; ++i)
    for (j = 0; j < columns; ++j) CHECK_EQUAL(apply.times[i][j], 1);
  end_executor(pool);
}

typedef struct later {
  weft_executor_t *queue;
  weft_semaphore_t *came;
  int64_t at[3];
  int count; /* plain: only tasks of the queue use it */
  int order[3];
} later_t;

typedef struct call_later {
  later_t *of;
  int number;
} call_later_t;

static weft_status come_later(void *ctx, void **result, weft_error_t **error) {
  call_later_t *self = (call_later_t *)ctx;
  (void)result;
  (void)error;
  self->of->at[self->number] = weft_now();
  self->of->order[self->of->count++] = self->number;
  signal_one(self->of->came);
  return WEFT_OK;
}

static void after_is_never_early_and_keeps_the_order(void) {
  static const int64_t delays[3] = {30 * WEFT_MILLISECOND, 10 * WEFT_MILLISECOND, 20 * WEFT_MILLISECOND};
  static const int due[3] = {1, 2, 0};
  weft_executor_t *pool = make_pool(1), *serial = make_strand(pool);
  later_t later;
  call_later_t each[3];
  int64_t began = weft_now();
  int i;
  memset(&later, 0, sizeof later);
  later.came = make_semaphore(0);
  for (i = 0; i < 3; ++i) {
    each[i].of = &later;
    each[i].number = i;
    CHECK_STATUS(weft_executor_post_after(serial, delays[i], NULL, come_later, &each[i], NULL), WEFT_OK);
  }
  for (i = 0; i < 3; ++i) wait_for(later.came);
  for (i = 0; i < 3; ++i) {
    CHECK(later.at[i] - began >= delays[i]);
    CHECK_EQUAL(later.order[i], due[i]);
  }
  end_executor(serial);
  end_executor(pool);
  weft_semaphore_unref(later.came);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"a group over several queues notifies one", a_group_over_several_queues_notifies_one},
      {"a group is waited for and used again", a_group_is_waited_for_and_used_again},
      {"what enters by hand leaves by hand", what_enters_by_hand_leaves_by_hand},
      {"a serial queue finalizes its context after its last call",
       a_serial_queue_finalizes_its_context_after_its_last_call},
      {"what is made once is there for all", what_is_made_once_is_there_for_all},
      {"apply runs each index once", apply_runs_each_index_once},
      {"after is never early and keeps the order", after_is_never_early_and_keeps_the_order},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
