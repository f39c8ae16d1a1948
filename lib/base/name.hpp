// Names that live until the process ends: equal strings are one.
#pragma once

namespace weft::core {

// Null: no memory. No lock, so it may be called in the child of a fork.
const char *interned(const char *name) noexcept;

} // namespace weft::core
