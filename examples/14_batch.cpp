// A batch and a semaphore: twenty tasks are submitted at once, and at most three of them are at the
// printer at a time. The executor has a context of its own. Its tasks find it there, and its
// destructor says how often the printer was used.
// Read on in include/weft/cpp/semaphore.hpp and include/weft/cpp/context.hpp.
#include <weft/weft.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <vector>

struct print_room {
  static constexpr int printers = 3;

  ~print_room() { std::printf("%d pages were printed\n", pages); }

  weft::semaphore free_printers{printers};
  std::mutex mutex;
  int busy = 0, most_busy = 0, pages = 0; // guarded by mutex
};

static int print_pages(int pages) {
  print_room &room = *weft::executor_ref::current()->context<print_room>(); // of this executor
  room.free_printers.acquire(); // keeps its worker: a task with a printer needs no other one
  {
    const std::scoped_lock hold(room.mutex);
    room.most_busy = std::max(room.most_busy, ++room.busy);
    room.pages += pages;
  }
  {
    const std::scoped_lock hold(room.mutex);
    --room.busy;
  }
  room.free_printers.release();
  return pages * pages;
}

int main() {
  constexpr int tasks = 20;
  weft::executor pool({.max_workers = 8}); // its destructor waits, then the context is destroyed
  pool.set_context(std::make_unique<print_room>());

  const auto job = [](int pages) { return [pages] { return print_pages(pages); }; };
  std::vector<decltype(job(0))> jobs;
  for (int i = 1; i <= tasks; ++i) jobs.push_back(job(i));
  int sum = 0;
  for (const auto &each : pool.submit_batch(jobs)) sum += each.result(); // all are accepted, or none
  std::printf("%d tasks, the sum of their results is %d\n", tasks, sum);
  const bool kept = pool.context<print_room>()->most_busy <= print_room::printers; // all its writers are done
  std::printf("never more than %d at once: %s\n", print_room::printers, kept ? "true" : "false");
}
