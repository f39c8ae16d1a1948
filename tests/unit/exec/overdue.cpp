// A task past its token's deadline, when no thread has ended the token yet. The thread that would run the task looks at
// the time, and cancels the task. The tokens here have no alarm.
#include <doctest/doctest.h>

#include <thread>

#include "exec/group.hpp"
#include "exec/pools.hpp"
#include "task/attachment.hpp"
#include "task/continuation.hpp"
#include "task/wait.hpp"

using namespace weft::test;

namespace {

struct counted {
  std::atomic<int> runs{0}, drops{0};
  static weft_status run(void *ctx, void **, weft_error_t **) {
    ++static_cast<counted *>(ctx)->runs;
    return WEFT_OK;
  }
  static weft_status run_next(void *ctx, weft_future_t *, void **, weft_error_t **) {
    return run(ctx, nullptr, nullptr);
  }
  static void drop(void *ctx) { ++static_cast<counted *>(ctx)->drops; }
};

// A token that ends so soon that a test can wait for it, and so late that the steps before it have been done.
struct short_token {
  cancel_token *const it = cancel_token::make(nullptr, now_ns() + 500 * WEFT_MILLISECOND);
  ~short_token() { it->unref(); }
  belonging with() const noexcept { return {it, nullptr}; }
  void wait_for_end() const {
    while (!it->cancelled()) std::this_thread::yield();
    CHECK_FALSE(it->called_off());
  }
};

task *submit_with(executor &to, const short_token &token, counted &what) {
  task *made = create_call({&counted::run, &what, &counted::drop}, nullptr, token.with());
  REQUIRE(to.accept(&made, 1) == WEFT_OK);
  return made;
}

void check_cancelled(task *which, const counted &what) {
  CHECK(which->state() == cancelled);
  CHECK(which->end()->finished());
  CHECK(what.runs == 0);
  CHECK(what.drops == 1);
  which->unref();
}

} // namespace

TEST_CASE("overdue: a worker does not start it, and ends it") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const short_token token;
  counted fn;
  gate go;
  work first([&](void **, weft_error **) { return go.wait() ? WEFT_OK : WEFT_EFAILED; });
  task *const before = submit(*p, first), *const late = submit_with(*p, token, fn);
  token.wait_for_end();
  go.open();
  CHECK(wait_for_task(*late, soon()) == WEFT_OK);
  check_cancelled(late, fn);
  before->unref();
}

TEST_CASE("overdue: a strand's turn, and the tasks behind it go on") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const handle<strand> s(strand::make(*p));
  const short_token token;
  counted fn;
  gate go;
  work first([&](void **, weft_error **) { return go.wait() ? WEFT_OK : WEFT_EFAILED; }), last;
  task *const before = submit(*s, first), *const late = submit_with(*s, token, fn), *const behind = submit(*s, last);
  token.wait_for_end();
  go.open();
  CHECK(wait_for_task(*behind, soon()) == WEFT_OK);
  check_cancelled(late, fn);
  CHECK(last.ran == 1);
  before->unref();
  behind->unref();
}

TEST_CASE("overdue: run() of a caller-run executor, and a waiter inside of one") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  const short_token token;
  counted fn, awaited;
  work waiter([&](void **, weft_error **) {
    task *const inner = submit_with(*c, token, awaited);
    token.wait_for_end();
    const weft_status status = wait_for_task(*inner, deadline::never());
    check_cancelled(inner, awaited);
    return status;
  });
  task *const late = submit_with(*c, token, fn), *const waits = submit(*c, waiter);
  std::uint64_t ran = 0;
  // The test runs the waiter first, by hand: the other task would still be in time.
  const frame_scope serving(*current_record(), nullptr, &*c, nullptr);
  const helping by{nullptr, nullptr, deadline::never()};
  CHECK(c->lend(*waits, *current_record(), task_owner::haste::now, by) == task_owner::lent::yes);
  CHECK(waits->state() == with_result);
  CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
  CHECK(ran == 0);
  check_cancelled(late, fn);
  waits->unref();
}

TEST_CASE("overdue: a waiter on a worker of the pool") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const short_token token;
  counted fn;
  work waiter([&](void **, weft_error **) {
    task *const inner = submit_with(*p, token, fn);
    token.wait_for_end();
    const weft_status status = wait_for_task(*inner, deadline::never());
    check_cancelled(inner, fn);
    return status;
  });
  task *const waits = submit(*p, waiter);
  CHECK(wait_for_task(*waits, soon()) == WEFT_OK);
  CHECK(waits->state() == with_result);
  waits->unref();
}

TEST_CASE("overdue: continuations, those that would only hand on too") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  const short_token token;
  counted here, handing_on;
  task *const source = task::create_promise(nullptr);
  const auto follow = [&](counted &what, std::uint32_t when) {
    task *const made = create_continuation({&counted::run_next, &what, &counted::drop}, nullptr, token.with());
    REQUIRE(made->enter_rolls() == WEFT_OK);
    continuation::start(*made, *source, when, {});
    return made;
  };
  task *const first = follow(here, WEFT_THEN_RESULT), *const second = follow(handing_on, WEFT_THEN_ERROR);
  token.wait_for_end();
  source->set_result(nullptr);
  source->unref();
  check_cancelled(first, here);
  check_cancelled(second, handing_on);
}

TEST_CASE("overdue: the tasks of a group, with the group's token and with their own") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  const short_token token;
  counted with_group, with_own;
  gate go;
  work first([&](void **, weft_error **) { return go.wait() ? WEFT_OK : WEFT_EFAILED; });
  task *const before = submit(*p, first);
  group *late = nullptr;
  REQUIRE(group::make(&*p, 0, *token.it, late) == WEFT_OK);
  const group::handle held(late), other(group::make(&*p, 0));
  REQUIRE(late->accept(*create_posted_call({&counted::run, &with_group, &counted::drop})) == WEFT_OK);
  REQUIRE(other->accept(*create_posted_call({&counted::run, &with_own, &counted::drop}, token.with())) == WEFT_OK);
  token.wait_for_end();
  go.open();
  CHECK(late->wait(soon()) == WEFT_ECANCELED);
  CHECK(other->wait(soon()) == WEFT_ECANCELED);
  CHECK(with_group.runs == 0);
  CHECK(with_group.drops == 1);
  CHECK(with_own.runs == 0);
  CHECK(with_own.drops == 1);
  CHECK(late->reset() == WEFT_ECANCELED);
  before->unref();
}

TEST_CASE("overdue: what a broken pool withdraws") {
  const short_token token;
  counted fn;
  task *const late = create_call({&counted::run, &fn, &counted::drop}, nullptr, token.with());
  REQUIRE(late->enter_rolls() == WEFT_OK);
  token.wait_for_end();
  error *const reason = error::from_status(WEFT_EBROKEN);
  withdrawn_tasks all(reason);
  all.add(*late);
  all.finish();
  reason->unref();
  check_cancelled(late, fn);
}
