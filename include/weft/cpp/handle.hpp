// The reference-counted handle of every shared object of the C ABI.
//
// Owns one reference. Knows nothing of what the object does.
#ifndef WEFT_CPP_HANDLE_HPP
#define WEFT_CPP_HANDLE_HPP

#include <weft/cpp/language.hpp>

#include <utility>

namespace weft::detail {

template <class T, T *(*Ref)(T *), void (*Unref)(T *)> class handle {
public:
  handle() noexcept = default;

  /// Take over a reference that the caller owns.
  static handle adopt(T *object) noexcept {
    handle result;
    result.object_ = object;
    return result;
  }

  /// Take a reference of its own.
  static handle share(T *object) noexcept { return adopt(Ref(object)); }

  handle(const handle &other) noexcept : object_(other.object_ ? Ref(other.object_) : nullptr) {}
  handle(handle &&other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  handle &operator=(handle other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~handle() {
    if (object_) Unref(object_);
  }

  T *get() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

  /// Give the reference away to the caller. The handle is empty afterwards.
  [[nodiscard]] T *release() noexcept { return std::exchange(object_, nullptr); }

private:
  T *object_ = nullptr;
};

} // namespace weft::detail

#endif
