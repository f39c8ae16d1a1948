// Contexts of executors and groups, and the executor that runs the calling code: what weft/context.h says, with objects
// as contexts.
#include "support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <thread>
#include <utility>

using test::census;

namespace {

using object = test::tracked<>;

std::unique_ptr<object> make(census &counts, int number) {
  return std::make_unique<object>(counts, number);
}

template <class T>
concept takes_context = requires(const weft::executor_ref &executor, std::unique_ptr<T> given) {
  executor.set_context(std::move(given));
};
static_assert(takes_context<int> && !takes_context<const int> && !takes_context<int[]>);

} // namespace

TEST_CASE("context: one takes the place of another, and ends with its executor") {
  census counts;
  {
    const weft::executor pool({.max_workers = 1});
    CHECK(pool.context<object>() == nullptr);
    pool.set_context(make(counts, 1));
    CHECK(pool.context<object>()->value == 1);
    pool.set_context(make(counts, 2));
    CHECK(counts.alive == 1);
    CHECK(pool.context<object>()->value == 2);
    pool.set_context(std::unique_ptr<object>());
    CHECK(counts.alive == 0);
    CHECK(pool.context<object>() == nullptr);
    pool.set_context(make(counts, 3));
    pool.reset_context();
    CHECK(counts.alive == 0);
    object mine(counts, 4);
    pool.set_context(&mine);
    CHECK(pool.context<object>() == &mine);
    pool.reset_context();
    CHECK(counts.alive == 1); // the caller's object
    pool.set_context(make(counts, 5));
  }
  CHECK(counts.alive == 0);
  CHECK(counts.born == 5);
}

TEST_CASE("context: what is refused is destroyed, and changes nothing") {
  census counts;
  CHECK_THROWS_AS(weft::executor_ref().set_context(make(counts, 1)), weft::invalid_argument);
  CHECK_THROWS_AS(weft::executor_ref().reset_context(), weft::invalid_argument);
  CHECK(weft::executor_ref().context<object>() == nullptr);
  CHECK_THROWS_AS(weft::default_executor().set_context(make(counts, 2)), weft::not_supported);
  CHECK(weft::default_executor().context<object>() == nullptr);
  CHECK(counts.alive == 0);
}

TEST_CASE("context: a task finds the executor that it runs on, and what hangs there") {
  census counts;
  const weft::executor pool({.max_workers = 2});
  const weft::caller_run mine;
  CHECK_FALSE(weft::executor_ref::current().has_value());
  pool.set_context(make(counts, 1));
  mine.set_context(make(counts, 2));
  const auto ask = [] { return weft::executor_ref::current().value().context<object>()->value; };
  {
    const weft::strand strand(pool);
    strand.set_context(make(counts, 3));
    CHECK(strand.submit(ask).result() == 3);
    CHECK(strand.submit([] { return *weft::executor_ref::current(); }).result() == strand);
  }
  CHECK(pool.submit(ask).result() == 1);
  CHECK(pool.submit([] { return *weft::executor_ref::current(); }).result() == pool);
  const weft::future<int> later = mine.submit(ask);
  mine.run();
  CHECK(later.result() == 2);
  std::atomic<int> from_group = 0;
  weft::group group(pool);
  group.run([&] { from_group = ask(); });
  group.wait();
  CHECK(from_group == 1);
}

TEST_CASE("context: that of a group is there for its tasks, and ends after the last one") {
  census counts;
  const weft::executor pool({.max_workers = 2});
  std::atomic<int> sum = 0;
  {
    weft::group group(pool);
    CHECK(group.context<object>() == nullptr);
    group.set_context(make(counts, 1));
    group.set_context(make(counts, 7));
    CHECK(counts.alive == 1);
    for (int i = 0; i < 10; ++i) group.run([&] { sum += group.context<object>()->value; });
    group.wait();
    CHECK(counts.alive == 1);
    object mine(counts, 8);
    group.set_context(&mine);
    CHECK(group.context<object>() == &mine);
    group.reset_context();
    CHECK(group.context<object>() == nullptr);
    group.set_context(make(counts, 9));
  }
  CHECK(sum == 70);
  while (counts.alive != 0) std::this_thread::yield(); // a worker may drop the last reference to the group
}

TEST_CASE("context: it may be taken away again, and belongs to the caller then") {
  census counts;
  const weft::executor pool({.max_workers = 1});
  weft::group group(pool);
  object mine(counts, 9);
  const auto check = [&](auto &on) {
    CHECK(on.template take_context<object>() == nullptr);
    on.set_context(make(counts, 1));
    std::unique_ptr<object> taken = on.template take_context<object>();
    REQUIRE(taken != nullptr);
    CHECK(taken->value == 1);
    CHECK(on.template context<object>() == nullptr);
    CHECK(on.template take_context<object>() == nullptr);
    on.set_context(std::move(taken));
    CHECK(on.template context<object>()->value == 1);
    CHECK(counts.alive == 2);
    on.template take_context<object>();
    CHECK(counts.alive == 1);
    on.set_context(&mine); // the caller keeps owning it
    CHECK(on.template take_context<object>() == nullptr);
    CHECK(on.template context<object>() == nullptr);
    CHECK(counts.alive == 1);
  };
  check(pool);
  check(group);
  CHECK_THROWS_AS(weft::executor_ref().take_context<object>(), weft::invalid_argument);
  CHECK_THROWS_AS(weft::default_executor().take_context<object>(), weft::not_supported);
}

TEST_CASE("context: one that was taken away does not count in its domain any more") {
  census counts;
  const weft::executor pool({.max_workers = 1});
  const weft::domain domain;
  {
    const weft::inside here(domain);
    pool.set_context(make(counts, 1));
  }
  CHECK(domain.count() == 1);
  const std::unique_ptr<object> taken = pool.take_context<object>();
  CHECK(domain.count() == 0);
  CHECK(domain.close());
  CHECK(taken->value == 1);
}

TEST_CASE("current: the innermost executor, in pieces of loops, delayed tasks and ticks, and not beside them") {
  const weft::executor pool({.max_workers = 2});
  const weft::strand strand(pool);
  const weft::caller_run mine;
  std::atomic<int> elsewhere = 0;
  weft::parallel_for(pool, 0, 100, [&](int) { elsewhere += weft::executor_ref::current() != pool; });
  CHECK(elsewhere == 0);
  CHECK(pool.submit_after(std::chrono::milliseconds(1), [] { return weft::executor_ref::current(); }).result() == pool);
  test::gate ticked;
  weft::timer timer(strand, [&] {
    elsewhere += weft::executor_ref::current() != strand;
    ticked.open();
  });
  timer.arm(std::chrono::seconds(0));
  ticked.pass();
  mine.post([&] { elsewhere += weft::executor_ref::current() != mine; });
  const auto nested = [&] {
    mine.run();
    return weft::executor_ref::current();
  };
  CHECK(strand.submit(nested).result() == strand);
  CHECK(elsewhere == 0);
  CHECK_FALSE(weft::executor_ref::current().has_value());
}

TEST_CASE("context: it belongs to the domain in which it was set") {
  census counts;
  const weft::executor pool({.max_workers = 1});
  const weft::domain domain;
  {
    const weft::inside here(domain);
    pool.set_context(make(counts, 1));
  }
  CHECK(domain.count() == 1);
  CHECK_FALSE(domain.close(std::chrono::seconds(0)));
  CHECK(counts.alive == 1); // running tasks may still use it
  pool.reset_context();
  CHECK(counts.alive == 0);
  CHECK(domain.close());
}
