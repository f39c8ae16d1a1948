// exec/pool.hpp: what a pool adds to the scheduler: bounds, the initializer, the end.
#include <doctest/doctest.h>

#include <vector>

#include "exec/pools.hpp"
#include "task/wait.hpp"

using namespace weft::test;

namespace {

// Keeps a worker busy until the blocker ends.
struct blocker {
  explicit blocker(executor &on)
      : content([this](void **, weft_error **) {
          in.open();
          return go.wait() ? WEFT_OK : WEFT_ETIMEDOUT;
        }) {
    which = submit(on, content);
    REQUIRE(in.wait());
  }
  ~blocker() {
    go.open();
    CHECK(wait_for_task(*which, soon()) == WEFT_OK);
    which->unref();
  }
  gate in, go;
  work content;
  task *which = nullptr;
};

} // namespace

TEST_CASE("pool: a bound counts what waits, not what runs") {
  std::vector<work> contents(3); // must outlive the world, whose end waits for the tasks that use them
  const world w;
  const handle<pool> p(w.new_pool(1, {2, WEFT_FULL_FAIL, 0}));
  const blocker busy(*p);
  task *const one = submit(*p, contents[0]), *const two = submit(*p, contents[1]);
  REQUIRE(one != nullptr);
  REQUIRE(two != nullptr);
  weft_status answer = WEFT_OK;
  CHECK(submit(*p, contents[2], &answer) == nullptr);
  CHECK(answer == WEFT_EFULL);
  one->cancel(); // frees a place at once, though no worker has taken the task
  task *const three = submit(*p, contents[2]);
  CHECK(three != nullptr);
  one->unref();
  two->unref();
  if (three != nullptr) three->unref();
}

TEST_CASE("pool: a batch is accepted as a whole or not at all") {
  std::vector<work> contents(6);
  const world w;
  const handle<pool> p(w.new_pool(1, {3, WEFT_FULL_FAIL, 0}));
  const blocker busy(*p);
  std::vector<task *> batch;
  for (work &c : contents) batch.push_back(c.make_posted());
  CHECK(p->submit(batch.data(), 4) == WEFT_EFULL);
  CHECK(p->submit(batch.data(), 2) == WEFT_OK);
  CHECK(p->submit(batch.data() + 2, 2) == WEFT_EFULL);
  CHECK(p->submit(batch.data() + 2, 1) == WEFT_OK);
  for (std::size_t i = 3; i < 6; ++i) task::discard(batch[i]);
}

TEST_CASE("pool: those who wait for room are told of the end") {
  work waiting;
  const world w;
  const handle<pool> p(w.new_pool(1, {1, WEFT_FULL_WAIT, 60 * WEFT_SECOND}));
  {
    const blocker busy(*p);
    task *const t = submit(*p, waiting);
    std::vector<weft_status> answers(3, WEFT_OK);
    std::vector<work> contents(3);
    crew threads;
    for (std::size_t i = 0; i < 3; ++i) threads.add([&, i] { submit(*p, contents[i], &answers[i]); });
    p->close();
    threads.join();
    for (const weft_status a : answers) CHECK(a == WEFT_ESHUTDOWN);
    for (const work &c : contents) CHECK(c.dropped == 0);
    t->unref();
  }
  CHECK(p->join(soon()) == WEFT_OK);
}

TEST_CASE("pool: a task that waits for room which only it could make is told so") {
  const world w;
  const handle<pool> p(w.new_pool(1, {1, WEFT_FULL_WAIT, WEFT_FOREVER}));
  weft_status answer = WEFT_OK;
  work first, second;
  task *queued = nullptr;
  work content([&](void **, weft_error **) {
    queued = submit(*p, first);
    if (task *const t = submit(*p, second, &answer); t != nullptr) t->unref();
    return WEFT_OK;
  });
  task *const t = submit(*p, content);
  CHECK(wait_for_task(*t, soon()) == WEFT_OK);
  CHECK(answer == WEFT_EDEADLK);
  REQUIRE(queued != nullptr);
  CHECK(wait_for_task(*queued, soon()) == WEFT_OK);
  CHECK(second.dropped == 0);
  queued->unref();
  t->unref();
}

