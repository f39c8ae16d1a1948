// A callback of a cancel token: called once when the token is cancelled, or never.
//
// Owns the function and its context. References: one for the token's roll, one for the registration
// if the user wants one, one for the domain's roll if there is a domain. One word decides which
// thread may touch the context: the cancellation, the removal, the close of the domain, or the end
// of the token. Read on in README.md, "Cancel tokens".
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "task/cancel_token.hpp"
#include "thread/domain.hpp"

namespace weft::core {

struct cancel_call {
  weft_cancel_fn fn;
  void *ctx;
  weft_drop_fn drop;
};

class cancel_callback final : public weft_cancel_registration, public roll_entry {
public:
  // If the token is cancelled already, the callback is called before this returns. `out`: null, or
  // gets the registration. WEFT_OK, WEFT_ENOMEM; WEFT_ECLOSED: the thread is inside of a closed
  // domain.
  static weft_status add(cancel_token &token, const cancel_call &what, weft_cancel_registration **out);

  // Give the registration back. WEFT_OK: it will not be called. WEFT_ERUNNING: it runs now.
  // WEFT_EDONE: it has run.
  weft_status remove();
  // The token ends and gives the roll's reference up.
  void give_up() noexcept;
  bool inherited() const noexcept { return native_.is_another(); }

private:
  const native_process native_;
  enum fate : std::uint32_t { waiting, called, over };

  cancel_callback(const cancel_call &what, cancel_token *token, domain *home, std::uint32_t references) noexcept
      : what_(what), token_(token), home_(home), refs_(references), in_home_(*this) {}
  ~cancel_callback() = default;
  void unref() noexcept {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  bool take(fate next) noexcept {
    std::uint32_t seen = waiting;
    return fate_.compare_exchange_strong(seen, next, std::memory_order_acq_rel);
  }
  void drop() noexcept;

  bool hold() noexcept override { return true; } // the roll's reference
  bool begin_withdraw() noexcept override { return true; }
  void finish_withdraw() override;

  // On the domain's roll, with a reference. After a withdrawal by the domain the callback stays on
  // the token's roll, where it does nothing.
  struct home_entry final : roll_entry {
    explicit home_entry(cancel_callback &part) noexcept : whole(part) {}
    bool hold() noexcept override { return true; }
    bool begin_withdraw() noexcept override;
    void finish_withdraw() override;
    cancel_callback &whole;
  };

  const cancel_call what_;
  cancel_token *const token_;  // with the registration's reference; null: no registration
  const shared<domain> home_;  // or null
  atomic<std::uint32_t> refs_; // as in shared_object
  home_entry in_home_;
  // Leaves `waiting` by compare-and-swap; the thread that wins may touch the context. The release
  // of `over` pairs with the acquire of remove(): if remove() reads `over`, the drop is past.
  atomic<std::uint32_t> fate_{waiting};
};

} // namespace weft::core
