/* Tests of where the workers of a pool run, and how many indices they have (weft/executor.h, weft/worker.h). */
#include <weft/executor.h>

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "setup.h"

typedef struct placed {
  int cpus, cpu, nice;
} placed_t;

static weft_status note_place(void *ctx, void **result, weft_error_t **error) {
  placed_t *seen = (placed_t *)ctx;
  cpu_set_t set;
  (void)result;
  (void)error;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  seen->cpus = CPU_COUNT(&set);
  for (seen->cpu = 0; seen->cpu < CPU_SETSIZE && !CPU_ISSET(seen->cpu, &set);) ++seen->cpu;
  seen->nice = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
  return WEFT_OK;
}

static placed_t place_in(const weft_executor_options_t *options) {
  placed_t seen = {0, 0, 0};
  weft_executor_t *pool = NULL;
  if (!CHECK_STATUS(weft_executor_create(NULL, options, &pool), WEFT_OK)) return seen;
  end_future(submit(pool, note_place, &seen, NULL));
  end_executor(pool);
  return seen;
}

static void workers_run_on_these_cpus(void) {
  weft_executor_options_t options;
  placed_t usual, chosen;
  uint32_t cpu;
  weft_executor_options_init(&options);
  usual = place_in(&options);
  cpu = (uint32_t)usual.cpu;
  options.affinity = &cpu;
  options.affinity_count = 1;
  chosen = place_in(&options);
  CHECK_EQUAL(chosen.cpus, 1);
  CHECK_EQUAL(chosen.cpu, usual.cpu);
  options.affinity_count = 0; /* affinity is not read */
  CHECK_EQUAL(place_in(&options).cpus, usual.cpus);
}

static void workers_have_this_nice_value(void) {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.nice = 19;
  CHECK_EQUAL(place_in(&options).nice, 19);
}

static void what_is_out_of_range_is_refused(void) {
  weft_executor_options_t options;
  uint32_t cpu = 1024;
  weft_executor_t *pool = UNTOUCHED(weft_executor_t);
  weft_executor_options_init(&options);
  options.nice = 20;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  options.nice = -21;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  options.nice = 0;
  options.affinity_count = 1;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  options.affinity = &cpu;
  CHECK_STATUS(weft_executor_create(NULL, &options, &pool), WEFT_EINVAL);
  CHECK(pool == UNTOUCHED(weft_executor_t));
}

/* CPU 1023 does not exist here, as far as we know: the worker runs where it may. */
static void a_worker_runs_though_the_system_refuses(void) {
  weft_executor_options_t options;
  placed_t usual, refused;
  uint32_t cpu = 1023;
  weft_executor_options_init(&options);
  usual = place_in(&options);
  options.affinity = &cpu;
  options.affinity_count = 1;
  refused = place_in(&options);
  CHECK_EQUAL(refused.cpus, usual.cpus);
}

static weft_status check_index(void *ctx, void **result, weft_error_t **error) {
  (void)result;
  (void)error;
  return weft_worker_index() >= 0 && weft_worker_index() < weft_worker_index_bound((weft_executor_t *)ctx) ? WEFT_OK
                                                                                                           : 1;
}

static void indices_have_a_bound(void) {
  weft_executor_options_t options;
  weft_executor_t *pool = NULL, *strand, *mine = make_caller_run();
  weft_executor_options_init(&options);
  options.max_workers = 3;
  options.max_spares = 5;
  REQUIRE_OK(weft_executor_create(NULL, &options, &pool));
  strand = make_strand(pool);
  CHECK_EQUAL(weft_worker_index_bound(pool), 9);
  CHECK_EQUAL(weft_worker_index_bound(strand), 9);
  CHECK_STATUS(weft_worker_index_bound(mine), WEFT_ENOTSUP);
  CHECK_STATUS(weft_worker_index_bound(NULL), WEFT_EINVAL);
  end_future(submit(strand, check_index, pool, NULL));
  end_executor(strand);
  end_executor(pool);
  weft_executor_unref(mine);
  pool = make_pool(2);
  CHECK_EQUAL(weft_worker_index_bound(pool), 2 + 64 + 1);
  end_executor(pool);
}

static void figures_tell_who_rests(void) {
  weft_executor_t *pool = make_pool(1);
  gate_t gate = GATE_CLOSED;
  weft_future_t *running = occupy_worker(pool, &gate);
  CHECK_EQUAL(stats_of(pool).workers_idle, 0);
  gate_open(&gate);
  end_future(running);
  while (stats_of(pool).workers_idle != 1) sched_yield();
  end_executor(pool);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"workers run on these CPUs", workers_run_on_these_cpus},
      {"workers have this nice value", workers_have_this_nice_value},
      {"what is out of range is refused", what_is_out_of_range_is_refused},
      {"a worker runs though the system refuses", a_worker_runs_though_the_system_refuses},
      {"indices have a bound", indices_have_a_bound},
      {"figures tell who rests", figures_tell_who_rests},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
