// Names that live until the process ends. Equal strings are one.
#pragma once

namespace weft::core {

// Null: memory is exhausted. Takes no lock, so the child of a fork may call it.
const char *interned(const char *name) noexcept;

} // namespace weft::core
