#include "base/memory.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/atomic.hpp"

namespace weft::core {
namespace {

struct source {
  weft_allocate_fn allocate;
  weft_free_fn free;
  void *ctx;
};

constinit const source c_library{nullptr, nullptr, nullptr}; // only its address is used
// Written by the one thread that has set `asked`.
constinit source hosts{nullptr, nullptr, nullptr};
constinit atomic<bool> asked{false};
// Null: undecided. Changes once. The release in set_allocator() pairs with the acquire in
// chosen_source().
constinit atomic<const source *> chosen{nullptr};

const source &chosen_source() noexcept {
  const source *now = chosen.load(std::memory_order_acquire);
  if (now == nullptr &&
      chosen.compare_exchange_strong(now, &c_library, std::memory_order_acq_rel, std::memory_order_acquire))
    now = &c_library;
  return *now;
}

} // namespace

bool memory_is_hosts() noexcept {
  return &chosen_source() != &c_library;
}

bool memory_is_decided() noexcept {
  return chosen.load(std::memory_order_acquire) != nullptr;
}

void *allocate_memory(std::size_t size, std::size_t align) noexcept {
  const source &from = chosen_source();
  size = std::max<std::size_t>(size, 1);
  if (&from != &c_library) return from.allocate(from.ctx, size, align);
  if (align <= alignof(std::max_align_t)) return std::malloc(size);
  return std::aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

void free_memory(void *memory, std::size_t size, std::size_t align) noexcept {
  if (memory == nullptr) return;
  const source &from = chosen_source();
  if (&from != &c_library) return from.free(from.ctx, memory, std::max<std::size_t>(size, 1), align);
  std::free(memory);
}

weft_status set_allocator(weft_allocate_fn allocate, weft_free_fn free, void *ctx) noexcept {
  if (allocate == nullptr || free == nullptr) return WEFT_EINVAL;
  if (asked.exchange(true, std::memory_order_acq_rel)) return WEFT_EINVALIDSTATE;
  hosts = {allocate, free, ctx};
  const source *undecided = nullptr;
  return chosen.compare_exchange_strong(undecided, &hosts, std::memory_order_acq_rel) ? WEFT_OK : WEFT_EINVALIDSTATE;
}

} // namespace weft::core
