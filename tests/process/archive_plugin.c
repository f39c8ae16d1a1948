/* archive_plugin.c: a plugin that has weft inside, from libweft.a, and shows all of it. */
#include <weft/weft.h>

uint32_t plugin_version(void);

uint32_t plugin_version(void) {
  return weft_version();
}
