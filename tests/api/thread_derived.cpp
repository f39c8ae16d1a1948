// Classes derived from weft::thread: the thread uses the object, which must outlive run().
#include "support.hpp"

#include <doctest/doctest.h>

#include <exception>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace std::chrono_literals;

namespace {

class adder : public weft::thread {
public:
  adder(int a, int b) : a_(a), b_(b) {}
  explicit adder(const options &chosen) : thread(chosen) {}
  int sum = 0;

private:
  void run() override { sum = a_ + b_; }
  int a_ = 0, b_ = 0;
};

class held : public weft::thread {
public:
  explicit held(test::gate &gate) : gate_(&gate) {}
  bool ran = false;

private:
  void run() override {
    gate_->pass();
    ran = true;
  }
  test::gate *gate_;
};

// Counts its own life, so that a test sees when the object ends.
class counted : public weft::thread {
public:
  counted(test::census &counts, test::gate &gate) : counts_(counts), gate_(&gate) {}

private:
  void run() override { gate_->pass(); }
  test::tracked<> counts_;
  test::gate *gate_;
};

// The exit status of a child process that makes this call: 42 if it ended by std::terminate, after a line on stderr.
// The child calls nothing of weft, because it does not have weft's threads.
template <class Act> int ending_of(Act act) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    dup2(pipe_ends[1], STDERR_FILENO);
    std::set_terminate([] { _exit(42); });
    act();
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string printed(256, '\0');
  const auto length = read(pipe_ends[0], printed.data(), printed.size());
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  const bool explained = length > 0 && printed.find("weft::thread was destroyed or moved while it ran") != printed.npos;
  return WIFEXITED(status) && explained ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("run() is overridden; the object's state is read after join") {
  adder t(20, 22);
  CHECK(t.sum == 0);
  t.start();
  t.join();
  CHECK(t.sum == 42);
  CHECK_THROWS_AS(t.start(), weft::already_started);
}

TEST_CASE("options reach a derived thread") {
  const adder t({.name = "derived", .daemon = weft::daemon::yes});
  CHECK(t.name() == "derived");
  CHECK(t.is_daemon());
}

TEST_CASE("the base itself does nothing") {
  weft::thread t;
  t.start();
  t.join();
  CHECK(t.state() == weft::thread_state::stopped);
}

TEST_CASE("an exception that leaves run() goes to the hook") {
  struct fails : weft::thread {
    explicit fails(const options &chosen) : thread(chosen) {}
    void run() override { throw std::length_error("too long"); }
  };
  std::string kind;
  weft::runtime host;
  host.set_exception_hook([&](const weft::thread_ref &, const weft::error &e) { kind = e.kind(); });
  fails t({.runtime = &host});
  t.start();
  t.join();
  CHECK(kind == "std::length_error");
}

TEST_CASE("it may go without having been started, and be moved before that") {
  { const adder never(1, 2); }
  adder first(1, 2);
  adder second = std::move(first);
  CHECK_FALSE(first.valid());
  second.start();
  second.join();
  CHECK(second.sum == 3);
  const adder third = std::move(second);
  CHECK(third.sum == 3);
}

TEST_CASE("to destroy or move it while run() runs ends the process, and says why") {
  test::gate hold;
  const test::opener open_at_end(hold);
  held t(hold);
  t.start();
  CHECK(ending_of([&] { t.~held(); }) == 42);
  CHECK(ending_of([&] { const held other = std::move(t); }) == 42);
  CHECK(ending_of([&] { t = held(hold); }) == 42);
  hold.open();
  t.join();
  CHECK(t.ran);
}

TEST_CASE("a thread held by shared_ptr is kept until run() has returned") {
  test::census counts;
  test::gate hold;
  const test::opener open_at_end(hold);
  weft::thread_ref left;
  {
    const auto t = std::make_shared<counted>(counts, hold);
    t->start();
    left = *t;
  }
  CHECK(left.is_alive());
  CHECK(counts.alive == 1);
  hold.open();
  left.join();
  CHECK(counts.alive == 0);
}

TEST_CASE("a shared thread that is never started is destroyed with its last owner") {
  test::census counts;
  test::gate hold;
  { const auto t = std::make_shared<counted>(counts, hold); }
  CHECK(counts.alive == 0);
}

TEST_CASE("joining<> waits before the derived members go") {
  test::gate hold;
  bool members_alive = false;
  struct writer : weft::thread {
    writer(test::gate &gate, bool &result) : gate_(&gate), result_(&result), text_("a member that run() uses") {}
    void run() override {
      gate_->pass();
      *result_ = text_ == "a member that run() uses";
    }
    test::gate *gate_;
    bool *result_;
    std::string text_;
  };
  {
    weft::joining<writer> t(hold, members_alive);
    t.start();
    hold.open();
  }
  CHECK(members_alive);
}

TEST_CASE("joining<> in a shared_ptr whose last owner is the thread itself") {
  test::census counts;
  test::gate hold;
  const test::opener open_at_end(hold);
  weft::thread_ref left;
  {
    const auto t = std::make_shared<weft::joining<counted>>(counts, hold);
    t->start();
    left = *t;
  }
  hold.open();
  CHECK(left.join_for(test::too_long));
  CHECK(counts.alive == 0);
}

TEST_CASE("joining<> waits also in a thread that was asked to stop") {
  test::gate hold, stopping;
  const test::opener open_at_end(hold);
  bool ran = false;
  weft::thread owner([&] {
    weft::joining<weft::thread> inner([&] {
      hold.pass();
      ran = true;
    });
    inner.start();
    weft::thread::current().request_stop();
    stopping.open();
  });
  owner.start();
  stopping.pass();
  CHECK_FALSE(owner.join_for(10ms));
  hold.open();
  CHECK(owner.join_for(test::too_long));
  CHECK(ran);
}
