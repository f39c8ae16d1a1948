/* weft/version.h: which weft these headers belong to, which one is running, and what it can do. */
#ifndef WEFT_VERSION_H
#define WEFT_VERSION_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_VERSION_MAJOR 1
#define WEFT_VERSION_MINOR 0
#define WEFT_VERSION_PATCH 0
/** The version as one number that grows: major * 1000000 + minor * 1000 + patch. */
#define WEFT_VERSION (WEFT_VERSION_MAJOR * 1000000 + WEFT_VERSION_MINOR * 1000 + WEFT_VERSION_PATCH)

/** WEFT_VERSION of the library that is loaded; the macro is that of the headers. A program runs with any library
 *  of the same major version that is not older than its headers. Never blocks, never fails. */
WEFT_API uint32_t weft_version(void);

/** Whether the library that is loaded can do something, by the name of the part: "timers", "groups", "fork" ... A
 *  program asks so before it calls what a function looked up at run time would need, or to say why it cannot go on.
 *  The names are never changed or taken back; later versions have more. weft_feature lists them. 1: it can.
 *  0: this library does not know that name. WEFT_EINVAL: NULL. Never blocks, never fails otherwise. */
WEFT_API int32_t weft_has_feature(const char *name);

/** The name of a feature by its index, from 0 on, in alphabetical order; NULL behind the last. Static. Never blocks,
 *  never fails. */
WEFT_API const char *weft_feature(size_t index);

/** The version as text, "1.0.0". Static. Never blocks, never fails. */
WEFT_API const char *weft_version_string(void);

#ifdef __cplusplus
}
#endif
#endif
