// A domain: what belongs to one plugin or binding, to be closed as one: after that nothing of it runs any more.
//
// Owns the roll of what can be withdrawn, the count of all that is there, and the close. Knows its members as entries
// only. Which of them there are is told by include/weft/domain.h; the protocol is argued in README.md, "Closing a
// domain".
#pragma once

#include <cstdint>

#include <weft/domain.h>

#include "base/atomic.hpp"
#include "base/block.hpp"
#include "base/clock.hpp"
#include "base/completion.hpp"
#include "base/misuse.hpp"
#include "base/refs.hpp"
#include "base/roll.hpp"
#include "thread/record.hpp"

struct weft_domain {};

namespace weft::core {

class wait_graph;

class domain final : public weft_domain, public shared_object<domain>, public roll {
public:
  // With one reference. Null: no memory.
  static domain *make() noexcept;
  ~domain() = default;

  // Something of it begins to be there. False: it is closed. What can be withdrawn is on the roll; remove() takes it
  // off, which does not end it.
  bool enter() noexcept;
  bool enter(roll_entry &entry) noexcept;
  // By what is there: one thing more, though it be closed.
  void keep() noexcept;
  // It is there no more; nothing of the domain's code runs for it after that.
  void leave() noexcept;

  bool closed() const noexcept { return called_off(); }
  std::uint64_t count() const noexcept;
  // As weft_domain_close says.
  weft_status close(deadline until);

  // On this thread: the payload of an error, which its domain counts until then. of: null for nobody's.
  static void drop_payload(void *of, weft_drop_fn drop, void *payload) noexcept;
  bool has_magic() const noexcept { return magic_.is_right(); }

  // The calling thread is inside of it, at any depth.
  bool surrounds(const record &self) const noexcept;

private:
  domain() = default;
  static bool may_end(const void *object, const wait_graph &graph) noexcept;

  std::uint64_t count_ = 0; // under mutex_; while it is not 0 there is one reference for it
  completion end_;          // closed, and nothing is there any more
  [[no_unique_address]] magic_word<0x2bad5eed0e440009> magic_;
};

// The domain whose code the calling thread runs, innermost; null: nobody's. Borrowed.
inline domain *current_domain() noexcept {
  const record *const self = existing_record();
  return self != nullptr && self->inside != nullptr ? self->inside->of : nullptr;
}

// Around the drop of what belongs to a domain, or to nobody (null), or a hook of theirs: perhaps by a thread that is
// inside of another's code.
class drop_scope : inside_scope {
public:
  explicit drop_scope(domain *home) noexcept : inside_scope(concerned(home), home) {}

private:
  static record *concerned(const domain *home) noexcept {
    record *const self = home != nullptr ? current_record() : existing_record();
    return self != nullptr && (home != nullptr || self->inside != nullptr) ? self : nullptr;
  }
};

// What the domain counts for a scope of weft_domain_enter. Not in the caller's memory, for that is mostly a stack's,
// and gone when the thread ends inside the scope.
struct entered_domain : in_blocks<entered_domain> {
  entered_domain(domain &of, entered_domain *outer) noexcept : of(of), outer(outer) {}
  // The thread ends, or its target has: it has left every scope.
  static void leave_all(record &self) noexcept;

  domain &of;
  entered_domain *const outer;
};

// A scope of weft_domain_enter, in the caller's memory. The domain counts it while it lasts.
struct entered_scope : scope {
  // Null: outside. WEFT_OK, WEFT_ECLOSED, WEFT_ENOMEM.
  static weft_status begin(domain *of, void *room) noexcept;
  // WEFT_OK, WEFT_EINVALIDSTATE.
  static weft_status end(void *room) noexcept;
};

// For what may run more than once, and has a context that is to be dropped at the end: decides who drops it, between
// those who run it and whoever ends it. One word: a mark, and the number of those who run it.
class domain_gate {
public:
  // False: it has been shut.
  bool begin() noexcept {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    do {
      if ((seen & shut_bit) != 0) return false;
    } while (!word_.compare_exchange_weak(seen, seen + one, std::memory_order_acq_rel, std::memory_order_relaxed));
    return true;
  }
  // The other two tell exactly one caller: nobody runs it, and nobody will; the rest is yours.
  bool end() noexcept { return word_.fetch_sub(one, std::memory_order_acq_rel) == (shut_bit | one); }
  bool shut() noexcept { return word_.fetch_or(shut_bit, std::memory_order_acq_rel) == 0; }

private:
  static constexpr std::uint32_t shut_bit = 1, one = 2;
  atomic<std::uint32_t> word_{0};
};

} // namespace weft::core
