/* What the host in unload.cpp gives to its guest, and what it counts. */
#ifndef WEFT_TESTS_GUEST_H
#define WEFT_TESTS_GUEST_H

#include <weft/weft.h>

/* The counts are memory of the host, because they outlive the guest's code. They are atomic. */
typedef struct host {
  weft_executor_t *pool, *strand;
  weft_group_t *group;
  weft_cancel_token_t *token;
  weft_future_t *promises[4]; /* the host sets them when it likes */
  uint64_t seed;
  uint64_t given;   /* contexts that weft has accepted */
  uint64_t dropped; /* contexts that weft has dropped */
  uint64_t runs;
  uint64_t threads, pools; /* that the guest has tried to make */
  int64_t inside;          /* calls of the guest's code that are under way */
} host_t;

/* Registers what a plugin registers. The host has entered the guest's domain. */
typedef void (*guest_begin_fn)(host_t *host);

#endif
