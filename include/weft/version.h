/* weft/version.h: the version of these headers and of the loaded library, and what it can do.
 *
 * A program runs with any library of the same major version that is not older than its headers.
 */
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

/** Get the version of the library that is loaded. WEFT_VERSION is that of the headers.
 *
 * Blocks:    never.
 *
 * Returns    the number that WEFT_VERSION had when the library was built.
 */
WEFT_API uint32_t weft_version(void);

/** Ask whether the library that is loaded has a feature, such as "timers", "groups" or "fork".
 *
 * A program asks before it calls functions that it has looked up at run time, or to say why it
 * cannot go on. Names are never changed or taken back; later versions have more. weft_feature lists
 * them.
 *
 * Blocks:    never.
 *
 * Returns    1 when it has; 0 when this library does not know the name; WEFT_EINVAL for NULL.
 */
WEFT_API int32_t weft_has_feature(const char *name);

/** Get the name of a feature by its index. The names are in alphabetical order.
 *
 * Blocks:    never.
 *
 * Returns    a static string; NULL when `index` is not below the number of features.
 */
WEFT_API const char *weft_feature(size_t index);

/** Get the version of the library that is loaded, as a text like "1.0.0". The string is static.
 * Never blocks. */
WEFT_API const char *weft_version_string(void);

#ifdef __cplusplus
}
#endif
#endif
