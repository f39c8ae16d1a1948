/* Tests of the default executor (weft/executor.h): one pool for two libraries and their host, configured before its
 * first use. The cases build on one another, because a process has only one default executor.
 */
#include <weft/executor.h>

#include "setup.h"

/* Of the two libraries that this program is linked with; see shared/library.c. */
weft_executor_t *first_pool(void), *second_pool(void);
int first_adds(int a, int b), second_adds(int a, int b);
weft_status first_configures(void), second_configures(void);

static int prepared, dropped[2];

static weft_status prepare(void *ctx, weft_error_t **error) {
  (void)error;
  __atomic_add_fetch((int *)ctx, 1, __ATOMIC_ACQ_REL);
  return WEFT_OK;
}

static void bad_options_are_refused(void) {
  weft_executor_options_t options;
  unsigned char larger[sizeof options + 8];
  weft_executor_options_init(&options);
  options.max_workers = 4097;
  CHECK_STATUS(weft_default_executor_configure(&options), WEFT_EINVAL);
  weft_executor_options_init(&options);
  options.size = 3;
  CHECK_STATUS(weft_default_executor_configure(&options), WEFT_EINVAL);
  weft_executor_options_init(&options);
  memset(larger, 1, sizeof larger);
  options.size = sizeof larger;
  memcpy(larger, &options, sizeof options);
  CHECK_STATUS(weft_default_executor_configure((const weft_executor_options_t *)(const void *)larger), WEFT_ENOTSUP);
  CHECK_STATUS(weft_default_executor(NULL), WEFT_EINVAL);
}

static void before_the_first_use_the_last_configuration_counts(void) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.max_workers = 7;
  options.initializer = prepare;
  options.initializer_ctx = &dropped[0];
  options.initializer_drop = count_drop;
  REQUIRE_OK(weft_default_executor_configure(&options));
  options.max_workers = 2;
  options.name_prefix = "shared";
  options.initializer_ctx = &prepared;
  options.initializer_drop = NULL;
  REQUIRE_OK(weft_default_executor_configure(&options));
  CHECK_EQUAL(count_of(&dropped[0]), 1); /* the first configuration's context: it will not be used */
}

static void two_libraries_share_it(void) {
  weft_executor_t *one = first_pool(), *two = second_pool(), *mine = NULL;
  weft_executor_stats_t stats;
  CHECK(one != NULL);
  CHECK(one == two);
  REQUIRE_OK(weft_default_executor(&mine));
  CHECK(mine == one);
  CHECK_EQUAL(first_adds(1, 2), 3);
  CHECK_EQUAL(second_adds(3, 4), 7);
  stats = stats_of(mine);
  CHECK_EQUAL(stats.max_workers, 2);
  CHECK(stats.workers_started <= 2);
  CHECK_EQUAL(count_of(&prepared), stats.workers_started);
  weft_executor_unref(one);
  weft_executor_unref(two);
  weft_executor_unref(mine);
  CHECK_EQUAL(first_adds(5, 6), 11); /* although all handles have been given back */
}

static void after_the_first_use_it_is_too_late(void) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.initializer = prepare;
  options.initializer_ctx = &dropped[1];
  options.initializer_drop = count_drop;
  CHECK_STATUS(weft_default_executor_configure(&options), WEFT_EINVALIDSTATE);
  CHECK_STATUS(weft_default_executor_configure(NULL), WEFT_EINVALIDSTATE);
  CHECK_STATUS(first_configures(), WEFT_EINVALIDSTATE);
  CHECK_STATUS(second_configures(), WEFT_EINVALIDSTATE);
  CHECK_EQUAL(count_of(&dropped[1]), 0);
}

static void nobody_can_shut_it_down_for_the_others(void) {
  weft_executor_t *pool = first_pool();
  CHECK_STATUS(weft_executor_shutdown(pool, 0, 0), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_ENOTSUP);
  CHECK_STATUS(weft_executor_shutdown(pool, WEFT_SHUTDOWN_CANCEL_PENDING, 0), WEFT_ENOTSUP);
  weft_executor_unref(pool);
  CHECK_EQUAL(second_adds(20, 22), 42);
}

static void it_finishes_its_work_when_the_default_runtime_ends(void) {
  weft_executor_t *pool = first_pool(), *none = UNTOUCHED(weft_executor_t);
  int runs = 0, i;
  for (i = 0; i < 100; ++i) REQUIRE_OK(weft_executor_post(pool, NULL, count_run, &runs, NULL));
  CHECK_STATUS(weft_runtime_shutdown(NULL, WEFT_FOREVER), WEFT_OK);
  CHECK_EQUAL(count_of(&runs), 100);
  CHECK_EQUAL(stats_of(pool).workers_alive, 0);
  CHECK_STATUS(weft_executor_post(pool, NULL, count_run, &runs, NULL), WEFT_ESHUTDOWN);
  CHECK_STATUS(weft_default_executor(&none), WEFT_ESHUTDOWN);
  CHECK(none == UNTOUCHED(weft_executor_t));
  CHECK_STATUS(weft_default_executor_configure(NULL), WEFT_ESHUTDOWN);
  weft_executor_unref(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"bad options are refused", bad_options_are_refused},
      {"before the first use the last configuration counts", before_the_first_use_the_last_configuration_counts},
      {"two libraries share it", two_libraries_share_it},
      {"after the first use it is too late", after_the_first_use_it_is_too_late},
      {"nobody can shut it down for the others", nobody_can_shut_it_down_for_the_others},
      {"it finishes its work when the default runtime ends", it_finishes_its_work_when_the_default_runtime_ends},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
