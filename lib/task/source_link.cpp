#include "task/source_link.hpp"

#include <thread>

#include "base/clock.hpp"

namespace weft::core {
namespace {

// A pin lasts some tens of nanoseconds, unless the system takes the CPU from the thread that has
// it.
class patience {
public:
  void wait() noexcept {
    if (++turns_ < 64)
      relax();
    else
      std::this_thread::yield();
  }

private:
  int turns_ = 0;
};

} // namespace

task *source_link::pin() const noexcept {
  patience mine;
  for (std::uintptr_t seen = to_.load(std::memory_order_acquire);;) {
    if (seen == 0) return nullptr;
    if ((seen & pinned) != 0) {
      mine.wait();
      seen = to_.load(std::memory_order_acquire);
    } else if (to_.compare_exchange_weak(seen, seen | pinned, std::memory_order_acq_rel, std::memory_order_acquire)) {
      return reinterpret_cast<task *>(seen & ~held);
    }
  }
}

task *source_link::cut() noexcept {
  task *const source = pin();
  if (source != nullptr) to_.store(0, std::memory_order_release);
  return source;
}

void source_link::hold(task &source) noexcept {
  source.ref();
  pin();
  to_.store(reinterpret_cast<std::uintptr_t>(&source) | held, std::memory_order_release);
}

void source_link::attach_next(task &source) {
  pin();
  next = prev = nullptr; // it is in no list, until add_callback() has put it into the next one
  to_.store(reinterpret_cast<std::uintptr_t>(&source), std::memory_order_release);
  add_callback(source, *this);
}

bool source_link::withdraw() noexcept {
  task *const source = pin();
  if (source == nullptr) return false;
  const bool removed = (to_.load(std::memory_order_relaxed) & held) == 0 && source->end()->remove(*this);
  if (removed)
    to_.store(0, std::memory_order_release);
  else
    unpin();
  return removed;
}

bool source_link::release_held() {
  task *const source = pin();
  if (source == nullptr) return false;
  const bool had_one = (to_.load(std::memory_order_relaxed) & held) != 0;
  if (had_one) {
    to_.store(0, std::memory_order_release);
    // The drop of a result may run, so not under the pin.
    source->unref();
  } else {
    unpin();
  }
  return had_one;
}

task_reference::task_reference(const source_link &from) noexcept {
  task *const source = from.pin();
  if (source == nullptr) return;
  if ((source->type().flags & type_is_promise) == 0) {
    source->ref();
    to_ = source;
  }
  from.unpin();
}

} // namespace weft::core
