// The list of pages and the tour through them.
#include "demo_pages.hpp"

#include <algorithm>

namespace examples {

static std::string path_of(const demo_page &page, int number) {
  std::string path(1, '/');
  path.append(page.name).append("/").append(std::to_string(number));
  return path;
}

bool is_whole(behaviour what) {
  return what == behaviour::answer || what == behaviour::moved;
}

const std::vector<demo_page> &demo_pages() {
  using std::chrono::milliseconds;
  static const std::vector<demo_page> pages = {
      {"ok", 22, behaviour::answer, 200},         {"slow", 10, behaviour::answer, 200, milliseconds(300)},
      {"bad-request", 5, behaviour::answer, 400}, {"missing", 6, behaviour::answer, 404},
      {"broken", 5, behaviour::answer, 500},      {"silent", 4, behaviour::silent, 0},
      {"moved", 1, behaviour::moved, 200},        {"loop", 1, behaviour::loop, 302},
      {"empty", 1, behaviour::empty, 0},          {"garbage", 1, behaviour::garbage, 0},
      {"cut-off", 1, behaviour::cut_off, 200},    {"huge", 1, behaviour::huge, 200},
      {"endless", 1, behaviour::endless, 200},    {"trickle", 1, behaviour::trickle, 200},
  };
  return pages;
}

const demo_page *find_demo_page(std::string_view target) {
  if (target.starts_with('/')) target.remove_prefix(1);
  const std::string_view name = target.substr(0, target.find('/'));
  const auto &pages = demo_pages();
  const auto found = std::find_if(pages.begin(), pages.end(), [name](const auto &page) { return page.name == name; });
  return found == pages.end() ? nullptr : &*found;
}

std::vector<demo_stop> demo_tour() {
  std::vector<demo_stop> tour;
  const auto fewer = [](const demo_page &a, const demo_page &b) { return a.count < b.count; };
  const int rounds = std::max_element(demo_pages().begin(), demo_pages().end(), fewer)->count;
  for (int number = 1; number <= rounds; ++number)
    for (const auto &page : demo_pages())
      if (number <= page.count) tour.push_back({path_of(page, number), &page});
  return tour;
}

} // namespace examples
