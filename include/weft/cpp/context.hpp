// Contexts: an object of the user's on an executor or a group, which ends with it; over
// weft/context.h.
//
// Owns the way of an object into a context and back, for executor_ref and group. Users call their
// member functions:
//
//     struct ledger { long total = 0; };
//     weft::strand account(pool);
//     account.set_context(std::make_unique<ledger>());  // lives as long as the strand
//     account.post([] {
//       const auto here = weft::executor_ref::current();  // the strand
//       here->context<ledger>()->total += 5;
//     });
//
// context<T>() and take_context<T>() do not check the type: T must be the type of the object that
// was set.
#ifndef WEFT_CPP_CONTEXT_HPP
#define WEFT_CPP_CONTEXT_HPP

#include <weft/context.h>
#include <weft/cpp/error.hpp>

#include <memory>
#include <type_traits>

namespace weft::detail {

template <class T>
concept can_hang = std::is_object_v<T> && !std::is_array_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T>;

// set(ctx, drop) calls the function of the C ABI for an executor or a group.
template <class T, class Set> void hang(std::unique_ptr<T> object, Set set) {
  const weft_drop_fn drop = [](void *hung) { delete static_cast<T *>(hung); };
  check(set(object.get(), object ? drop : nullptr));
  static_cast<void>(object.release());
}

// swap(old_ctx, old_drop) calls the function of the C ABI that takes the context away. Without a
// drop the object is its setter's own, and is not given to the caller.
template <class T, class Swap> std::unique_ptr<T> take_down(Swap swap) {
  void *hung = nullptr;
  weft_drop_fn drop = nullptr;
  check(swap(&hung, &drop));
  return std::unique_ptr<T>(drop != nullptr ? static_cast<T *>(hung) : nullptr);
}

} // namespace weft::detail

#endif
