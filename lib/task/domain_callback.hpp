// A callback of a future that belongs to a domain: if the domain is closed before, it is taken out of the future's list
// and dropped there and then.
//
// Hangs on the future by the same kind of link as continuations, for the future may come to its end, or go, just when
// the domain looks for it.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "base/roll.hpp"
#include "task/source_link.hpp"
#include "thread/domain.hpp"

namespace weft::core {

class domain_callback final : private source_link, private roll_entry {
public:
  struct what {
    weft_future_fn fn;
    void *ctx;
    weft_drop_fn drop;
  };
  // WEFT_OK, WEFT_ENOMEM, WEFT_ECLOSED.
  static weft_status add(task &future, const what &called, domain &home);
  // Is this entry of a future's list one that was added with these? If so, and whoever asks has taken it out of the
  // list, its drop ends it. Under the lock of the list.
  static bool is_of(const callback &entry, weft_future_fn fn, const void *ctx) noexcept;

private:
  domain_callback(const what &called, domain &home) noexcept
      : source_link(&domain_callback::done, this, &domain_callback::gone), what_(called), home_(&home) {}
  ~domain_callback() = default;
  void unref(std::uint32_t count = 1) noexcept {
    if (refs_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
  }

  static void done(void *ctx, weft_future_t *source);
  static void gone(void *ctx);
  void finish() noexcept;
  void finish_unlisted() noexcept;

  bool hold() noexcept override { return true; } // the roll's reference
  bool begin_withdraw() noexcept override;
  void finish_withdraw() override;

  const what what_;
  const shared<domain> home_;
  atomic<std::uint32_t> refs_{3}; // of the link, which may call; of the roll; of whoever adds it
};

} // namespace weft::core
