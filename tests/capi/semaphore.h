/* semaphore.h: what the tests of semaphores share. */
#ifndef WEFT_TESTS_SEMAPHORE_H
#define WEFT_TESTS_SEMAPHORE_H

#include <weft/semaphore.h>

#include "setup.h"

static inline weft_semaphore_t *make_semaphore(int64_t initial) {
  weft_semaphore_t *semaphore = NULL;
  CHECK_STATUS(weft_semaphore_create(initial, &semaphore), WEFT_OK);
  return semaphore;
}

static inline void wait_for(weft_semaphore_t *semaphore) {
  CHECK_STATUS(weft_semaphore_wait(semaphore, WEFT_FOREVER), WEFT_OK);
}

static inline void signal_one(weft_semaphore_t *semaphore) {
  CHECK_STATUS(weft_semaphore_signal(semaphore, 1), WEFT_OK);
}

#endif
