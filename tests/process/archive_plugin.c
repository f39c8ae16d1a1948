/* archive_plugin.c: a plugin that contains weft, from libweft.a, and exports all of it. */
#include <weft/weft.h>

uint32_t plugin_version(void);

uint32_t plugin_version(void) {
  return weft_version();
}
