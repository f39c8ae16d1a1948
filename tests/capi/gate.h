/* gate.h: a gate that holds threads until it is opened, and counts the threads that have come to it.
 *
 * The tests order threads with gates instead of sleeping. Gates are plain pthreads on purpose: a test must not depend
 * on what it tests. This header also reads the clock, and looks whether the system has put a thread to sleep.
 */
#ifndef WEFT_TESTS_GATE_H
#define WEFT_TESTS_GATE_H

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef struct gate {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int arrived;
  int is_open;
} gate_t;

#define GATE_CLOSED                                                                                                    \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 }

static inline void gate_pass(gate_t *gate) {
  pthread_mutex_lock(&gate->mutex);
  ++gate->arrived;
  pthread_cond_broadcast(&gate->changed);
  while (!gate->is_open) pthread_cond_wait(&gate->changed, &gate->mutex);
  pthread_mutex_unlock(&gate->mutex);
}

/* Waits until `count` threads have come to the gate, passed or not. */
static inline void gate_await(gate_t *gate, int count) {
  pthread_mutex_lock(&gate->mutex);
  while (gate->arrived < count) pthread_cond_wait(&gate->changed, &gate->mutex);
  pthread_mutex_unlock(&gate->mutex);
}

static inline int gate_arrived(gate_t *gate) {
  int arrived;
  pthread_mutex_lock(&gate->mutex);
  arrived = gate->arrived;
  pthread_mutex_unlock(&gate->mutex);
  return arrived;
}

static inline void gate_open(gate_t *gate) {
  pthread_mutex_lock(&gate->mutex);
  gate->is_open = 1;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->mutex);
}

/* Monotonic nanoseconds. */
static inline int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline uint64_t own_tid(void) {
  return (uint64_t)syscall(SYS_gettid);
}

/* Returns when the system shows the thread asleep, or after a bound. Tests that use it hold in both cases. It makes
 * them nearly always meet the blocked state, which is the interesting one. */
static inline void await_asleep(uint64_t tid) {
  char path[64];
  int seen = 0;
  int64_t until = now_ns() + 2000000000;
  snprintf(path, sizeof path, "/proc/self/task/%llu/stat", (unsigned long long)tid);
  while (seen < 3 && now_ns() < until) {
    char state = '?';
    FILE *file = fopen(path, "r");
    if (file == NULL) return;
    if (fscanf(file, "%*d %*[^)]) %c", &state) != 1) state = '?';
    fclose(file);
    seen = state == 'S' ? seen + 1 : 0;
    sched_yield();
  }
}

#endif
