// A heap of things that become due: each slot has a time, a number that keeps equal times in order,
// and the thing (What).
//
// Owns the slots, and nothing that they refer to. Not thread-safe. Each slot has four children:
// half the levels of a binary heap, and the children lie side by side. What::moved(position) tells
// a thing its new position.
//
// A thing that goes before it is due leaves a vacant slot (What::is_vacant()). To close the gap at
// once would touch four places, which are in no cache if the heap is large. The top is never
// vacant. README.md, "Cancelling costs a lock and a store", says when vacant slots go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace weft::core {

template <class What> class due_heap {
public:
  struct slot {
    std::int64_t due;
    std::uint64_t order;
    What what;

    bool before(const slot &other) const noexcept {
      return due < other.due || (due == other.due && order < other.order);
    }
  };

  bool empty() const noexcept { return slots_.empty(); }
  std::size_t size() const noexcept { return slots_.size(); } // with the vacant ones
  const slot &top() const noexcept { return slots_.front(); }
  const slot &operator[](std::size_t at) const noexcept { return slots_[at]; }
  slot &operator[](std::size_t at) noexcept { return slots_[at]; } // not to change its place

  // Space for `count` slots beside the vacant ones. False: no memory, and nothing has changed.
  bool reserve(std::size_t count) noexcept {
    count += vacant_;
    if (count <= slots_.capacity()) return true;
    try {
      slots_.reserve(count < least ? least : count + count / 2);
    } catch (...) { // bad_alloc, or longer than a vector can be
      return false;
    }
    return true;
  }

  // The caller has reserved space for it.
  void push(const slot &added) noexcept {
    slots_.push_back(added);
    rise(slots_.size() - 1, added);
  }

  void remove(std::size_t at) noexcept {
    const slot last = slots_.back();
    slots_.pop_back();
    if (at != slots_.size()) settle(at, last);
    trim();
  }

  // Make a slot vacant. The space that was reserved for it is given up.
  void vacate(std::size_t at) noexcept {
    slots_[at].what = What{};
    ++vacant_;
    trim();
    if (vacant_ > least_vacant && vacant_ > 2 * (slots_.size() - vacant_)) leave_out_vacant();
  }

  // Give a slot another time.
  void change(std::size_t at, std::int64_t due, std::uint64_t order) noexcept {
    settle(at, {due, order, slots_[at].what});
    trim();
  }

private:
  static constexpr std::size_t children = 4, least = 16, least_vacant = 64;

  void put(std::size_t at, const slot &which) noexcept {
    slots_[at] = which;
    if (!which.what.is_vacant()) which.what.moved(at);
  }

  void trim() noexcept {
    while (vacant_ != 0 && slots_.front().what.is_vacant()) {
      --vacant_;
      const slot last = slots_.back();
      slots_.pop_back();
      if (!slots_.empty()) sink(0, last);
    }
  }

  // Three passes. Each goes through memory in order, except where the heap itself does not.
  void leave_out_vacant() noexcept {
    std::erase_if(slots_, [](const slot &each) { return each.what.is_vacant(); });
    vacant_ = 0;
    for (std::size_t at = slots_.size() / children + 1; at-- != 0;)
      if (at < slots_.size())
        sink(at, slot(slots_[at]), [this](std::size_t to, const slot &which) { slots_[to] = which; });
    for (std::size_t at = 0; at != slots_.size(); ++at) slots_[at].what.moved(at);
  }

  void settle(std::size_t at, const slot &which) noexcept {
    if (at != 0 && which.before(slots_[(at - 1) / children]))
      rise(at, which);
    else
      sink(at, which);
  }

  void rise(std::size_t at, const slot &which) noexcept {
    while (at != 0) {
      const std::size_t parent = (at - 1) / children;
      if (!which.before(slots_[parent])) break;
      put(at, slots_[parent]);
      at = parent;
    }
    put(at, which);
  }

  void sink(std::size_t at, const slot &which) noexcept {
    sink(at, which, [this](std::size_t to, const slot &moved) { put(to, moved); });
  }
  template <class Put> void sink(std::size_t at, const slot &which, Put put_there) noexcept {
    for (;;) {
      const std::size_t first = at * children + 1;
      if (first >= slots_.size()) break;
      const std::size_t end = first + children < slots_.size() ? first + children : slots_.size();
      std::size_t earliest = first;
      for (std::size_t i = first + 1; i < end; ++i)
        if (slots_[i].before(slots_[earliest])) earliest = i;
      if (!slots_[earliest].before(which)) break;
      put_there(at, slots_[earliest]);
      at = earliest;
    }
    put_there(at, which);
  }

  std::vector<slot> slots_;
  std::size_t vacant_ = 0;
};

} // namespace weft::core
