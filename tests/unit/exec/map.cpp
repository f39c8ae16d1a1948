// exec/map.hpp: outcomes come in the order of the items, with or without a window, and every item is dropped once.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "exec/map.hpp"
#include "exec/pools.hpp"

using namespace weft::test;

namespace {

struct item {
  int number = 0;
  std::atomic<int> ran{0}, dropped{0};
  static weft_status run(void *ctx, void **result, weft_error **) {
    auto *self = static_cast<item *>(ctx);
    self->ran.fetch_add(1);
    *result = self;
    return self->number % 3 == 2 ? WEFT_EFAILED : WEFT_OK;
  }
  static void drop(void *ctx) { static_cast<item *>(ctx)->dropped.fetch_add(1); }
};

struct items {
  explicit items(std::size_t count) : all(count) {
    for (std::size_t i = 0; i < count; ++i) {
      all[i].number = static_cast<int>(i);
      contexts.push_back(&all[i]);
    }
  }
  int ran() const {
    int sum = 0;
    for (const item &i : all) sum += i.ran;
    return sum;
  }
  bool all_dropped_once() const {
    bool once = true;
    for (const item &i : all) once = once && i.dropped == 1;
    return once;
  }
  std::vector<item> all;
  std::vector<void *> contexts;
};

weft_map_options_t options(std::uint64_t buffer, std::int64_t timeout = 0) {
  weft_map_options_t made;
  weft_map_options_init(&made);
  made.buffer = buffer;
  made.timeout = timeout;
  return made;
}

using iterator = std::unique_ptr<weft::core::map>;

const weft::core::map_call each{item::run, item::drop, nullptr, WEFT_PRIORITY_NORMAL, {}};

iterator over(executor &on, items &of, const weft_map_options_t &how) {
  weft::core::map *made = nullptr;
  REQUIRE(weft::core::map::make(on, how, each, of.contexts.data(), of.contexts.size(), made) == WEFT_OK);
  return iterator(made);
}

} // namespace

TEST_CASE("map: in the order of the items, whatever the window; a failure does not end it") {
  const world w;
  const handle<pool> p(w.new_pool(3));
  for (const std::uint64_t buffer : {0u, 1u, 2u, 7u, 1000u}) {
    items of(40);
    {
      const iterator each = over(*p, of, options(buffer));
      for (std::size_t i = 0; i < 40; ++i) {
        task *next = nullptr;
        REQUIRE(each->next(next) == WEFT_OK);
        REQUIRE(next->done());
        REQUIRE(next->failed() == (i % 3 == 2));
        if (!next->failed()) REQUIRE(call_result(*next) == &of.all[i]);
        next->unref();
      }
      task *next = nullptr;
      CHECK(each->next(next) == WEFT_EEND);
      CHECK(each->next(next) == WEFT_EEND);
    }
    CHECK(of.ran() == 40);
    CHECK(of.all_dropped_once());
  }
}

TEST_CASE("map: over nothing") {
  const world w;
  const handle<pool> p(w.new_pool(1));
  items none(0);
  const iterator each = over(*p, none, options(0));
  task *next = nullptr;
  CHECK(each->next(next) == WEFT_EEND);
}

TEST_CASE("map: never more ahead than the window, and ended early it cancels the rest") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  items of(10);
  {
    const iterator each = over(*c, of, options(3));
    std::uint64_t ran = 0;
    CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
    CHECK(ran == 3);
    task *next = nullptr;
    REQUIRE(each->next(next) == WEFT_OK);
    next->unref();
    CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
    CHECK(ran == 1);
  }
  CHECK(of.ran() == 4);
  CHECK(of.all_dropped_once());
}

TEST_CASE("map: when its time is over, what has not started is cancelled, and that was it") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  items of(5);
  {
    const iterator each = over(*c, of, options(0, WEFT_MILLISECOND));
    task *next = nullptr;
    CHECK(each->next(next) == WEFT_ETIMEDOUT);
    CHECK(next == nullptr);
    CHECK(each->next(next) == WEFT_EEND);
    std::uint64_t ran = 0;
    CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
    CHECK(ran == 0);
  }
  CHECK(of.all_dropped_once());
}

TEST_CASE("map: refused at its first item, everything stays the caller's") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  c->close();
  items of(3);
  weft::core::map *made = nullptr;
  CHECK(weft::core::map::make(*c, options(0), each, of.contexts.data(), 3, made) == WEFT_ESHUTDOWN);
  CHECK(made == nullptr);
  for (const item &i : of.all) CHECK(i.dropped == 0);
}

TEST_CASE("map: what cannot be submitted any more comes as cancelled") {
  const world w;
  const handle<caller_run> c(w.new_caller_run());
  items of(4);
  {
    const iterator each = over(*c, of, options(2));
    c->close();
    std::uint64_t ran = 0;
    c->run(0, deadline::never(), ran);
    CHECK(ran == 2);
    for (int i = 0; i < 4; ++i) {
      task *next = nullptr;
      REQUIRE(each->next(next) == WEFT_OK);
      CHECK((next->state() == cancelled) == (i >= 2));
      next->unref();
    }
    task *next = nullptr;
    CHECK(each->next(next) == WEFT_EEND);
  }
  CHECK(of.ran() == 2);
  CHECK(of.all_dropped_once());
}

TEST_CASE("map: a full queue holds items back, and the iteration brings them in") {
  const world w;
  const handle<caller_run> c(w.new_caller_run({2, WEFT_FULL_FAIL, 0}));
  items of(7);
  {
    const iterator each = over(*c, of, options(0));
    for (int i = 0; i < 7; ++i) {
      std::uint64_t ran = 0;
      CHECK(c->run(0, deadline::never(), ran) == WEFT_OK);
      task *next = nullptr;
      REQUIRE(each->next(next) == WEFT_OK);
      CHECK(next->done());
      next->unref();
    }
  }
  CHECK(of.ran() == 7);
  CHECK(of.all_dropped_once());
}
