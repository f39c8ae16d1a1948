// Reading the command line and lists of URLs.
#include "options.hpp"

#include <charconv>
#include <cmath>
#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>

namespace url_checker {

const char *const help_text =
    R"(usage: url_checker [OPTION...] [URL...]

Checks http URLs, many at once, and prints a table: URL, status or reason, time.
Without URLs it starts a small HTTP server in this process and checks 60 pages of it.

  -f, --file FILE     read URLs from FILE, one in each line; empty lines and lines
                      that begin with # are skipped; - is the standard input
  --workers N         check up to N URLs at once, 1 to 1024 (16)
  --timeout SECONDS   give a URL up after so many seconds, 0.001 to 3600
                      (5; the pages of the embedded server: 1)
  --no-progress       no progress bar; there is none anyway when standard error
                      is not a terminal
  --fail              exit with 1 if a URL did not answer with a status below 400
  -h, --help          print this

Ctrl-C cancels what is pending and prints what is there; a second one ends at once.

Exit status: 0 when the table is complete, whatever the answers (but see --fail; of
the embedded server, when every answer was the one it meant to give), 1 when not, 2
when the command line is wrong or FILE cannot be read, 130 after Ctrl-C.
)";

namespace {

std::string_view trimmed(std::string_view text) {
  const std::string_view blank = " \t\r\v\f";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

void read_list(std::istream &input, const std::string &name, std::vector<std::string> &urls) {
  std::string line;
  while (std::getline(input, line)) {
    std::string_view text = line;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3); // the byte order mark that some editors write
    text = trimmed(text);
    if (!text.empty() && text[0] != '#') urls.emplace_back(text);
  }
  if (input.bad()) throw usage_error("cannot read " + name);
}

void read_file(const std::string &name, std::vector<std::string> &urls) {
  if (name == "-") return read_list(std::cin, "the standard input", urls);
  std::ifstream file(name);
  if (!file) throw usage_error("cannot open " + name);
  file.peek(); // a folder can be opened, but not read
  if (file.bad() || (file.fail() && !file.eof())) throw usage_error("cannot read " + name);
  file.clear();
  read_list(file, name, urls);
}

template <class Number>
Number read_number(const std::string &option, std::string_view text, Number least, Number most) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // The comparison is written so that it fails for "nan" too.
  if (error != std::errc{} || end != text.data() + text.size() || !(number >= least && number <= most))
    throw usage_error(option + ": '" + std::string(text) + "' is not a number in its range");
  return number;
}

// Walks over the arguments; "--name=value" is the same as "--name value".
class arguments {
public:
  arguments(int argc, char **argv) : rest_(argv + 1, argv + (argc > 0 ? argc : 1)) {}

  bool next() {
    if (position_ == rest_.size()) return false;
    name_ = rest_[position_++];
    value_.reset();
    const std::size_t equals = name_.find('=');
    if (name_.starts_with("--") && equals != std::string::npos) {
      value_ = name_.substr(equals + 1);
      name_.erase(equals);
    }
    return true;
  }

  const std::string &name() const { return name_; }

  std::string value() {
    if (value_) return *value_;
    if (position_ == rest_.size()) throw usage_error(name_ + " needs a value");
    return rest_[position_++];
  }

  void no_value() const {
    if (value_) throw usage_error(name_ + " takes no value");
  }

private:
  std::vector<std::string> rest_;
  std::size_t position_ = 0;
  std::string name_;
  std::optional<std::string> value_;
};

} // namespace

options read_options(int argc, char **argv) {
  options result;
  std::optional<double> timeout;
  bool urls_only = false; // after "--"
  arguments arguments(argc, argv);
  while (arguments.next()) {
    const std::string &name = arguments.name();
    if (urls_only || !name.starts_with('-')) {
      result.urls.push_back(name);
      result.demo = false;
    } else if (name == "--") {
      urls_only = true;
    } else if (name == "-f" || name == "--file") {
      read_file(arguments.value(), result.urls);
      result.demo = false;
    } else if (name == "--workers") {
      result.workers = read_number<unsigned>(name, arguments.value(), 1, 1024);
    } else if (name == "--timeout") {
      timeout = read_number<double>(name, arguments.value(), 0.001, 3600);
    } else if (name == "--no-progress") {
      arguments.no_value();
      result.show_progress = progress::off;
    } else if (name == "--fail") {
      arguments.no_value();
      result.success = verdict::every_url_fine;
    } else if (name == "-h" || name == "--help") {
      throw help_requested{};
    } else {
      throw usage_error("unknown option " + name);
    }
  }
  if (!result.demo && result.urls.empty()) throw usage_error("there is no URL to check");
  const double seconds = timeout.value_or(result.demo ? 1 : 5);
  result.timeout = std::chrono::nanoseconds(std::llround(seconds * 1e9));
  return result;
}

} // namespace url_checker