TEST_CASE("pool: cancel_pending against workers; each task runs or is cancelled, and is dropped once") {
  for (int round = 0; round < 100; ++round) {
    const world w;
    const handle<pool> p(w.new_pool(2));
    std::vector<work> contents(200);
    std::vector<task *> futures;
    for (work &c : contents) futures.push_back(submit(*p, c));
    p->close();
    p->cancel_pending();
    REQUIRE(p->join(soon()) == WEFT_OK);
    int wrong = 0;
    for (std::size_t i = 0; i < futures.size(); ++i) {
      const bool ran = futures[i]->state() == with_result;
      if (!futures[i]->done() || contents[i].ran != (ran ? 1 : 0) || contents[i].dropped != 1) ++wrong;
      futures[i]->unref();
    }
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("pool: an initializer that fails ends everything with its reason, and is dropped with the pool") {
  static int dropped = 0;
  dropped = 0;
  const world w;
  pool_settings settings;
  settings.max_workers = 2;
  gate queued;
  settings.initializer_ctx = &queued;
  settings.initializer_drop = [](void *) { ++dropped; };
  settings.initializer = [](void *ctx, weft_error **failure) -> weft_status {
    if (static_cast<gate *>(ctx)->wait()) *failure = failure_of(7, "no licence");
    return WEFT_OK;
  };
  std::vector<work> contents(10);
  std::vector<task *> futures;
  work late;
  {
    const handle<pool> p(pool::make(w.as_roster(), w.home->executors(), settings));
    for (work &c : contents) futures.push_back(submit(*p, c));
    CHECK(p->broken() == nullptr);
    queued.open();
    for (task *t : futures) {
      CHECK(wait_for_task(*t, soon()) == WEFT_OK);
      REQUIRE(t->state() == with_error);
      CHECK(t->failure()->code() == WEFT_EBROKEN);
      CHECK(std::string(t->failure()->message()) == "no licence");
      t->unref();
    }
    weft_status answer = WEFT_OK;
    CHECK(submit(*p, late, &answer) == nullptr);
    CHECK(answer == WEFT_EBROKEN);
    error *const reason = p->broken();
    REQUIRE(reason != nullptr);
    CHECK(reason->code() == WEFT_EBROKEN);
    reason->unref();
    CHECK(p->join(soon()) == WEFT_OK);
    CHECK(dropped == 0);
  }
  CHECK(w.home->shutdown(soon()) == WEFT_OK);
  CHECK(dropped == 1);
  for (work &c : contents) CHECK((c.ran == 0 && c.dropped == 1));
}

TEST_CASE("pool: the last handle may go from inside its own task") {
  for (int round = 0; round < 50; ++round) {
    const world w;
    handle<pool> p(w.new_pool(2));
    gate go;
    work content([&](void **, weft_error **) {
      if (!go.wait()) return WEFT_ETIMEDOUT;
      p.reset();
      return WEFT_OK;
    });
    task *const t = submit(*p, content);
    go.open();
    REQUIRE(wait_for_task(*t, soon()) == WEFT_OK);
    t->unref();
  }
}

TEST_CASE("pool: made in a runtime that has ended, there is none, and the context is still the caller's") {
  static int dropped = 0;
  dropped = 0;
  const world w;
  REQUIRE(w.home->shutdown(soon()) == WEFT_OK);
  pool_settings settings;
  settings.initializer_ctx = &dropped;
  settings.initializer_drop = [](void *) { ++dropped; };
  CHECK(pool::make(w.as_roster(), w.home->executors(), settings) == nullptr);
  CHECK(dropped == 0);
}
