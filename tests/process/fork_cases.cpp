// fork_cases.cpp: forks of a process that uses weft: from the main thread, a task or a thread, in full activity. They
// show what calls in the child return, how the child begins anew, and that the parent loses nothing.
#include "cases.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

namespace process {
namespace {

weft_status nothing(void *, void **, weft_error_t **) {
  return WEFT_OK;
}

weft_status count(void *ctx, void **, weft_error_t **) {
  ++*static_cast<std::atomic<int> *>(ctx);
  return WEFT_OK;
}

// Waits for the child, and prints how it ended if that is not as expected.
void expect_child(pid_t child, int expected) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return say("the child is not there");
  if (WIFEXITED(status) && WEXITSTATUS(status) == expected) return;
  char line[80];
  std::snprintf(line, sizeof line, "the child ended with status %x", static_cast<unsigned>(status));
  say(line);
}

// Forks. The child calls body(), and ends by exit() with the result.
template <class Body> pid_t fork_child(Body body) {
  const pid_t child = fork();
  if (child != 0) return child;
  alarm(15); // a child that hangs must end before the parent's time limit
  std::exit(body());
}

void use_a_pool(int tasks) {
  std::atomic<int> ran = 0;
  weft_executor_t *pool = make_pool(2);
  weft_group_t *group = nullptr;
  EXPECT(weft_group_create(pool, nullptr, &group), WEFT_OK);
  for (int i = 0; i < tasks; ++i) {
    weft_future_t *future = nullptr;
    EXPECT(weft_executor_submit(pool, nullptr, count, &ran, nullptr, &future), WEFT_OK);
    EXPECT(weft_group_spawn(group, nullptr, count, &ran, nullptr), WEFT_OK);
    EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(future);
  }
  EXPECT(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  weft_thread_t *thread = nullptr;
  EXPECT(weft_thread_create(
             nullptr, nullptr, [](void *, weft_error_t **) -> weft_status { return weft_sleep(WEFT_MICROSECOND); },
             nullptr, nullptr, &thread),
         WEFT_OK);
  EXPECT(weft_thread_start(thread), WEFT_OK);
  EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
  EXPECT(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_executor_unref(pool);
  if (ran != 2 * tasks) say("tasks of the child were lost");
}

// Objects that were made before the fork, for the calls of the child.
struct belongings {
  weft_runtime_t *runtime = nullptr;
  weft_executor_t *pool = nullptr, *strand = nullptr, *mine = nullptr;
  weft_thread_t *thread = nullptr;
  weft_group_t *group = nullptr, *alone = nullptr;
  weft_timer_t *timer = nullptr;
  weft_cancel_token_t *token = nullptr;
  weft_queue_t *queue = nullptr;
  weft_semaphore_t *semaphore = nullptr;
  weft_domain_t *domain = nullptr;
  weft_future_t *pending = nullptr, *done = nullptr, *nested = nullptr; // nested: its result is `pending`
};

belongings make_belongings() {
  belongings all;
  EXPECT(weft_runtime_create(nullptr, &all.runtime), WEFT_OK);
  all.pool = make_pool(2);
  EXPECT(weft_strand_create(all.pool, &all.strand), WEFT_OK);
  EXPECT(weft_caller_run_create(nullptr, nullptr, &all.mine), WEFT_OK);
  all.thread = start(WEFT_DAEMON_YES, block_forever, nullptr);
  EXPECT(weft_group_create(all.pool, nullptr, &all.group), WEFT_OK);
  EXPECT(weft_group_create(nullptr, nullptr, &all.alone), WEFT_OK);
  EXPECT(weft_timer_create(all.pool, nullptr, nothing, nullptr, nullptr, &all.timer), WEFT_OK);
  EXPECT(weft_cancel_token_create(nullptr, WEFT_FOREVER, &all.token), WEFT_OK);
  EXPECT(weft_queue_create(nullptr, &all.queue), WEFT_OK);
  EXPECT(weft_semaphore_create(1, &all.semaphore), WEFT_OK);
  EXPECT(weft_domain_create(nullptr, nullptr, &all.domain), WEFT_OK);
  EXPECT(weft_future_create(nullptr, &all.pending), WEFT_OK);
  EXPECT(weft_future_notify(all.pending, all.queue, 1), WEFT_OK);
  EXPECT(weft_future_create(nullptr, &all.nested), WEFT_OK);
  EXPECT(weft_future_set_result(all.nested, all.pending), WEFT_OK);
  EXPECT(weft_executor_submit(all.pool, nullptr, nothing, nullptr, nullptr, &all.done), WEFT_OK);
  EXPECT(weft_future_wait(all.done, WEFT_FOREVER), WEFT_OK);
  return all;
}

void find_belongings_refused(const belongings &all) {
  weft_future_t *future = nullptr;
  weft_executor_t *executor = nullptr;
  weft_group_t *group = nullptr;
  weft_timer_t *timer = nullptr;
  weft_thread_t *thread = nullptr;
  uint64_t ran = 0;
  for (weft_executor_t *each : {all.pool, all.strand, all.mine}) {
    EXPECT(weft_executor_submit(each, nullptr, nothing, nullptr, nullptr, &future), WEFT_EFORKED);
    EXPECT(weft_executor_post(each, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
    EXPECT(weft_executor_post_after(each, 0, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
    EXPECT(weft_executor_shutdown(each, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_EFORKED);
  }
  EXPECT(weft_executor_run(all.mine, 0, 0, &ran), WEFT_EFORKED);
  EXPECT(weft_strand_create(all.pool, &executor), WEFT_EFORKED);
  EXPECT(weft_group_create(all.pool, nullptr, &group), WEFT_EFORKED);
  EXPECT(weft_group_spawn(all.group, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
  EXPECT(weft_group_enter(all.alone), WEFT_EFORKED);
  EXPECT(weft_group_wait(all.group, WEFT_FOREVER), WEFT_EFORKED);
  EXPECT(weft_timer_create(all.pool, nullptr, nothing, nullptr, nullptr, &timer), WEFT_EFORKED);
  EXPECT(weft_timer_arm(all.timer, 0), WEFT_EFORKED);
  EXPECT(weft_cancel_token_cancel(all.token), WEFT_EFORKED);
  weft_event_t event;
  size_t events = 0;
  EXPECT(weft_queue_post(all.queue, 1, 2), WEFT_EFORKED);
  EXPECT(weft_queue_wait(all.queue, &event, 1, WEFT_FOREVER, &events), WEFT_EFORKED);
  EXPECT(weft_queue_close(all.queue), WEFT_EFORKED);
  EXPECT(weft_semaphore_signal(all.semaphore, 1), WEFT_EFORKED);
  EXPECT(weft_semaphore_wait(all.semaphore, WEFT_FOREVER), WEFT_EFORKED);
  EXPECT(weft_semaphore_try_wait(all.semaphore), WEFT_EFORKED);
  EXPECT(weft_executor_set_context(all.pool, nullptr, nullptr), WEFT_EFORKED);
  EXPECT(weft_group_enter(all.group), WEFT_EFORKED);
  EXPECT(weft_group_leave(all.group), WEFT_EFORKED);
  EXPECT(weft_group_then(all.group, all.pool, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
  EXPECT(weft_group_set_context(all.group, nullptr, nullptr), WEFT_EFORKED);
  if (weft_executor_context(all.pool) != nullptr) say("a context of the parent is given out");
  weft_domain_scope_t scope;
  EXPECT(weft_domain_enter(all.domain, &scope), WEFT_EFORKED);
  EXPECT(weft_domain_close(all.domain, WEFT_FOREVER), WEFT_EFORKED);
  EXPECT(weft_executor_work(all.pool, 0), WEFT_EFORKED);
  EXPECT(weft_thread_join(all.thread, WEFT_FOREVER), WEFT_EFORKED);
  EXPECT(weft_thread_start(all.thread), WEFT_EFORKED);
  EXPECT(weft_thread_create(all.runtime, nullptr, say_now, nullptr, nullptr, &thread), WEFT_EFORKED);
  EXPECT(weft_runtime_shutdown(all.runtime, WEFT_FOREVER), WEFT_EFORKED);
  if (weft_thread_is_alive(all.thread) != 0) say("a thread of the parent seems to be alive");
}

void give_belongings_back(belongings &all) {
  for (weft_executor_t *each : {all.pool, all.strand, all.mine}) weft_executor_unref(each);
  weft_thread_unref(all.thread);
  weft_group_unref(all.group);
  weft_group_unref(all.alone);
  weft_timer_unref(all.timer);
  weft_cancel_token_unref(all.token);
  weft_queue_unref(all.queue);
  weft_semaphore_unref(all.semaphore);
  weft_domain_unref(all.domain);
  weft_future_unref(all.pending);
  weft_future_unref(all.done);
  weft_future_unref(all.nested);
  EXPECT(weft_runtime_destroy(&all.runtime), WEFT_OK);
}

int a_forked_child_is_told_and_begins_anew() {
  belongings all = make_belongings();
  expect_child(fork_child([&all] {
                 weft_executor_t *pool = nullptr;
                 weft_thread_t *self = nullptr;
                 EXPECT(weft_executor_create(nullptr, nullptr, &pool), WEFT_EFORKED);
                 EXPECT(weft_default_executor(&pool), WEFT_EFORKED);
                 EXPECT(weft_thread_current(&self), WEFT_EFORKED);
                 EXPECT(weft_sleep(0), WEFT_EFORKED);
                 weft_semaphore_t *semaphore = nullptr;
                 EXPECT(weft_semaphore_create(1, &semaphore), WEFT_EFORKED);
                 weft_group_t *alone = nullptr;
                 EXPECT(weft_group_create(nullptr, nullptr, &alone), WEFT_EFORKED);
                 EXPECT(weft_runtime_shutdown(nullptr, 0), WEFT_EFORKED);
                 EXPECT(weft_future_wait(all.done, WEFT_FOREVER), WEFT_EFORKED);
                 find_belongings_refused(all);
                 EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
                 EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
                 find_belongings_refused(all);
                 // A future that was done stays so; every other one is cancelled.
                 void *result = nullptr;
                 weft_future_t *flat = nullptr;
                 EXPECT(weft_future_flatten(all.nested, &flat), WEFT_OK);
                 EXPECT(weft_future_cancelled(flat), 1);
                 weft_future_unref(flat);
                 EXPECT(weft_future_result(all.done, WEFT_FOREVER, &result), WEFT_OK);
                 EXPECT(weft_future_cancelled(all.pending), 1);
                 EXPECT(weft_future_result(all.pending, WEFT_FOREVER, &result), WEFT_ECANCELED);
                 EXPECT(weft_future_set_result(all.pending, nullptr), WEFT_ECANCELED);
                 give_belongings_back(all);
                 use_a_pool(20);
                 EXPECT(weft_semaphore_create(1, &semaphore), WEFT_OK);
                 EXPECT(weft_semaphore_wait(semaphore, WEFT_FOREVER), WEFT_OK);
                 weft_semaphore_unref(semaphore);
                 EXPECT(weft_thread_current(&self), WEFT_OK);
                 weft_thread_unref(self);
                 EXPECT(weft_runtime_shutdown(nullptr, WEFT_FOREVER), WEFT_OK);
                 return 7;
               }),
               7);
  EXPECT(weft_runtime_reset_after_fork(), WEFT_OK); // the parent has nothing to reset
  EXPECT(weft_future_done(all.pending), 0);
  EXPECT(weft_future_set_result(all.pending, nullptr), WEFT_OK);
  use_a_pool(20);
  weft_executor_unref(all.mine);
  say("parent done");
  return 0;
}

// A child that only ends: what is pending belongs to the parent.
int exit_in_a_child_that_was_not_reset() {
  static char text[] = "task";
  static char dropped[] = "dropped";
  weft_executor_t *pool = make_pool(1);
  static std::atomic<bool> go = false; // static, because the task reads it after it was set
  EXPECT(weft_executor_post(
             pool, nullptr,
             [](void *ctx, void **, weft_error_t **) -> weft_status {
               while (!*static_cast<std::atomic<bool> *>(ctx)) weft_sleep(WEFT_MILLISECOND);
               return WEFT_OK;
             },
             &go, nullptr),
         WEFT_OK);
  EXPECT(weft_executor_post(pool, nullptr, task_say_now, text, nullptr), WEFT_OK);
  EXPECT(weft_executor_post(pool, nullptr, nothing, dropped, drop_says), WEFT_OK);
  expect_child(fork_child([pool] {
                 weft_executor_unref(pool);
                 return 3;
               }),
               3);
  go = true;
  weft_executor_unref(pool);
  return 0;
}

// Threads that do everything at once while the main thread forks.
std::atomic<bool> busy_is_over;

weft_status keep_busy(void *ctx, weft_error_t **) {
  auto *const pool = static_cast<weft_executor_t *>(ctx);
  weft_executor_t *strand = nullptr;
  EXPECT(weft_strand_create(pool, &strand), WEFT_OK);
  while (!busy_is_over) {
    std::atomic<int> ran = 0;
    weft_future_t *futures[8];
    for (int i = 0; i < 8; ++i)
      EXPECT(weft_executor_submit(i % 2 == 0 ? pool : strand, nullptr, count, &ran, nullptr, &futures[i]), WEFT_OK);
    EXPECT(weft_executor_post_after(pool, WEFT_MICROSECOND, nullptr, nothing, nullptr, nullptr), WEFT_OK);
    weft_group_t *group = nullptr;
    EXPECT(weft_group_create(pool, nullptr, &group), WEFT_OK);
    for (int i = 0; i < 8; ++i) EXPECT(weft_group_spawn(group, nullptr, count, &ran, nullptr), WEFT_OK);
    EXPECT(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
    weft_group_unref(group);
    EXPECT(weft_wait(futures, 8, WEFT_ALL_COMPLETED, WEFT_FOREVER, nullptr, nullptr), WEFT_OK);
    for (weft_future_t *each : futures) weft_future_unref(each);
    if (ran != 16) say("the parent has lost a task");
    weft_thread_t *thread = nullptr;
    EXPECT(weft_thread_create(
               nullptr, nullptr, [](void *, weft_error_t **) -> weft_status { return WEFT_OK; }, nullptr, nullptr,
               &thread),
           WEFT_OK);
    EXPECT(weft_thread_start(thread), WEFT_OK);
    EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
    weft_thread_unref(thread);
  }
  weft_executor_unref(strand);
  return WEFT_OK;
}

int fifty_forks_in_full_activity() {
  weft_executor_t *pool = make_pool(3);
  weft_thread_t *threads[4];
  for (weft_thread_t *&each : threads) each = start(WEFT_DAEMON_NO, keep_busy, pool);
  for (int i = 0; i < 50; ++i) {
    weft_future_t *future = nullptr;
    EXPECT(weft_executor_submit(pool, nullptr, nothing, nullptr, nullptr, &future), WEFT_OK);
    expect_child(fork_child([&] {
                   EXPECT(weft_executor_post(pool, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
                   EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
                   EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK); // it is done or cancelled
                   EXPECT(weft_executor_post(pool, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
                   weft_future_unref(future);
                   use_a_pool(10);
                   return 0;
                 }),
                 0);
    EXPECT(weft_future_result(future, WEFT_FOREVER, nullptr), WEFT_OK);
    weft_future_unref(future);
  }
  busy_is_over = true;
  for (weft_thread_t *each : threads) {
    EXPECT(weft_thread_join(each, WEFT_FOREVER), WEFT_OK);
    weft_thread_unref(each);
  }
  EXPECT(weft_executor_shutdown(pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER), WEFT_OK);
  weft_executor_unref(pool);
  say("nothing lost");
  return 0;
}

// The child returns from the task. It has no worker to return to, so it ends, and does not go on with the parent's
// work.
weft_status fork_and_return(void *, void **, weft_error_t **) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(15);
    return WEFT_OK;
  }
  expect_child(child, 0);
  return WEFT_OK;
}

int a_child_that_returns_from_its_task_ends() {
  static char text[] = "task behind it";
  weft_executor_t *pool = make_pool(1);
  weft_executor_t *strand = nullptr;
  EXPECT(weft_strand_create(pool, &strand), WEFT_OK);
  for (weft_executor_t *each : {pool, strand}) {
    EXPECT(weft_executor_post(each, nullptr, fork_and_return, nullptr, nullptr), WEFT_OK);
    EXPECT(weft_executor_post(each, nullptr, task_say_now, text, nullptr), WEFT_OK);
  }
  weft_thread_t *thread = start(
      WEFT_DAEMON_NO, [](void *ctx, weft_error_t **error) { return fork_and_return(ctx, nullptr, error); }, nullptr);
  EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
  return 0;
}

weft_status fork_and_use(void *, void **, weft_error_t **) {
  expect_child(fork_child([] {
                 EXPECT(weft_sleep(0), WEFT_EFORKED);
                 EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
                 use_a_pool(10);
                 if (weft_stop_requested() != 0) say("asked to stop");
                 EXPECT(weft_blocking_begin(), WEFT_ENOTSUP); // it is no worker any more
                 return 5;
               }),
               5);
  return WEFT_OK;
}

int a_child_of_a_task_may_begin_anew() {
  weft_executor_t *pool = make_pool(2);
  for (int i = 0; i < 4; ++i) EXPECT(weft_executor_post(pool, nullptr, fork_and_use, nullptr, nullptr), WEFT_OK);
  weft_group_t *group = nullptr;
  EXPECT(weft_group_create(pool, nullptr, &group), WEFT_OK);
  EXPECT(weft_group_spawn(group, nullptr, fork_and_use, nullptr, nullptr), WEFT_OK);
  EXPECT(weft_group_wait(group, WEFT_FOREVER), WEFT_OK);
  weft_group_unref(group);
  weft_executor_unref(pool);
  return 0;
}

// Forks inside a call of a join. In the child the join returns WEFT_EFORKED, and the task may begin anew.
struct forking_join {
  weft_executor_t *pool;
  bool forks_in_first;
  bool is_child = false;

  static weft_status call(void *ctx, weft_error_t **) {
    auto &self = *static_cast<forking_join *>(ctx);
    const pid_t child = fork();
    self.is_child = child == 0;
    if (child != 0) expect_child(child, 7);
    return WEFT_OK;
  }
  static weft_status run(void *ctx, void **, weft_error_t **) {
    auto &self = *static_cast<forking_join *>(ctx);
    const auto nothing_more = [](void *, weft_error_t **) -> weft_status { return WEFT_OK; };
    const weft_status status = self.forks_in_first ? weft_join(self.pool, call, &self, nothing_more, nullptr, nullptr)
                                                   : weft_join(self.pool, nothing_more, nullptr, call, &self, nullptr);
    if (!self.is_child) {
      EXPECT(status, WEFT_OK);
      return status;
    }
    alarm(15);
    EXPECT(status, WEFT_EFORKED);
    EXPECT(weft_join(self.pool, nothing_more, nullptr, nothing_more, nullptr, nullptr), WEFT_EFORKED);
    EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
    use_a_pool(5);
    std::exit(7);
  }
};

int a_child_of_a_joined_call_is_told_by_the_join() {
  weft_executor_t *pool = make_pool(1);
  for (const bool forks_in_first : {true, false}) {
    forking_join joining{pool, forks_in_first};
    weft_future_t *future = nullptr;
    EXPECT(weft_executor_submit(pool, nullptr, forking_join::run, &joining, nullptr, &future), WEFT_OK);
    EXPECT(weft_future_wait(future, WEFT_FOREVER), WEFT_OK);
    weft_future_unref(future);
  }
  weft_executor_unref(pool);
  return 0;
}

// On a thread that is not weft's, the child returns to the code that called weft.
int forked_on_the_way_through_weft;

weft_status fork_and_note(void *, void **, weft_error_t **) {
  const pid_t child = fork();
  forked_on_the_way_through_weft = child == 0 ? 1 : 0;
  if (child != 0) expect_child(child, 6);
  return WEFT_OK;
}

int a_child_of_a_caller_run_task_returns_to_its_caller() {
  static char text[] = "task behind it";
  weft_executor_t *mine = nullptr;
  uint64_t ran = 0;
  EXPECT(weft_caller_run_create(nullptr, nullptr, &mine), WEFT_OK);
  EXPECT(weft_executor_post(mine, nullptr, fork_and_note, nullptr, nullptr), WEFT_OK);
  EXPECT(weft_executor_post(mine, nullptr, task_say_now, text, nullptr), WEFT_OK);
  const weft_status status = weft_executor_run(mine, 0, WEFT_FOREVER, &ran);
  if (forked_on_the_way_through_weft != 0) {
    EXPECT(status, WEFT_EFORKED);
    EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
    use_a_pool(5);
    return 6;
  }
  EXPECT(status, WEFT_OK);
  weft_executor_unref(mine);
  return 0;
}

int a_child_of_a_child() {
  use_a_pool(5);
  expect_child(fork_child([] {
                 EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
                 weft_executor_t *pool = make_pool(2);
                 EXPECT(weft_executor_post(pool, nullptr, nothing, nullptr, nullptr), WEFT_OK);
                 expect_child(fork_child([pool] {
                                EXPECT(weft_executor_post(pool, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
                                EXPECT(weft_runtime_reset_after_fork(), WEFT_OK);
                                EXPECT(weft_executor_post(pool, nullptr, nothing, nullptr, nullptr), WEFT_EFORKED);
                                use_a_pool(5);
                                return 2;
                              }),
                              2);
                 EXPECT(weft_executor_post(pool, nullptr, nothing, nullptr, nullptr), WEFT_OK);
                 weft_executor_unref(pool);
                 return 1;
               }),
               1);
  return 0;
}

int spawned_processes_need_nothing() {
  weft_executor_t *pool = make_pool(2);
  weft_thread_t *thread = start(WEFT_DAEMON_NO, keep_busy, pool);
  char name[] = "true";
  char *arguments[] = {name, nullptr};
  for (int i = 0; i < 20; ++i) {
    pid_t child = 0;
    if (posix_spawnp(&child, name, nullptr, nullptr, arguments, environ) != 0) say("no process could be spawned");
    expect_child(child, 0);
  }
  use_a_pool(5);
  busy_is_over = true;
  EXPECT(weft_thread_join(thread, WEFT_FOREVER), WEFT_OK);
  weft_thread_unref(thread);
  weft_executor_unref(pool);
  return 0;
}

const named_case cases[] = {
    {"a-forked-child-is-told-and-begins-anew", a_forked_child_is_told_and_begins_anew},
    {"exit-in-a-child-that-was-not-reset", exit_in_a_child_that_was_not_reset},
    {"fifty-forks-in-full-activity", fifty_forks_in_full_activity},
    {"a-child-that-returns-from-its-task-ends", a_child_that_returns_from_its_task_ends},
    {"a-child-of-a-task-may-begin-anew", a_child_of_a_task_may_begin_anew},
    {"a-child-of-a-joined-call-is-told-by-the-join", a_child_of_a_joined_call_is_told_by_the_join},
    {"a-child-of-a-caller-run-task-returns-to-its-caller", a_child_of_a_caller_run_task_returns_to_its_caller},
    {"a-child-of-a-child", a_child_of_a_child},
    {"spawned-processes-need-nothing", spawned_processes_need_nothing},
};

} // namespace

std::span<const named_case> fork_cases() {
  return cases;
}

} // namespace process
