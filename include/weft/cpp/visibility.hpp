// Where what has static storage lives: in each program and shared library by itself.
//
// An inline variable, a static member of a template and a static of an inline function have one instance in the whole
// process by default. gcc marks them as unique symbols: the shared library that defined one first is never unmapped,
// and the next generation of a plugin uses the first one's, with pointers into the first one's code. So each of them
// in these headers, or the function around it, is hidden. (Hidden classes would be contagious: a class of the user's
// with such a member gets a warning.)
#ifndef WEFT_CPP_VISIBILITY_HPP
#define WEFT_CPP_VISIBILITY_HPP

#define WEFT_IN_EACH_MODULE __attribute__((visibility("hidden")))

#endif
