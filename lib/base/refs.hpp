// Reference counts for objects with several owners: handles of the C ABI, threads, executors.
#pragma once

#include <cstdint>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "base/atomic.hpp"
#include "base/memory.hpp"

namespace weft::core {

// The base of a shared object. Derived is final or has a virtual destructor. The object begins with
// one reference.
template <class Derived> class shared_object {
public:
  shared_object(const shared_object &) = delete;
  shared_object &operator=(const shared_object &) = delete;

  void ref(std::uint32_t count = 1) const noexcept { refs_.fetch_add(count, std::memory_order_relaxed); }
  // The release of each unref() pairs with the acquire of the last one, which sees all uses as
  // past.
  void unref(std::uint32_t count = 1) const noexcept {
    if (refs_.fetch_sub(count, std::memory_order_acq_rel) == count) delete static_cast<const Derived *>(this);
  }
  // Take a reference, unless the last one is gone. For lists that do not own their entries.
  bool try_ref() const noexcept {
    std::uint32_t seen = refs_.load(std::memory_order_relaxed);
    while (seen != 0)
      if (refs_.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel)) return true;
    return false;
  }

protected:
  shared_object() noexcept { decide_memory(); }
  ~shared_object() = default;

private:
  friend void intrusive_ptr_add_ref(const Derived *object) noexcept { object->ref(); }
  friend void intrusive_ptr_release(const Derived *object) noexcept { object->unref(); }

  mutable atomic<std::uint32_t> refs_{1};
};

template <class T> using shared = boost::intrusive_ptr<T>;

// Take over a reference that is already counted.
template <class T> shared<T> adopt(T *object) noexcept {
  return shared<T>(object, false);
}

} // namespace weft::core
