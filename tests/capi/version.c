/* Tests of weft/version.h: headers and library agree. */
#include <weft/version.h>

#include "check.h"

static void the_number_is_made_of_its_parts(void) {
  CHECK_EQUAL(WEFT_VERSION, WEFT_VERSION_MAJOR * 1000000 + WEFT_VERSION_MINOR * 1000 + WEFT_VERSION_PATCH);
}

static void the_library_is_of_these_headers(void) {
  CHECK_EQUAL(weft_version(), WEFT_VERSION);
}

static void the_text_says_the_same(void) {
  char text[64];
  snprintf(text, sizeof text, "%d.%d.%d", WEFT_VERSION_MAJOR, WEFT_VERSION_MINOR, WEFT_VERSION_PATCH);
  CHECK_TEXT(weft_version_string(), text);
  CHECK_TEXT(weft_version_string(), WEFT_PROJECT_VERSION); /* the version in meson.build */
  CHECK(weft_version_string() == weft_version_string());
}

static void features_are_asked_by_name(void) {
  const char *name;
  size_t count = 0;
  CHECK_EQUAL(weft_has_feature("groups"), 1);
  CHECK_EQUAL(weft_has_feature("timers"), 1);
  CHECK_EQUAL(weft_has_feature("fork"), 1);
  CHECK_EQUAL(weft_has_feature("join"), 1);
  CHECK_EQUAL(weft_has_feature("default_executor"), 1);
  CHECK_EQUAL(weft_has_feature("time travel"), 0);
  CHECK_EQUAL(weft_has_feature(""), 0);
  CHECK_EQUAL(weft_has_feature("group"), 0); /* only a part of a name */
  CHECK_EQUAL(weft_has_feature(NULL), WEFT_EINVAL);
  while ((name = weft_feature(count)) != NULL) {
    CHECK_EQUAL(weft_has_feature(name), 1);
    if (count != 0) CHECK(strcmp(weft_feature(count - 1), name) < 0);
    ++count;
  }
  CHECK(count >= 10);
  CHECK(weft_feature(SIZE_MAX) == NULL);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"the number is made of its parts", the_number_is_made_of_its_parts},
      {"the library is of these headers", the_library_is_of_these_headers},
      {"the text says the same", the_text_says_the_same},
      {"features are asked by name", features_are_asked_by_name},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
