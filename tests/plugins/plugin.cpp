// A plugin in C++ that uses every header of weft/cpp and gives nothing back by itself: the host closes its domain. It
// is built once for each GENERATION; its answer tells whose code has run.
#include <weft/weft.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace {

constexpr int generation = GENERATION;
constexpr int steps = 17;

struct answer {
  int operator()() const { return generation; }
};
struct described { // a result that cannot be moved without throwing
  described(int value) : value(value) {}
  described(const described &other) noexcept(false) : value(other.value) {}
  int value;
};
struct lazy : weft::thread {
  explicit lazy(int &into) : into_(into) {}
  void run() override { into_ = generation; }

private:
  int &into_;
};
struct my_error : weft::status_error {
  my_error() : weft::status_error(WEFT_EFAILED) {}
};

int of_error(const std::exception_ptr &thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const my_error &) {
    return generation;
  } catch (...) {
    return 0;
  }
}

weft::future<int> coroutine(weft::executor_ref pool, weft::executor_ref strand) {
  co_await weft::resume_on(pool);
  weft::future<int> named = pool.submit(answer{});
  int sum = co_await named - generation;
  weft::future<std::unique_ptr<int>> moved = pool.submit([] { return std::make_unique<int>(generation); });
  sum += *co_await weft::take(moved) - generation;
  sum += co_await weft::resume_on(strand, pool.submit(answer{}));
  co_return sum;
}
weft::future<void> coroutine_without_value(weft::executor_ref pool) {
  co_await pool.submit([] {});
}

int tasks(const weft::executor_ref &pool, int step) {
  switch (step) {
  case 0:
    return pool.submit(answer{}).result();
  case 1: { // with arguments, a priority, a token, a delay
    weft::cancel_source source(std::chrono::hours(1));
    const auto heard = source.token().on_cancel([] {});
    const int sum =
        pool.submit([](int a, const std::string &b) { return a + static_cast<int>(b.size()); }, 1, "2").result() +
        pool.submit(weft::priority::high, answer{}).result() + pool.submit(source.token(), answer{}).result() +
        pool.submit_after(std::chrono::microseconds(1), answer{}).result();
    source.cancel();
    return source.token().time_left() == weft::duration() || sum == 3 * generation + 2 ? sum / 3 : 0;
  }
  case 2:
    return pool.submit([] { return described(generation); }).result().value;
  case 3: { // posts, and their context
    weft::promise<int> heard;
    pool.post([&heard] { heard.set_value(generation); });
    pool.post(weft::priority::low, [] {});
    return heard.get_future().result();
  }
  case 4: {
    std::vector<answer> several(3);
    int sum = 0;
    for (const weft::future<int> &each : pool.submit_batch(several)) sum += each.result();
    return sum / 3;
  }
  case 5: {
    int last = 0;
    auto outcomes = pool.map([](int n) { return n * generation; }, std::vector{3, 2, 1}, {.buffer = 2});
    for (const int n : outcomes) last = n;
    auto nothing = pool.map([](int) {}, {1, 2});
    for (const auto &each : nothing.futures()) each.result();
    return last;
  }
  case 6: { // a broken promise, and one that is kept
    weft::future<int> lost;
    {
      const weft::promise<int> broken;
      lost = broken.get_future();
    }
    const weft::promise<int> kept;
    kept.set_value(generation);
    return lost.error() ? kept.get_future().result() : 0;
  }
  case 7:
    return of_error(pool.submit([]() -> int { throw my_error(); }).exception());
  default:
    return -1;
  }
}

int more(const weft::executor_ref &pool, int step) {
  const weft::strand strand(pool);
  switch (step) {
  case 8:
    coroutine_without_value(pool).result();
    return coroutine(pool, strand).result();
  case 9: {
    auto first = pool.submit(answer{});
    auto second = first.then(pool, [](int n) { return n; }).then([](int n) { return n; });
    auto mended =
        pool.submit([]() -> int { throw my_error(); }).on_error([](const weft::error &) { return generation; });
    auto ended = mended.finally(pool, [](weft::future<int> done) { return done.result(); });
    const auto all = weft::when_all(std::vector{first, second, ended}).result();
    const auto mixed = weft::when_all(first, pool.submit([] {})).result();
    const auto any = weft::when_any(std::vector{second}).result();
    static_cast<void>(any);
    return (all[0] + all[1] + all[2] + std::get<0>(mixed)) / 4;
  }
  case 10: {
    auto futures = std::vector{pool.submit(answer{}), pool.submit(answer{})};
    futures[0].add_done_callback([](const weft::future<int> &) {});
    int sum = static_cast<int>(weft::wait(futures).done.size());
    for (auto &each : weft::as_completed(futures)) sum += each.result();
    return (sum - 2) / 2;
  }
  case 11: {
    std::atomic<int> sum{0};
    weft::parallel_for(pool, 0, 10, [&](int) { sum += generation; });
    const int reduced = weft::parallel_reduce(
        pool, 0, 10, 0, [](int from, int to, int value) { return value + (to - from) * generation; },
        [](int a, int b) { return a + b; });
    return sum == reduced ? reduced / 10 : 0;
  }
  case 12: {
    std::atomic<int> sum{0};
    weft::group together(pool);
    together.set_context(std::make_unique<std::string>("a context"));
    together.run([&] { sum += generation; });
    together.run([&, text = std::string("not plain")] { sum += generation; });
    together.wait();
    return sum / 2;
  }
  case 13: {
    const weft::semaphore ticks(0);
    const weft::timer timer(pool, [ticks] { ticks.release(); });
    timer.arm(std::chrono::microseconds(1));
    const weft::blocking_region waits;
    ticks.acquire();
    return timer.cancel() == weft::disarmed::yes ? 0 : generation;
  }
  case 14: {
    int seen = 0, derived = 0;
    weft::joining<weft::thread> plain([&] { seen = generation; });
    const auto object = std::shared_ptr<lazy>(new lazy(derived)) /* make_shared would bring a unique symbol */;
    plain.start();
    object->start();
    plain.join();
    object->join();
    return seen == derived && weft::thread_ref::current().valid() ? seen : 0;
  }
  case 15: {
    const weft::completion_queue done;
    done.notify(pool.submit(answer{}), 1);
    weft::event room[1];
    return done.wait(room).empty() ? 0 : generation;
  }
  case 16: {
    weft::executor own({.max_workers = 1, .initializer = [] {}, .worker_start = [](weft_worker_t &) {}});
    weft::caller_run here;
    auto task = here.submit(answer{});
    here.run();
    own.set_context(std::make_unique<int>(generation));
    static_cast<void>(weft::runtime::process().active_count());
    static_cast<void>(weft::this_thread::worker_index());
    if (!weft::has_feature("domains") && weft::features().empty()) return 0;
    return weft::domain::current() ? task.result() : own.submit(answer{}).result();
  }
  default:
    return -1;
  }
}

} // namespace

extern "C" __attribute__((visibility("default"))) int plugin_steps() {
  return steps;
}
extern "C" __attribute__((visibility("default"))) int plugin_step(weft_executor_t *pool, int step) {
  const auto here = weft::executor_ref::share(pool);
  return step < 8 ? tasks(here, step) : more(here, step);
}
