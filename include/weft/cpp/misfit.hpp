// What a call says whose callable does not fit: one sentence instead of a list of candidates.
//
// Beside the overloads of a function stands one that is viable only if no other is, and whose body
// is a static_assert that fails. So a requires expression does not tell whether a callable fits.
#ifndef WEFT_CPP_MISFIT_HPP
#define WEFT_CPP_MISFIT_HPP

#include <weft/cpp/language.hpp>

namespace weft::detail {

// False, but not before the template is used.
template <class...>
concept never = false;

template <class F> constexpr void refuse_call() noexcept {
  static_assert(never<F>, "f cannot be called with these arguments, each of which is moved or copied in");
}

} // namespace weft::detail

#endif
