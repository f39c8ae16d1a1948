// The templates of roster that need the inside of a thread. In a file of their own, because
// thread.hpp includes roster.hpp.
#pragma once

#include "thread/roster.hpp"
#include "thread/thread.hpp"

namespace weft::core {

template <class Wanted> thread *roster::find(Wanted wanted) const noexcept {
  const std::scoped_lock hold(mutex_);
  for (thread *t = first_; t != nullptr; t = t->next_)
    if (wanted(*t) && t->try_ref()) return t;
  return nullptr;
}

template <class Visit> void roster::visit(Visit visit) const {
  const std::scoped_lock hold(mutex_);
  for (thread *t = first_; t != nullptr; t = t->next_) visit(*t);
}

template <class Wanted> void roster::halt(Wanted wanted) noexcept {
  const std::scoped_lock hold(mutex_);
  for (thread *t = first_; t != nullptr; t = t->next_)
    if (wanted(*t)) t->halt();
}

} // namespace weft::core
