/* host.h: what the tests of threads of the host share: a pool for them, and lending it a thread. */
#ifndef WEFT_TESTS_HOST_H
#define WEFT_TESTS_HOST_H

#include "setup.h"

static inline weft_executor_t *host_pool(weft_runtime_t *runtime, uint32_t workers) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL;
  weft_executor_options_init(&options);
  options.max_workers = workers;
  options.flags = WEFT_EXECUTOR_HOST_WORKERS;
  CHECK_STATUS(weft_executor_create(runtime, &options, &pool), WEFT_OK);
  return pool;
}

/* A thread of the host that works for a pool until it comes back. */
typedef struct lent {
  weft_executor_t *pool;
  int64_t timeout;
  weft_status answer;
  weft_thread_t *self; /* set before the work if `ready` is set */
  gate_t *ready;       /* passed before the work; NULL: none */
  pthread_t thread;
} lent_t;

static inline void *work_for(void *ctx) {
  lent_t *lent = (lent_t *)ctx;
  if (lent->ready) {
    CHECK_STATUS(weft_thread_current(&lent->self), WEFT_OK);
    gate_pass(lent->ready);
  }
  lent->answer = weft_executor_work(lent->pool, lent->timeout);
  return NULL;
}

static inline void lend(lent_t *lent, weft_executor_t *pool, int64_t timeout) {
  lent->pool = pool;
  lent->timeout = timeout;
  CHECK(pthread_create(&lent->thread, NULL, work_for, lent) == 0);
}

static inline void come_back(lent_t *lent, weft_status expected) {
  CHECK(pthread_join(lent->thread, NULL) == 0);
  CHECK_STATUS(lent->answer, expected);
}

#endif
