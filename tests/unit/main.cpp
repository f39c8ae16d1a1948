// The entry point of each unit test program; the cases are in the folders beside, which mirror lib/.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
