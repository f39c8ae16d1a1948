// exec/executor.hpp: the list of a runtime's executors, and handles.
#include <doctest/doctest.h>

#include "exec/pools.hpp"

using namespace weft::test;

TEST_CASE("executor: the list knows those that live, and lets them go") {
  const world w;
  const auto any = [](const executor &) { return true; };
  CHECK(w.home->executors().find(any) == nullptr);
  handle<caller_run> one(w.new_caller_run());
  {
    const handle<caller_run> two(w.new_caller_run());
    CHECK(w.home->executors().find([&](const executor &e) { return &e == &*two; }) != nullptr);
  }
  CHECK(w.home->executors().find([&](const executor &e) { return &e != &*one; }) == nullptr);
  CHECK(w.home->executors().find(any) != nullptr);
  one.reset();
  CHECK(w.home->executors().find(any) == nullptr);
}

TEST_CASE("executor: a closed list lets nobody in") {
  const world w;
  w.home->executors().close();
  CHECK(w.new_caller_run() == nullptr);
  CHECK(w.new_pool(1) == nullptr);
}

TEST_CASE("executor: the last of several handles closes it") {
  work content; // must outlive the handle, whose end cancels its task
  const world w;
  handle<caller_run> first(w.new_caller_run());
  first->ref_handle();
  task *const t = submit(*first, content);
  REQUIRE(t != nullptr);
  first->unref_handle();
  CHECK_FALSE(t->done());
  first.reset();
  CHECK(t->state() == cancelled);
  t->unref();
}

TEST_CASE("executor: inside is who runs its tasks") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  CHECK_FALSE(c->inside());
  bool inside = false;
  work content([&](void **, weft_error **) {
    inside = c->inside();
    return WEFT_OK;
  });
  task *t = content.make_posted();
  REQUIRE(c->submit(&t, 1) == WEFT_OK);
  std::uint64_t ran = 0;
  c->run(0, deadline::never(), ran);
  CHECK(inside);
  CHECK_FALSE(c->inside());
}

TEST_CASE("executor: asked once") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  CHECK(c->ask_once());
  CHECK_FALSE(c->ask_once());
}
