// What weft.hpp needs of the compiler. Every header of weft/cpp includes this one first. So a
// program that is compiled with less reads the reason first.
#ifndef WEFT_CPP_LANGUAGE_HPP
#define WEFT_CPP_LANGUAGE_HPP

#if __cplusplus < 202002L
#error "weft.hpp needs C++20: compile with -std=c++20 or later. The C interface, weft.h, works with every C++."
#elif !defined(__cpp_exceptions)
#error "weft.hpp needs exceptions: compile without -fno-exceptions. The C interface, weft.h, does without."
#elif !defined(__cpp_rtti)
#error "weft.hpp needs RTTI to keep the types of exceptions: compile without -fno-rtti. weft.h, in C, does without."
#else
#define WEFT_CPP_LANGUAGE_SUFFICES
#endif

#endif
