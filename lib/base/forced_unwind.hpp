// What unwinds the stack of a thread that is ended by pthread_exit or pthread_cancel.
//
// It is not an exception: a handler that catches everything must let it go on, so `catch (const forced_unwind &)` with
// a `throw;` comes before `catch (...)`. libstdc++ has a type for that. With libc++ it enters no handler at all, and
// runs destructors only; the type here, which nobody throws, then keeps the handlers compiling.
#pragma once

#include <cxxabi.h>
#include <new> // says which standard library this is

namespace weft::core {

#if defined(__GLIBCXX__)
using forced_unwind = abi::__forced_unwind;
#else
struct forced_unwind {};
#endif

} // namespace weft::core
