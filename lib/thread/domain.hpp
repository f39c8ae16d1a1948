// A domain: what belongs to one plugin or binding, and is closed as one. After that none of it
// runs.
//
// Owns the roll of what can be withdrawn, the count of all members, and the close. Knows its
// members as roll entries only; include/weft/domain.h says which there are. Read on in README.md,
// "Closing a domain".
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

  // A new member is counted. False: the domain is closed. The second one puts it on the roll too,
  // from which the domain can withdraw it. remove() takes it off the roll, and leaves the count as
  // it is.
  bool enter() noexcept;
  bool enter(roll_entry &entry) noexcept;
  // Called by a member: count one more, even in a closed domain.
  void keep() noexcept;
  // A member is gone: none of the domain's code runs for it any more.
  void leave() noexcept;

  bool closed() const noexcept { return called_off(); }
  std::uint64_t count() const noexcept;
  // As weft_domain_close.
  weft_status close(deadline until);

  // Drop the payload of an error on this thread. The domain `of` has counted it until then. Null:
  // it belongs to none.
  static void drop_payload(void *of, weft_drop_fn drop, void *payload) noexcept;
  bool has_magic() const noexcept { return magic_.is_right(); }

  // The thread of `self` is inside the domain, at any depth.
  bool surrounds(const record &self) const noexcept;

private:
  domain() = default;
  static bool may_end(const void *object, const wait_graph &graph) noexcept;

  std::uint64_t count_ = 0; // under mutex_; while not 0, the domain has a reference for it
  completion end_;          // closed, and nothing is counted
  [[no_unique_address]] magic_word<0x2bad5eed0e440009> magic_;
};

// The domain whose code the calling thread runs, innermost. Null: no domain's. Borrowed.
inline domain *current_domain() noexcept {
  const record *const self = existing_record();
  return self != nullptr && self->inside != nullptr ? self->inside->of : nullptr;
}

// Around a drop or a hook that belongs to the domain `home`, or to no domain (null). The thread may
// be inside the code of another domain.
class drop_scope : inside_scope {
public:
  explicit drop_scope(domain *home) noexcept : inside_scope(concerned(home), home) {}

private:
  static record *concerned(const domain *home) noexcept {
    record *const self = home != nullptr ? current_record() : existing_record();
    return self != nullptr && (home != nullptr || self->inside != nullptr) ? self : nullptr;
  }
};

// What the domain counts for a scope of weft_domain_enter. It is not in the caller's memory, which
// is usually a stack, and gone when the thread ends inside the scope.
struct entered_domain : in_blocks<entered_domain> {
  entered_domain(domain &of, entered_domain *outer) noexcept : of(of), outer(outer) {}
  // The thread ends, or its target has ended: it has left every scope.
  static void leave_all(record &self) noexcept;

  domain &of;
  entered_domain *const outer;
};

// A scope of weft_domain_enter, in the caller's memory. The domain counts it while it lasts.
struct entered_scope : scope {
  // `of` is null: outside all domains. WEFT_OK, WEFT_ECLOSED, WEFT_ENOMEM.
  static weft_status begin(domain *of, void *room) noexcept;
  // WEFT_OK, WEFT_EINVALIDSTATE.
  static weft_status end(void *room) noexcept;
};

// For what may run more than once and has a context to be dropped at the end. Decides which thread
// drops it: one of those that run it, or the one that ends it.
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
  // Once the gate is shut, exactly one call of these two returns true: no thread runs it or will
  // run it, and the rest is that caller's.
  bool end() noexcept { return word_.fetch_sub(one, std::memory_order_acq_rel) == (shut_bit | one); }
  bool shut() noexcept { return word_.fetch_or(shut_bit, std::memory_order_acq_rel) == 0; }

private:
  static constexpr std::uint32_t shut_bit = 1, one = 2;
  // The mark, and how many threads run it. Changed by read-modify-writes only: the last change
  // acquires what all before it have released.
  atomic<std::uint32_t> word_{0};
};

} // namespace weft::core
