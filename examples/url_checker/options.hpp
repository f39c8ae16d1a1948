// The command line of url_checker: the options, and the list of URLs.
// It knows nothing of HTTP; a URL is any text here.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace url_checker {

enum class progress { if_terminal, off };
enum class verdict { table_complete, every_url_fine }; // what exit status 0 means

struct options {
  std::vector<std::string> urls;
  bool demo = true; // neither URLs nor a file were given: check the embedded server
  unsigned workers = 16;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
  progress show_progress = progress::if_terminal;
  verdict success = verdict::table_complete;
};

// The command line is wrong, or a file cannot be read; as a text for people.
class usage_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

extern const char *const help_text;
struct help_requested {}; // thrown for --help

// Reads the command line and the files that it names. Throws usage_error, help_requested.
options read_options(int argc, char **argv);

} // namespace url_checker
