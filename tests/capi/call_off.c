/* Tests of what cancel tokens and domains return when something is refused: no threads, a runtime that has ended,
 * options of a later version. The first cases run in child processes, before weft is used here.
 */
#include "child.h"
#include "setup.h"

static void no_thread_for_deadlines(void) {
  weft_cancel_token_t *token = UNTOUCHED(weft_cancel_token_t);
  if (!refuse_threads()) return;
  CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_SECOND, &token), WEFT_EAGAIN);
  CHECK(token == UNTOUCHED(weft_cancel_token_t));
  allow_threads();
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_MILLISECOND, &token));
  while (weft_cancel_token_cancel(token) == WEFT_OK) continue;
  weft_cancel_token_unref(token);
}

static void no_runtime_for_deadlines(void) {
  weft_cancel_token_t *token = UNTOUCHED(weft_cancel_token_t), *plain = NULL;
  CHECK_STATUS(weft_runtime_shutdown(NULL, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_cancel_token_create(NULL, WEFT_SECOND, &token), WEFT_ESHUTDOWN);
  CHECK(token == UNTOUCHED(weft_cancel_token_t));
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &plain));
  CHECK_STATUS(weft_cancel_token_cancel(plain), WEFT_OK);
  weft_cancel_token_unref(plain);
}

static void without_a_thread(void) {
  run_in_child(no_thread_for_deadlines);
}

static void without_a_runtime(void) {
  run_in_child(no_runtime_for_deadlines);
}

static void an_ended_runtime_makes_no_domain(void) {
  weft_runtime_t *runtime = make_runtime();
  weft_domain_t *domain = UNTOUCHED(weft_domain_t);
  CHECK_STATUS(weft_runtime_shutdown(runtime, WEFT_FOREVER), WEFT_OK);
  CHECK_STATUS(weft_domain_create(runtime, NULL, &domain), WEFT_ESHUTDOWN);
  CHECK(domain == UNTOUCHED(weft_domain_t));
  CHECK_STATUS(weft_runtime_destroy(&runtime), WEFT_OK);
}

static void remove_itself(void *ctx) {
  CHECK_STATUS(weft_cancel_registration_remove((weft_cancel_registration_t **)ctx), WEFT_ERUNNING);
}

static void a_callback_that_runs_cannot_be_removed(void) {
  weft_cancel_token_t *token = NULL;
  weft_cancel_registration_t *registration = NULL;
  REQUIRE_OK(weft_cancel_token_create(NULL, WEFT_FOREVER, &token));
  REQUIRE_OK(weft_cancel_token_on_cancel(token, remove_itself, &registration, NULL, &registration));
  CHECK_STATUS(weft_cancel_token_cancel(token), WEFT_OK);
  CHECK(registration == NULL);
  weft_cancel_token_unref(token);
}

static weft_status close_when_stopped(void *ctx, weft_error_t **error) {
  weft_thread_t *self = NULL;
  (void)error;
  if (!CHECK_STATUS(weft_thread_current(&self), WEFT_OK)) return 1;
  CHECK_STATUS(weft_thread_request_stop(self), WEFT_OK);
  CHECK_STATUS(weft_domain_close((weft_domain_t *)ctx, WEFT_FOREVER), WEFT_EINTERRUPTED);
  weft_thread_unref(self);
  return WEFT_OK;
}

static void a_stop_request_interrupts_a_close(void) {
  weft_domain_t *domain = NULL;
  weft_domain_scope_t scope;
  weft_thread_t *closer = NULL;
  REQUIRE_OK(weft_domain_create(NULL, NULL, &domain));
  REQUIRE_OK(weft_thread_create(NULL, NULL, close_when_stopped, domain, NULL, &closer)); /* made outside the domain */
  REQUIRE_OK(weft_domain_enter(domain, &scope));
  CHECK_STATUS(weft_thread_start(closer), WEFT_OK);
  end_thread(closer);
  CHECK_EQUAL(weft_domain_is_closed(domain), 1);
  CHECK_STATUS(weft_domain_leave(&scope), WEFT_OK);
  CHECK_STATUS(weft_domain_close(domain, WEFT_FOREVER), WEFT_OK);
  weft_domain_unref(domain);
}

static weft_status run_nothing(void *room, weft_error_t **error) {
  (void)room;
  (void)error;
  return WEFT_OK;
}

static void options_of_a_later_version(void) {
  static const weft_task_type_t type = {sizeof type, 0, 0, 0, run_nothing, NULL, NULL};
  struct {
    weft_task_options_t known;
    uint64_t later;
  } options;
  weft_task_t *task = UNTOUCHED(weft_task_t);
  memset(&options, 0, sizeof options);
  options.known.size = sizeof options;
  options.later = 1;
  CHECK_STATUS(weft_task_create_with(&type, &options.known, &task), WEFT_ENOTSUP);
  CHECK(task == UNTOUCHED(weft_task_t));
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"without a thread", without_a_thread},
      {"without a runtime", without_a_runtime},
      {"an ended runtime makes no domain", an_ended_runtime_makes_no_domain},
      {"a callback that runs cannot be removed", a_callback_that_runs_cannot_be_removed},
      {"a stop request interrupts a close", a_stop_request_interrupts_a_close},
      {"options of a later version", options_of_a_later_version},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
