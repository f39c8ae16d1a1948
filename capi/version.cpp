// weft/version.h
#include <weft/version.h>

#define WEFT_TEXT_OF(x) #x
#define WEFT_TEXT(x) WEFT_TEXT_OF(x)

extern "C" {

uint32_t weft_version(void) {
  return WEFT_VERSION;
}

const char *weft_version_string(void) {
  return WEFT_TEXT(WEFT_VERSION_MAJOR) "." WEFT_TEXT(WEFT_VERSION_MINOR) "." WEFT_TEXT(WEFT_VERSION_PATCH);
}

} // extern "C"
