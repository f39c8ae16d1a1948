/* join.h: what the tests of weft/join.h share: calls that note how often and where they ran, and a task that joins. */
#ifndef WEFT_TESTS_JOIN_H
#define WEFT_TESTS_JOIN_H

#include <weft/join.h>

#include "setup.h"

/* One call of a join. Fields that the test sets before, and fields that it reads when the join is over. */
typedef struct part {
  gate_t *gate;       /* passed by the call; NULL: none */
  weft_status status; /* what it returns */
  int32_t code;       /* of the error that it stores; 0: none */
  int calls;          /* atomic */
  uint64_t tid;       /* of the thread that made the call; atomic */
} part_t;

static inline weft_status call_part(void *ctx, weft_error_t **error) {
  part_t *part = (part_t *)ctx;
  __atomic_store_n(&part->tid, own_tid(), __ATOMIC_RELEASE);
  __atomic_add_fetch(&part->calls, 1, __ATOMIC_ACQ_REL);
  if (part->gate != NULL) gate_pass(part->gate);
  if (part->code != 0) *error = make_error(part->code);
  return part->status;
}

/* A join to be made on some thread, and its outcome. */
typedef struct joining {
  weft_executor_t *pool;
  weft_join_fn first, second;
  void *first_ctx, *second_ctx;
  weft_status status;
  weft_error_t *error;
} joining_t;

static inline joining_t make_joining(weft_executor_t *pool, weft_join_fn fn, void *first_ctx, void *second_ctx) {
  joining_t joining = {pool, fn, fn, first_ctx, second_ctx, WEFT_OK, NULL};
  return joining;
}

static inline void join_now(joining_t *joining) {
  joining->status = weft_join(joining->pool, joining->first, joining->first_ctx, joining->second, joining->second_ctx,
                              &joining->error);
}

static inline weft_status join_in_task(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  join_now((joining_t *)ctx);
  return WEFT_OK;
}

static inline weft_status join_on_thread(void *ctx, weft_error_t **error) {
  (void)error;
  join_now((joining_t *)ctx);
  return WEFT_OK;
}

/* Joins in a task of the pool. */
static inline weft_status join_inside(joining_t *joining) {
  end_future(submit(joining->pool, join_in_task, joining, NULL));
  return joining->status;
}

/* The two calls of a join meet: each waits until the other has begun, so they run on two threads. */
typedef struct meeting {
  int arrived; /* atomic */
} meeting_t;

static inline void meet(meeting_t *meeting, int count) {
  __atomic_add_fetch(&meeting->arrived, 1, __ATOMIC_ACQ_REL);
  while (__atomic_load_n(&meeting->arrived, __ATOMIC_ACQUIRE) < count) sched_yield();
}

#endif
