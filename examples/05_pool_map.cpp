// A pool: a function for each item of a list. Several items run at the same time and may end in any
// order. Their results come in the order of the list.
// Read on in url_checker/: a whole program.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

static std::size_t measure(const std::string &word) {
  weft::this_thread::sleep_for(word.size() * std::chrono::milliseconds(20)); // longer words end later
  return word.size();
}

int main() {
  const std::vector<std::string> words = {"interruption", "warp", "shuttle", "loom", "thread"};
  weft::executor pool;
  auto word = words.begin();
  for (const std::size_t length : pool.map(measure, words)) {
    std::printf("%s has %zu letters\n", word->c_str(), length);
    ++word;
  }
  return word == words.end() ? 0 : 1;
}
