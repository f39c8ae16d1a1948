// A program with a Boost of its own, which uses its threads and strands and weft's at the same time. boost.py builds it
// with another version of Boost than weft's. With -DPLUGIN it is a shared object, whose `use_both` a program without
// Boost calls.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/thread.hpp>
#include <weft/weft.hpp>

static int failures = 0;

static void expect(bool right, const char *what) {
  if (right) return;
  std::printf("not so: %s\n", what);
  ++failures;
}

// Boost's threads: attributes, exit callbacks, thread-local storage, interruption, conditions.
static void boost_threads() {
  boost::mutex mutex;
  boost::condition_variable changed;
  int started = 0, exits = 0, interrupted = 0;
  boost::thread_specific_ptr<std::string> local;
  boost::thread::attributes attributes;
  attributes.set_stack_size(256 * 1024);
  boost::thread threads[8];
  for (boost::thread &thread : threads)
    thread = boost::thread(attributes, [&] {
      local.reset(new std::string("of this thread"));
      boost::this_thread::at_thread_exit([&] {
        boost::lock_guard<boost::mutex> hold(mutex);
        ++exits;
      });
      try {
        boost::unique_lock<boost::mutex> hold(mutex);
        ++started;
        changed.notify_all();
        for (;;) changed.wait(hold);
      } catch (const boost::thread_interrupted &) {
        boost::lock_guard<boost::mutex> hold(mutex);
        ++interrupted;
      }
    });
  {
    boost::unique_lock<boost::mutex> hold(mutex);
    changed.wait(hold, [&] { return started == 8; });
  }
  for (boost::thread &thread : threads) thread.interrupt();
  for (boost::thread &thread : threads) thread.join();
  expect(interrupted == 8, "eight threads of Boost were interrupted");
  expect(exits == 8, "eight exit callbacks ran");
}

static void boost_asio() {
  boost::asio::io_context context;
  auto strand = boost::asio::make_strand(context);
  int count = 0;
  for (int i = 0; i < 100; ++i) boost::asio::post(strand, [&] { ++count; });
  boost::asio::steady_timer timer(context, std::chrono::milliseconds(1));
  timer.async_wait([&](const boost::system::error_code &error) { count += error ? 1000 : 1; });
  boost::thread other([&] { context.run(); });
  context.run();
  other.join();
  expect(count == 101, "a strand and a timer of Asio ran");
}

static void weft_threads() {
  weft::executor pool({.max_workers = 4});
  int sum = 0;
  for (int n : pool.map([](int n) { return n * n; }, std::vector{1, 2, 3})) sum += n;
  expect(sum == 14, "weft maps");
  auto failing = pool.submit([]() -> int { throw std::out_of_range("none"); });
  try {
    failing.result();
    expect(false, "weft hands on an exception");
  } catch (const std::out_of_range &) {
  }
  // Boost inside a task, which runs on a thread of weft.
  expect(pool.submit([] {
               boost::this_thread::interruption_point();
               boost::this_thread::sleep_for(boost::chrono::milliseconds(1));
               return boost::this_thread::get_id() != boost::thread::id();
             })
             .result(),
         "a worker of weft is a thread for Boost");
  weft_executor_t *executor = pool.native_handle();
  weft_executor_t *strand = nullptr;
  weft_timer_t *timer = nullptr;
  expect(weft_strand_create(executor, &strand) == WEFT_OK, "weft makes a strand");
  static int ticks = 0;
  const auto tick = [](void *, void **, weft_error_t **) -> weft_status { return ++ticks, WEFT_OK; };
  expect(weft_timer_create(strand, nullptr, tick, nullptr, nullptr, &timer) == WEFT_OK, "weft makes a timer");
  weft_timer_unref(timer);
  weft_executor_unref(strand);
  weft::thread thread({.stack_size = 128 * 1024}, [] {});
  thread.start();
  thread.join();
}

extern "C" int use_both() {
  boost::thread beside([] { boost_threads(); });
  weft_threads();
  beside.join();
  boost_asio();
  if (failures == 0) std::printf("both, with %s\n", BOOST_LIB_VERSION);
  return failures;
}

#ifndef PLUGIN
int main() {
  return use_both();
}
#endif
