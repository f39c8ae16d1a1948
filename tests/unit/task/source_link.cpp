// task/source_link.hpp: the link stands until it is cut, and the cut waits for threads that hold a pin.
#include <doctest/doctest.h>

#include "support.hpp"
#include "task/source_link.hpp"

using namespace weft::test;

namespace {

struct noted {
  int done = 0, gone = 0;
  static void on_done(void *ctx, weft_future_t *) { ++static_cast<noted *>(ctx)->done; }
  static void on_gone(void *ctx) { ++static_cast<noted *>(ctx)->gone; }
};

} // namespace

TEST_CASE("source_link: called when the source is done, and pinned until it is cut") {
  noted calls;
  source_link link(noted::on_done, &calls, noted::on_gone);
  CHECK(link.pin() == nullptr);
  task *const p = task::create_promise(nullptr);
  link.attach(*p);
  CHECK(calls.done == 0);
  CHECK(link.pin() == p);
  link.unpin();
  p->set_result(nullptr);
  CHECK(calls.done == 1);
  CHECK(link.cut() == p);
  CHECK(link.cut() == nullptr);
  CHECK(link.pin() == nullptr);
  p->unref();
  CHECK(calls.gone == 0);
}

TEST_CASE("source_link: a source that is done calls at once") {
  noted calls;
  source_link link(noted::on_done, &calls, noted::on_gone);
  task *const p = task::create_promise(nullptr);
  p->set_result(nullptr);
  link.attach(*p);
  CHECK(calls.done == 1);
  CHECK_FALSE(link.withdraw());
  CHECK(link.cut() == p);
  p->unref();
}

TEST_CASE("source_link: it keeps no source that is not done") {
  noted calls;
  source_link link(noted::on_done, &calls, noted::on_gone);
  task *const p = task::create_promise(nullptr);
  link.attach(*p);
  p->unref();
  CHECK(calls.gone == 1);
  CHECK(calls.done == 0);
}

TEST_CASE("source_link: withdrawn, it is not called any more") {
  noted calls, others;
  source_link link(noted::on_done, &calls, noted::on_gone), other(noted::on_done, &others, noted::on_gone);
  task *const p = task::create_promise(nullptr);
  link.attach(*p);
  other.attach(*p);
  CHECK(link.withdraw());
  CHECK_FALSE(link.withdraw());
  CHECK(link.pin() == nullptr);
  p->set_result(nullptr);
  CHECK(calls.done == 0);
  CHECK(others.done == 1);
  other.cut();
  p->unref();
}

TEST_CASE("source_link: held, it has a reference, and gives it back once") {
  struct holder {
    source_link link{&holder::done, this, nullptr};
    static void done(void *ctx, weft_future_t *source) {
      static_cast<holder *>(ctx)->link.hold(*reinterpret_cast<task *>(source));
    }
  } mine;
  int drops = 0;
  task *const p = task::create_promise([](void *ctx) { ++*static_cast<int *>(ctx); });
  mine.link.attach(*p);
  p->set_result(&drops);
  p->unref();
  CHECK(drops == 0);
  CHECK(mine.link.held_source() == p);
  CHECK_FALSE(mine.link.withdraw());
  CHECK(mine.link.release_held());
  CHECK(drops == 1);
  CHECK_FALSE(mine.link.release_held());
}

TEST_CASE("source_link: cut waits for a pin") {
  noted calls;
  source_link link(noted::on_done, &calls, noted::on_gone);
  task *const p = task::create_promise(nullptr);
  link.attach(*p);
  REQUIRE(link.pin() == p);
  std::atomic<bool> cut{false};
  gate begun;
  crew others;
  others.add([&] {
    begun.open();
    link.cut();
    cut = true;
  });
  REQUIRE(begun.wait());
  for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
  CHECK_FALSE(cut.load());
  link.unpin();
  others.join();
  CHECK(cut.load());
  p->set_result(nullptr);
  p->unref();
}

TEST_CASE("source_link: a reference is had to a task, not to a promise") {
  noted calls;
  source_link to_promise(noted::on_done, &calls, noted::on_gone), to_task(noted::on_done, &calls, noted::on_gone);
  task *const p = task::create_promise(nullptr);
  work idle;
  task *const t = idle.make();
  to_promise.attach(*p);
  to_task.attach(*t);
  CHECK(task_reference(to_promise).get() == nullptr);
  CHECK(task_reference(to_task).get() == t);
  p->set_result(nullptr);
  t->cancel();
  CHECK(calls.done == 2);
  to_promise.cut();
  to_task.cut();
  CHECK(task_reference(to_task).get() == nullptr);
  p->unref();
  t->unref();
  t->unref();
}
