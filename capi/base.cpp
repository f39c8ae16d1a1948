// weft/base.h
#include "base/error.hpp"

extern "C" {

const char *weft_status_name(weft_status status) {
  return weft::core::status_name(status);
}

const char *weft_status_text(weft_status status) {
  return weft::core::status_text(status);
}

} // extern "C"
