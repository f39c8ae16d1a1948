// The pages of the embedded server: what each answers, or how it misbehaves. They are plain data. The server and the
// check of a client's results read the same list.
// Read on in demo_server.hpp.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace examples {

enum class behaviour {
  answer,  // a status and a small page, after `delay`
  silent,  // takes the request and never answers
  empty,   // takes the request and closes the connection
  garbage, // answers something that is not HTTP
  cut_off, // closes in the middle of the page
  endless, // sends a page that does not end, as fast as it can
  trickle, // sends a page byte by byte, for ever
  huge,    // announces a page of a thousand gigabytes
  moved,   // redirects to a page that answers 200
  loop,    // redirects to itself
};

// Whether a client gets a whole page, with any status.
bool is_whole(behaviour what);

struct demo_page {
  std::string_view name; // the first part of the path: "/ok/7" is number 7 of "ok"
  int count;             // how many of them a tour visits
  behaviour what;
  unsigned status; // the status that a client gets in the end; 0: none
  std::chrono::milliseconds delay{0};
};

// All pages, in the order of the tour.
const std::vector<demo_page> &demo_pages();

// The page that a request target belongs to, or nullptr: then the server answers 404.
const demo_page *find_demo_page(std::string_view target);

// One stop of the tour.
struct demo_stop {
  std::string path;
  const demo_page *page;
};

// 60 paths: each page as often as its count says. They are mixed, so that slow ones are not all at the end.
std::vector<demo_stop> demo_tour();

} // namespace examples
