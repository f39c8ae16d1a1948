#include "thread/domain_hook.hpp"

#include <new>
#include <utility>

#include "base/log.hpp"
#include "base/misuse.hpp"
#include "base/refs.hpp"
#include "base/roll.hpp"
#include "thread/domain.hpp"

namespace weft::core {
namespace {

struct log_hooks {
  using function = weft_log_hook_fn;
  static constexpr auto set = &set_log_hook;
  static constexpr auto clear = &clear_log_hook;
  static void without(std::uint32_t /*level*/, const char *message) noexcept { log_to_stderr(message); }
};

struct misuse_hooks {
  using function = weft_misuse_hook_fn;
  static constexpr auto set = &set_misuse_hook;
  static constexpr auto clear = &clear_misuse_hook;
  static void without(const char *what, const char *function) noexcept { log_line({function, ": ", what}); }
};

// Stands in the slot in the place of the user's hook: it is the context of the hook there, and the
// drop of that context gives up one reference. If its domain is closed, a call does what is done
// without a hook. A hook without a domain is wrapped too: it is the host's and runs outside,
// although the thread that calls or drops it may be inside a domain's code.
template <class Slot> class domain_hook final : public shared_object<domain_hook<Slot>>, private roll_entry {
public:
  static weft_status set(typename Slot::function fn, void *ctx, weft_drop_fn drop, domain *home) noexcept {
    const shared<domain_hook> made = adopt(new (std::nothrow) domain_hook(fn, ctx, home));
    if (!made) return WEFT_ENOMEM;
    made->drop_ = drop;
    if (home != nullptr && !home->enter(*made)) {
      made->drop_ = nullptr;
      return WEFT_ECLOSED;
    }
    made->ref(); // the slot's
    const weft_status status = Slot::set(call, made.get(), gone);
    if (status != WEFT_OK) {
      made->unref();
      // The close may have taken the context: then the hook was accepted, and withdrawn.
      if (home != nullptr && !home->remove(*made)) return WEFT_OK;
      made->drop_ = nullptr;
      if (home != nullptr) home->leave();
      return status;
    }
    if (home != nullptr && home->closed())
      // The close may have looked for it before it was in the slot.
      Slot::clear(made.get());
    return WEFT_OK;
  }

private:
  friend class shared_object<domain_hook>;
  domain_hook(typename Slot::function fn, void *ctx, domain *home) noexcept : fn_(fn), ctx_(ctx), home_(home) {}
  ~domain_hook() = default;

  template <class... Arguments> static void call_with(void *ctx, Arguments... arguments) {
    // The slot's hook lives while it is called, and has a reference to this.
    auto &self = *static_cast<domain_hook *>(ctx);
    if (!self.gate_.begin()) return Slot::without(arguments...);
    struct ending { // also when the hook throws
      domain_hook &of;
      ~ending() {
        if (of.gate_.end()) of.finish();
      }
    } const at_end{self};
    const drop_scope here(self.home_.get());
    self.fn_(self.ctx_, arguments...);
  }
  static constexpr typename Slot::function call = [](void *ctx, auto... arguments) { call_with(ctx, arguments...); };

  static void gone(void *ctx) {
    auto &self = *static_cast<domain_hook *>(ctx);
    if (self.gate_.shut()) self.finish();
    self.unref();
  }

  // Called once: by the thread that shuts the gate, or by the last one that leaves it.
  void finish() noexcept {
    {
      const drop_scope here(home_.get());
      if (drop_ != nullptr) drop_(ctx_);
    }
    if (!home_) return;
    home_->remove(*this);
    home_->leave();
  }

  bool hold() noexcept override { return this->try_ref(); }
  bool begin_withdraw() noexcept override { return true; }
  void finish_withdraw() override {
    if (gate_.shut()) finish(); // else the last call does it
    Slot::clear(this);
    this->unref();
  }

  const typename Slot::function fn_;
  void *const ctx_;
  // Null until set() has succeeded: the context is the caller's until then.
  weft_drop_fn drop_ = nullptr;
  const shared<domain> home_; // or null
  domain_gate gate_;
};

} // namespace

weft_status set_log_hook_here(weft_log_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept {
  if (hook == nullptr) return set_log_hook(nullptr, ctx, drop);
  return domain_hook<log_hooks>::set(hook, ctx, drop, current_domain());
}

weft_status set_misuse_hook_here(weft_misuse_hook_fn hook, void *ctx, weft_drop_fn drop) noexcept {
  if (hook == nullptr) return set_misuse_hook(nullptr, ctx, drop);
  return domain_hook<misuse_hooks>::set(hook, ctx, drop, current_domain());
}

} // namespace weft::core
