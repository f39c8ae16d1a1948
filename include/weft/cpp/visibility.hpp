// The place of objects with static storage: each program and each shared library has its own.
//
// By default, an inline variable, a static member of a template and a static of an inline function
// have one instance in the whole process. gcc marks them as unique symbols. The shared library that
// defined one first is then never unmapped, and the next generation of a plugin uses the instance
// of the first, with pointers into the code of the first. So each such object in these headers, or
// the function around it, is hidden. (Hidden classes would be contagious: a class of the user's
// with such a member would get a warning.)
#ifndef WEFT_CPP_VISIBILITY_HPP
#define WEFT_CPP_VISIBILITY_HPP

#define WEFT_IN_EACH_MODULE __attribute__((visibility("hidden")))

#endif
