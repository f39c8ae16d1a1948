// What unwinds the stack of a thread that is ended by pthread_exit or pthread_cancel.
//
// It is not an exception, and a handler that catches everything must let it go on. So a `catch
// (const forced_unwind &)` with a `throw;` comes before `catch (...)`. libstdc++ has a type for it.
//
// libc++ enters no handler at all: the waiters of a task whose thread is ended would not be told.
// Its shared object also allocates what strings of the library free (operators.cpp). So the library
// is built with libstdc++. Programs that use weft.hpp may be built with either.
#pragma once

#include <cxxabi.h>
#include <new> // says which standard library this is

#if !defined(__GLIBCXX__)
#error "The library of weft is built with libstdc++. Programs that use it may be built with libc++."
#endif

namespace weft::core {

using forced_unwind = abi::__forced_unwind;

} // namespace weft::core
