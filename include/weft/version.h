/* weft/version.h: which weft these headers belong to, and which one is running. */
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

/** The same as text, "1.0.0". Static. Never blocks, never fails. */
WEFT_API const char *weft_version_string(void);

#ifdef __cplusplus
}
#endif
#endif
