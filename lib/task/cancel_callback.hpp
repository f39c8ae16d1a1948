// A callback of a cancel token: called once when the token is cancelled, or never.
//
// Owns function and context. The token's roll has a reference to it, and so have the registration, if the user wanted
// one, and the roll of the domain, if there is one. One word decides who may have it: the cancellation, the removal,
// the close of the domain, or the end of the token.
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
  // Called at once, before this returns, when the token is cancelled already. out: null, or gets the registration.
  // WEFT_OK, WEFT_ENOMEM; WEFT_ECLOSED: the domain that the thread is inside of is closed.
  static weft_status add(cancel_token &token, const cancel_call &what, weft_cancel_registration **out);

  // Give the registration back. WEFT_OK: it will not be called. WEFT_ERUNNING: it runs now. WEFT_EDONE: it has run.
  weft_status remove();
  // The token goes, and with it the roll's reference.
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

  // On the domain's roll; with a reference there. It stays on the token's roll, where nothing comes of it any more.
  struct home_entry final : roll_entry {
    explicit home_entry(cancel_callback &part) noexcept : whole(part) {}
    bool hold() noexcept override { return true; }
    bool begin_withdraw() noexcept override;
    void finish_withdraw() override;
    cancel_callback &whole;
  };

  const cancel_call what_;
  cancel_token *const token_; // with a reference, the registration's; null when there is none
  const shared<domain> home_; // or null
  atomic<std::uint32_t> refs_;
  home_entry in_home_;
  // From waiting by compare-and-swap; who wins may touch the context. The release of `over` pairs with the acquire of
  // remove(): the drop is seen as past.
  atomic<std::uint32_t> fate_{waiting};
};

} // namespace weft::core
