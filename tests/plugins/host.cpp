// A host that loads a plugin, uses it inside a domain, closes that and unloads the plugin, again and again. Two
// generations of the plugin take turns. Usage: host ROUNDS PLUGIN PLUGIN
#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <string>

namespace {

bool is_mapped(const std::string &path) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find(path) != std::string::npos) return true;
  return false;
}

// Loads, uses and unloads a plugin once. Returns what was wrong, or "".
std::string live_once(const weft::executor &pool, const std::string &path, int generation) {
  void *const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  const auto steps = reinterpret_cast<int (*)()>(dlsym(library, "plugin_steps"));
  const auto step = reinterpret_cast<int (*)(weft_executor_t *, int)>(dlsym(library, "plugin_step"));
  const weft::domain domain;
  {
    const weft::inside here(domain);
    for (int i = 0; i < steps(); ++i)
      if (const int answer = step(pool.native_handle(), i); answer != generation)
        return "step " + std::to_string(i) + " of generation " + std::to_string(generation) + " answers " +
               std::to_string(answer);
  }
  if (!domain.close(std::chrono::seconds(30)))
    return "its domain does not close: " + std::to_string(domain.count()) + " are left";
  dlclose(library);
  return is_mapped(path) ? "generation " + std::to_string(generation) + " stays mapped" : "";
}

} // namespace

int main(int count, char **arguments) {
  if (count != 4) return 2;
  // The host has its own instances of what the headers define, and exports them (-rdynamic).
  weft::executor pool({.max_workers = 2});
  weft::promise<int> used;
  used.set_value(pool.submit([] { return 1; }).result());
  for (int round = 0; round < std::atoi(arguments[1]); ++round)
    for (const int generation : {1, 2})
      if (const auto fault = live_once(pool, arguments[1 + generation], generation); !fault.empty()) {
        std::printf("round %d: %s\n", round, fault.c_str());
        return 1;
      }
}
