// A callback of a future that belongs to a domain: if the domain is closed first, the callback is
// taken out of the future's list and dropped at once.
//
// Owns the function and its context. It is tied to the future by a source_link, as continuations
// are, because the future may end, or be freed, just when the close looks for it. Read on in
// thread/README.md, "Closing a domain".
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
  // Whether this entry of a future's list was added with these. If so, and the caller takes it out
  // of the list, its drop ends it. Under the lock of the list.
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
  atomic<std::uint32_t> refs_{3}; // the link's, the roll's, and that of add()
};

} // namespace weft::core
