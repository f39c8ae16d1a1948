/* Tests of memory that runs out under cancel tokens (see nomem.h). */
#include "nomem.h"

static weft_status attempt_create(void) {
  weft_cancel_token_t *token = UNTOUCHED(weft_cancel_token_t);
  weft_status status = ARMED(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  if (status == WEFT_OK)
    weft_cancel_token_unref(token);
  else
    CHECK(token == UNTOUCHED(weft_cancel_token_t));
  return status;
}

static weft_status attempt_deadline(void) {
  weft_cancel_token_t *token = UNTOUCHED(weft_cancel_token_t);
  weft_status status = ARMED(weft_cancel_token_create(NULL, 3600 * WEFT_SECOND, &token));
  if (status == WEFT_OK)
    weft_cancel_token_unref(token);
  else
    CHECK(token == UNTOUCHED(weft_cancel_token_t));
  return status;
}

static void count_cancel(void *ctx) {
  count_drop(ctx);
}

static weft_status attempt_on_cancel(void) {
  int count = 0;
  weft_cancel_token_t *token = NULL;
  weft_cancel_registration_t *registration = UNTOUCHED(weft_cancel_registration_t);
  weft_status status;
  CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_FOREVER, &token), WEFT_OK);
  status = ARMED(weft_cancel_token_on_cancel(token, count_cancel, &count, count_drop, &registration));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK_EQUAL(count, status == WEFT_OK ? 2 : 0);
  if (status == WEFT_OK)
    CHECK_STATUS(weft_cancel_registration_remove(&registration), WEFT_EDONE);
  else
    CHECK(registration == UNTOUCHED(weft_cancel_registration_t));
  weft_cancel_token_unref(token);
  return status;
}

/* A cancellation needs no memory: everything was allocated when the task was accepted. */
static weft_status attempt_submit_and_cancel(void) {
  int count = 0;
  weft_executor_t *executor = make_caller_run();
  weft_cancel_token_t *token = NULL;
  weft_task_options_t options;
  weft_future_t *future = UNTOUCHED(weft_future_t);
  weft_status status;
  CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_FOREVER, &token), WEFT_OK);
  weft_task_options_init(&options);
  options.token = token;
  status = ARMED(weft_executor_submit(executor, &options, count_run, &count, count_drop, &future));
  CHECK_EQUAL(count, 0);
  allocations_left = 0;
  CHECK_STATUS(disarm(weft_cancel_token_cancel(token)), WEFT_OK);
  CHECK_EQUAL(count, status == WEFT_OK ? 1 : 0);
  if (status == WEFT_OK)
    weft_future_unref(future);
  else
    CHECK(future == UNTOUCHED(weft_future_t));
  weft_cancel_token_unref(token);
  weft_executor_unref(executor);
  return status;
}

static weft_status attempt_group(void) {
  weft_executor_t *pool = make_pool(1);
  weft_cancel_token_t *token = NULL;
  weft_group_options_t options;
  weft_group_t *group = UNTOUCHED(weft_group_t);
  weft_status status;
  CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_FOREVER, &token), WEFT_OK);
  weft_group_options_init(&options);
  options.token = token;
  status = ARMED(weft_group_create(pool, &options, &group));
  if (status == WEFT_OK)
    weft_group_unref(group);
  else
    CHECK(group == UNTOUCHED(weft_group_t));
  weft_cancel_token_unref(token);
  end_executor(pool);
  return status;
}

static const attempt_t attempts[] = {
    ATTEMPT(weft_cancel_token_create, attempt_create),
    ATTEMPT_THAT_STARTS_THREADS(weft_cancel_token_create with a deadline, attempt_deadline),
    ATTEMPT(weft_cancel_token_on_cancel, attempt_on_cancel),
    ATTEMPT_RECYCLED(weft_executor_submit with a token, attempt_submit_and_cancel),
    ATTEMPT(weft_group_create with a token, attempt_group),
};

int main(int argc, char **argv) {
  return starve_all(attempts, CHECK_COUNT_OF(attempts), argc, argv);
}
