// A plugin that is loaded, used under load and unloaded after the close of its domain, again and again. All that it and
// its tasks register is in its domain. After the close its code is unmapped, so any later call of it would crash.
#include <doctest/doctest.h>

#include <dlfcn.h>

#include <vector>

#include "guest.h"
#include "stress.hpp"

using namespace stress;

namespace {

using domain = std::unique_ptr<weft_domain_t, unref_by<&weft_domain_unref>>;
using token = std::unique_ptr<weft_cancel_token_t, unref_by<&weft_cancel_token_unref>>;
using group = std::unique_ptr<weft_group_t, unref_by<&weft_group_unref>>;

std::uint64_t read(const std::uint64_t &count) {
  return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}

void *load_guest() {
  void *const library = dlopen(WEFT_TESTS_GUEST, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(__FILE__, __LINE__, dlerror());
  return library;
}

void unload_guest(void *library) {
  VERIFY(dlclose(library) == 0);
  if (!instrumented) VERIFY(dlopen(WEFT_TESTS_GUEST, RTLD_NOW | RTLD_NOLOAD) == nullptr); // unmapped
}

void keep_busy(weft_executor_t *pool, std::atomic<bool> &over, std::uint64_t from) {
  dice random(from);
  while (!over.load(std::memory_order_relaxed)) {
    const future mine = submit(pool, [steps = random.below(2000)] { spin(steps); });
    if (random.percent(50)) wait(mine);
  }
}

} // namespace

TEST_CASE("a plugin is unloaded under load") {
  watchdog dog("unloading", std::chrono::seconds(is_long() ? 3600 : 240));
  dice random(seed());
  executor pool = make_pool(3);
  std::atomic<bool> over{false};
  std::vector<thread> load;
  for (int i = 0; i < 2; ++i)
    load.push_back(start_thread([&, from = random.roll()] { keep_busy(pool.get(), over, from); }));
  for (std::size_t round = turns(200, 2000); round > 0; --round) {
    executor strand = make_strand(pool.get());
    host_t host{};
    host.pool = pool.get();
    host.strand = strand.get();
    host.seed = random.roll();
    weft_group_t *made_group = nullptr;
    weft_cancel_token_t *made_token = nullptr;
    weft_domain_t *made_domain = nullptr;
    VERIFY_OK(weft_group_create(pool.get(), nullptr, &made_group));
    VERIFY_OK(weft_cancel_token_create(nullptr, WEFT_FOREVER, &made_token));
    VERIFY_OK(weft_domain_create(nullptr, nullptr, &made_domain));
    const group held_group(host.group = made_group);
    const token held_token(host.token = made_token);
    const domain held_domain(made_domain);
    std::vector<future> promises;
    for (weft_future_t *&each : host.promises) {
      promises.push_back(make_promise());
      each = promises.back().get();
    }

    void *const library = load_guest();
    const auto begin = reinterpret_cast<guest_begin_fn>(dlsym(library, "guest_begin"));
    VERIFY(begin != nullptr);
    weft_domain_scope_t scope;
    VERIFY_OK(weft_domain_enter(made_domain, &scope));
    begin(&host);
    VERIFY_OK(weft_domain_leave(&scope));

    // Meanwhile another thread completes what the guest waits for, and a third thread may close the domain, too.
    starting_line line(2);
    thread other = start_thread([&, from = random.roll()] {
      dice mine(from);
      line.cross();
      for (const future &each : promises) {
        spin(mine.below(20000));
        if (mine.percent(70)) VERIFY_OK(weft_future_set_result(each.get(), nullptr));
      }
      if (mine.percent(30)) VERIFY_OK(weft_cancel_token_cancel(made_token));
      if (mine.percent(30)) VERIFY_OK(weft_domain_close(made_domain, WEFT_FOREVER));
    });
    line.cross();
    spin(random.below(100000));
    if (random.percent(20)) {
      const weft_status status = weft_domain_close(made_domain, 0);
      VERIFY_OF(status, status == WEFT_OK || status == WEFT_ETIMEDOUT);
    }
    VERIFY_OK(weft_domain_close(made_domain, WEFT_FOREVER));
    VERIFY(__atomic_load_n(&host.inside, __ATOMIC_ACQUIRE) == 0);
    VERIFY(read(host.given) == read(host.dropped));
    VERIFY(weft_domain_count(made_domain) == 0);
    const std::uint64_t runs = read(host.runs);
    unload_guest(library);
    VERIFY_OK(weft_thread_join(other.get(), WEFT_FOREVER));
    const weft_status status = weft_group_wait(made_group, WEFT_FOREVER);
    VERIFY_OF(status, status == WEFT_OK || status == WEFT_ECANCELED || status == WEFT_EFAILED);
    end(strand);
    VERIFY(read(host.runs) == runs);
  }
  over.store(true);
  for (thread &each : load) VERIFY_OK(weft_thread_join(each.get(), WEFT_FOREVER));
  VERIFY_OK(weft_runtime_set_exception_hook(nullptr, nullptr, nullptr, nullptr));
  end(pool);
}
