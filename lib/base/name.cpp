#include "base/name.hpp"

#include <cstddef>
#include <cstring>
#include <functional>
#include <new>
#include <string_view>

#include "base/atomic.hpp"
#include "base/memory.hpp"

namespace weft::core {
namespace {

// A list that only grows. The characters lie behind each entry.
struct known_name {
  known_name *next;
  const char *text() const noexcept { return reinterpret_cast<const char *>(this + 1); }
};

constexpr std::size_t buckets = 64;
// Each release of a head pairs with the acquire of a search.
atomic<known_name *> known[buckets];

const char *find(const known_name *from, const known_name *end, const char *name) noexcept {
  for (; from != end; from = from->next)
    if (std::strcmp(from->text(), name) == 0) return from->text();
  return nullptr;
}

} // namespace

const char *interned(const char *name) noexcept {
  const std::size_t length = std::strlen(name);
  atomic<known_name *> &head = known[std::hash<std::string_view>()({name, length}) % buckets];
  known_name *seen = head.load(std::memory_order_acquire);
  if (const char *const present = find(seen, nullptr, name); present != nullptr) return present;
  void *const room = allocate_memory(sizeof(known_name) + length + 1, alignof(known_name));
  if (room == nullptr) return nullptr;
  auto *const made = ::new (room) known_name{seen};
  std::memcpy(made + 1, name, length + 1);
  while (!head.compare_exchange_strong(made->next, made, std::memory_order_acq_rel)) {
    // Another thread was faster.
    if (const char *const present = find(made->next, seen, name); present != nullptr) {
      free_memory(made, sizeof(known_name) + length + 1, alignof(known_name));
      return present;
    }
    seen = made->next;
  }
  return made->text();
}

} // namespace weft::core
