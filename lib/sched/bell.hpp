// Wakes the one thread that waits in an io_context. Needs no memory of the allocator.
//
// Owns the room of one handler. At most one is on its way at a time. A ring that finds one on its
// way does nothing, because that handler is still to come. README.md, "The bell", has the argument.
#pragma once

#include <cstddef>
#include <new>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/atomic.hpp"

namespace weft::core {

class bell {
public:
  bell() = default;
  bell(const bell &) = delete;
  bell &operator=(const bell &) = delete;

  void ring(boost::asio::io_context &context) {
    if (!is_on_its_way_.exchange(true, std::memory_order_acq_rel)) boost::asio::post(context, sound{this});
  }

private:
  // Asio gives the room back before it calls the handler. So the handler may admit the next one.
  template <class T> struct allocator {
    using value_type = T;
    explicit allocator(bell *whose) noexcept : of(whose) {}
    template <class Other> allocator(const allocator<Other> &other) noexcept : of(other.of) {}
    T *allocate(std::size_t count) {
      if (count * sizeof(T) > sizeof of->room_) throw std::bad_alloc();
      return reinterpret_cast<T *>(of->room_);
    }
    void deallocate(T *, std::size_t) noexcept {}
    template <class Other> bool operator==(const allocator<Other> &other) const noexcept { return of == other.of; }
    bell *of;
  };
  struct sound {
    using allocator_type = allocator<std::byte>;
    allocator_type get_allocator() const noexcept { return allocator_type(of); }
    void operator()() const noexcept { of->is_on_its_way_.exchange(false, std::memory_order_acq_rel); }
    bell *of;
  };

  // The exchange of a ring and that of the handler are partners. If a ring finds a handler on its
  // way, the handler's exchange comes later, and its thread sees what the ringing thread wrote.
  atomic<bool> is_on_its_way_{false};
  alignas(std::max_align_t) std::byte room_[256];
};

} // namespace weft::core
