/* room.h: what the tests of tasks with room share: the fates of a closure, and of the result in its place. */
#ifndef WEFT_TESTS_ROOM_H
#define WEFT_TESTS_ROOM_H

#include "setup.h"

/* What happens to a closure and to its result; all counters are atomic. A closure begins with a pointer to its fate. */
typedef struct fate {
  int runs, drops, result_drops;
} fate_t;

/* The result, which lies in the room of the closure. */
typedef struct outcome {
  fate_t *fate;
  int64_t square;
} outcome_t;

static inline void drop_closure(void *room) {
  __atomic_add_fetch(&(*(fate_t **)room)->drops, 1, __ATOMIC_ACQ_REL);
}

static inline void drop_outcome(void *room) {
  __atomic_add_fetch(&((outcome_t *)room)->fate->result_drops, 1, __ATOMIC_ACQ_REL);
}

static inline void check_fate(fate_t *fate, int runs, int drops, int result_drops) {
  CHECK_EQUAL(count_of(&fate->runs), runs);
  CHECK_EQUAL(count_of(&fate->drops), drops);
  CHECK_EQUAL(count_of(&fate->result_drops), result_drops);
}

#endif
