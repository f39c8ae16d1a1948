// task/callback.cpp: each callback runs once, in order, and its context is dropped after it. Long chains do not use up
// the stack.
#include <doctest/doctest.h>

#include <barrier>
#include <stdexcept>
#include <vector>

#include "support.hpp"

using namespace weft::test;

namespace {

// Notes its number when called.
struct entry {
  std::vector<int> *log;
  int number;
  int dropped = 0;
  static void call(void *ctx, weft_future_t *) {
    auto *e = static_cast<entry *>(ctx);
    e->log->push_back(e->number);
  }
  static void drop(void *ctx) { ++static_cast<entry *>(ctx)->dropped; }
};

} // namespace

TEST_CASE("callback: in the order of adding, on result, error and cancellation") {
  for (const int way : {0, 1, 2}) {
    std::vector<int> log;
    entry all[] = {{&log, 1}, {&log, 2}, {&log, 3}};
    task *const p = task::create_promise(nullptr);
    for (entry &e : all) REQUIRE(add_callback(*p, entry::call, &e, entry::drop) == WEFT_OK);
    CHECK(log.empty());
    error *const failure = error::make(1, "k", "m");
    CHECK((way == 0 ? p->set_result(nullptr) : way == 1 ? p->set_error(failure) : p->cancel()) == WEFT_OK);
    failure->unref();
    CHECK(log == std::vector{1, 2, 3});
    for (const entry &e : all) CHECK(e.dropped == 1);
    p->unref();
  }
}

TEST_CASE("callback: on a future that is done it runs at once, here") {
  std::vector<int> log;
  entry late{&log, 7};
  task *const p = task::create_promise(nullptr);
  p->set_result(nullptr);
  REQUIRE(add_callback(*p, entry::call, &late, entry::drop) == WEFT_OK);
  CHECK(log == std::vector{7});
  CHECK(late.dropped == 1);
  p->unref();
}

TEST_CASE("callback: one that throws does not keep the others from running") {
  std::vector<int> log;
  entry all[] = {{&log, 1}, {&log, 2}, {&log, 3}};
  task *const p = task::create_promise(nullptr);
  add_callback(*p, entry::call, &all[0], entry::drop);
  add_callback(
      *p, [](void *, weft_future_t *) { throw std::runtime_error("out of a callback"); }, &all[1], entry::drop);
  add_callback(*p, entry::call, &all[2], entry::drop);
  p->set_result(nullptr);
  CHECK(log == std::vector{1, 3});
  CHECK(all[1].dropped == 1);
  p->unref();
}

TEST_CASE("callback: may give back the last handle, add others, and read the future") {
  struct context {
    task *future;
    bool done = false;
    std::vector<int> log;
    entry inner{&log, 9};
  } mine;
  mine.future = task::create_promise(nullptr);
  add_callback(
      *mine.future,
      [](void *ctx, weft_future_t *) {
        auto *c = static_cast<context *>(ctx);
        c->done = c->future->done();
        add_callback(*c->future, entry::call, &c->inner, entry::drop);
        c->future->unref();
      },
      &mine, nullptr);
  CHECK(mine.future->set_result(nullptr) == WEFT_OK);
  CHECK(mine.done);
  CHECK(mine.log == std::vector{9});
  CHECK(mine.inner.dropped == 1);
}

namespace {

struct chain {
  std::vector<task *> links;
  std::vector<int> order;
};
struct chain_link {
  chain *of;
  std::size_t next;
  static void pass_on(void *ctx, weft_future_t *) {
    const auto *l = static_cast<chain_link *>(ctx);
    l->of->order.push_back(static_cast<int>(l->next));
    if (l->next < l->of->links.size()) l->of->links[l->next]->set_result(nullptr);
  }
};

} // namespace

TEST_CASE("callback: a chain of a million futures needs no stack") {
  constexpr std::size_t length = 1'000'000;
  chain all;
  std::vector<chain_link> links(length);
  for (std::size_t i = 0; i < length; ++i) all.links.push_back(task::create_promise(nullptr));
  for (std::size_t i = 0; i < length; ++i) {
    links[i] = {&all, i + 1};
    add_callback(*all.links[i], chain_link::pass_on, &links[i], nullptr);
  }
  all.links[0]->set_result(nullptr);
  REQUIRE(all.order.size() == length);
  bool in_order = true;
  for (std::size_t i = 0; i < length; ++i) in_order = in_order && all.order[i] == static_cast<int>(i + 1);
  CHECK(in_order);
  for (task *t : all.links) {
    REQUIRE(t->done());
    t->unref();
  }
}

// Callers expect that a callback has run when set_result returns. That holds for callbacks that are not nested deeply.
TEST_CASE("callback: one inside another runs before the outer one goes on") {
  struct context {
    task *inner;
    std::vector<int> log;
    entry nested{&log, 1};
  } mine;
  mine.inner = task::create_promise(nullptr);
  task *const outer = task::create_promise(nullptr);
  add_callback(*mine.inner, entry::call, &mine.nested, entry::drop);
  add_callback(
      *outer,
      [](void *ctx, weft_future_t *) {
        auto *c = static_cast<context *>(ctx);
        c->inner->set_result(nullptr);
        c->log.push_back(2);
      },
      &mine, nullptr);
  outer->set_result(nullptr);
  CHECK(mine.log == std::vector{1, 2});
  outer->unref();
  mine.inner->unref();
}

TEST_CASE("callback: added while the future ends, it runs exactly once") {
  constexpr int rounds = 2'000;
  std::atomic<task *> current{nullptr};
  std::barrier together(2);
  std::atomic<int> called{0}, dropped{0};
  struct context {
    std::atomic<int> &called, &dropped;
  } counts{called, dropped};
  std::thread setter([&] {
    for (int i = 0; i < rounds; ++i) {
      together.arrive_and_wait();
      current.load()->set_result(nullptr);
      together.arrive_and_wait();
    }
  });
  int wrong = 0;
  for (int i = 0; i < rounds; ++i) {
    task *const p = task::create_promise(nullptr);
    current = p;
    together.arrive_and_wait();
    add_callback(
        *p, [](void *ctx, weft_future_t *) { static_cast<context *>(ctx)->called.fetch_add(1); }, &counts,
        [](void *ctx) { static_cast<context *>(ctx)->dropped.fetch_add(1); });
    together.arrive_and_wait();
    if (called != i + 1 || dropped != i + 1) ++wrong;
    p->unref();
  }
  setter.join();
  CHECK(wrong == 0);
}
