/* probe.h: what the C tests run and drop: a task that counts its runs and drops and records their threads, and small
 * tasks with one way to end each.
 */
#ifndef WEFT_TESTS_PROBE_H
#define WEFT_TESTS_PROBE_H

#include <weft/error.h>
#include <weft/executor.h>
#include <weft/thread.h>

#include "gate.h"

/* Fields that the test sets before, and fields that it reads when `drops` or the future shows the end. */
typedef struct probe {
  gate_t *gate;       /* passed by the run; NULL: none */
  weft_status status; /* what the run returns */
  void *result;
  int runs;  /* atomic */
  int drops; /* atomic */
  pthread_t ran_on;
  pthread_t dropped_on;
  uint64_t tid; /* of the running thread; atomic; 0 before */
} probe_t;

static inline void probe_drop(void *ctx) {
  probe_t *probe = (probe_t *)ctx;
  probe->dropped_on = pthread_self();
  __atomic_add_fetch(&probe->drops, 1, __ATOMIC_ACQ_REL);
}

static inline weft_status probe_run(void *ctx, void **result, weft_error_t **error) {
  probe_t *probe = (probe_t *)ctx;
  (void)error;
  __atomic_store_n(&probe->ran_on, pthread_self(), __ATOMIC_RELAXED); /* several tasks may share the probe */
  __atomic_store_n(&probe->tid, own_tid(), __ATOMIC_RELEASE);
  __atomic_add_fetch(&probe->runs, 1, __ATOMIC_ACQ_REL);
  if (probe->gate) gate_pass(probe->gate);
  *result = probe->result;
  return probe->status;
}

static inline weft_status probe_target(void *ctx, weft_error_t **error) {
  void *result = NULL;
  return probe_run(ctx, &result, error);
}

static inline int probe_runs(probe_t *probe) {
  return __atomic_load_n(&probe->runs, __ATOMIC_ACQUIRE);
}

static inline int probe_drops(probe_t *probe) {
  return __atomic_load_n(&probe->drops, __ATOMIC_ACQUIRE);
}

static inline uint64_t probe_tid(probe_t *probe) {
  return __atomic_load_n(&probe->tid, __ATOMIC_ACQUIRE);
}

/* A drop that counts: ctx is an int. */
static inline void count_drop(void *ctx) {
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL);
}

static inline int count_of(int *counter) {
  return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

/* ctx is an int that counts the runs. */
static inline weft_status count_run(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL);
  *result = ctx;
  return WEFT_OK;
}

static inline weft_status return_ctx(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = ctx;
  return WEFT_OK;
}

/* ctx is a gate. */
static inline weft_status pass_gate(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  gate_pass((gate_t *)ctx);
  return WEFT_OK;
}

static inline weft_status fail_with_42(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  (void)error;
  return 42;
}

/* Fails with an error object, although it returns WEFT_OK. */
static inline weft_status fail_with_error(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  *result = ctx;
  return weft_error_create(7, "ValueError", "a bad value", error);
}

#endif
