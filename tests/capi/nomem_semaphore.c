/* Tests of memory that runs out under semaphores (see nomem.h): only creating one, and a thread's first sleep, need
 * memory. */
#include "nomem.h"
#include "semaphore.h"

static weft_status attempt_create(void) {
  weft_semaphore_t *semaphore = UNTOUCHED(weft_semaphore_t);
  weft_status status = ARMED(weft_semaphore_create(1, &semaphore));
  if (status == WEFT_OK)
    weft_semaphore_unref(semaphore);
  else
    CHECK(semaphore == UNTOUCHED(weft_semaphore_t));
  return status;
}

/* The wait is made on a thread that weft has not met, which needs a record before it can sleep. */
typedef struct attempt_there {
  weft_semaphore_t *semaphore;
  weft_status status;
  int refused;
} attempt_there_t;

static void *wait_there(void *ctx) {
  attempt_there_t *self = (attempt_there_t *)ctx;
  self->status = ARMED(weft_semaphore_wait(self->semaphore, 1));
  self->refused = refused;
  CHECK(self->status == WEFT_ENOMEM || self->status == WEFT_ETIMEDOUT);
  CHECK_STATUS(ARMED(weft_semaphore_signal(self->semaphore, 1)), WEFT_OK); /* these calls need no memory */
  CHECK_STATUS(ARMED(weft_semaphore_wait(self->semaphore, WEFT_FOREVER)), WEFT_OK);
  return NULL;
}

static weft_status attempt_wait(void) {
  attempt_there_t there = {NULL, WEFT_OK, 0};
  pthread_t thread;
  there.semaphore = make_semaphore(0);
  if (CHECK(pthread_create(&thread, NULL, wait_there, &there) == 0)) pthread_join(thread, NULL);
  refused += there.refused;
  weft_semaphore_unref(there.semaphore);
  return there.status == WEFT_ETIMEDOUT ? WEFT_OK : there.status;
}

static const attempt_t attempts[] = {
    ATTEMPT(weft_semaphore_create, attempt_create),
    ATTEMPT(weft_semaphore_wait, attempt_wait),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
