// The part of RFC 3986 that a checker of http URLs needs. The host is taken unchanged: a name with non-ASCII letters
// must be given in its xn-- form. In the path such letters, and blanks, are percent-encoded.
#include "url.hpp"

#include <algorithm>
#include <charconv>

namespace examples {
namespace {

constexpr std::string_view digits = "0123456789ABCDEF";
constexpr std::size_t longest_url = 64 * 1024;
constexpr std::size_t longest_host = 253; // the bound of the domain name system

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char &c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// Length of "scheme" if text begins with "scheme:", else 0.
std::size_t scheme_length(std::string_view text) {
  if (text.empty() || !is_alpha(text[0])) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':') return i;
    if (!is_alpha(text[i]) && !is_digit(text[i]) && text[i] != '+' && text[i] != '-' && text[i] != '.') return 0;
  }
  return 0;
}

std::uint16_t parse_port(std::string_view text) {
  if (text.empty()) return 80; // "http://host:/" is allowed and means the usual port
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535)
    throw bad_url("malformed: the port is not a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

void check_host(std::string_view host) {
  if (host.empty()) throw bad_url("malformed: no host");
  if (host.size() > longest_host) throw bad_url("malformed: the host name is too long");
  for (const char c : host) {
    if (static_cast<unsigned char>(c) >= 0x80) throw bad_url("malformed: the host is not ASCII (use its xn-- form)");
    if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '.' && c != '_') throw bad_url("malformed: bad host name");
  }
}

void check_ipv6(std::string_view host) {
  if (host.empty() || host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
    throw bad_url("malformed: bad IPv6 address");
}

// "host", "host:port", "[ipv6]:port"
void parse_authority(std::string_view text, url &result) {
  if (text.find('@') != std::string_view::npos) throw bad_url("unsupported: a user name in the URL");
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) throw bad_url("malformed: a bracket is not closed");
    result.host = text.substr(1, end - 1);
    check_ipv6(result.host);
    text.remove_prefix(end + 1);
    if (!text.empty() && text[0] != ':') throw bad_url("malformed: something follows the IPv6 address");
    result.port = parse_port(text.empty() ? text : text.substr(1));
    return;
  }
  const std::size_t colon = text.find(':');
  result.host = lower(text.substr(0, colon));
  check_host(result.host);
  result.port = colon == std::string_view::npos ? std::uint16_t{80} : parse_port(text.substr(colon + 1));
}

// The fragment is for the reader of a page and is never sent. All bytes that could break the request line are encoded.
std::string encode_target(std::string_view text) {
  text = text.substr(0, text.find('#'));
  const bool no_path = text.empty() || text[0] != '/'; // "http://host?query"
  std::string result(no_path ? 1 : 0, '/');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '"' && c != '<' && c != '>') {
      result += c;
    } else {
      result += '%';
      result += digits[byte >> 4];
      result += digits[byte & 15];
    }
  }
  return result;
}

// "/a/b/../c/./d" -> "/a/c/d"
std::string remove_dots(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::size_t end = path.find('/', 1);
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(segment.size());
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") result.erase(std::min(result.find_last_of('/'), result.size()));
      if (path.empty()) result += '/';
    } else {
      result += segment;
    }
  }
  return result;
}

} // namespace

std::string url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == 80 ? name : name + ":" + std::to_string(port);
}

url parse_url(std::string_view text) {
  if (text.empty()) throw bad_url("malformed: empty");
  if (std::any_of(text.begin(), text.end(), is_control)) throw bad_url("malformed: a control character");
  if (text.size() > longest_url) throw bad_url("malformed: longer than 64 KiB");
  const std::size_t length = scheme_length(text);
  const bool port_follows = length + 1 < text.size() && is_digit(text[length + 1]); // "host:80/" has no scheme "host"
  if (length == 0 || port_follows) throw bad_url("malformed: no scheme (http:// is missing)");
  const std::string scheme = lower(text.substr(0, length));
  if (scheme != "http") throw bad_url("unsupported scheme: " + scheme);
  text.remove_prefix(length + 1);
  if (!text.starts_with("//")) throw bad_url("malformed: no // after the scheme");
  text.remove_prefix(2);

  url result;
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  parse_authority(text.substr(0, end), result);
  result.target = encode_target(text.substr(end));
  return result;
}

url resolve(const url &base, std::string_view reference) {
  if (std::any_of(reference.begin(), reference.end(), is_control)) throw bad_url("malformed: a control character");
  if (scheme_length(reference) != 0) return parse_url(reference);
  if (reference.starts_with("//")) return parse_url("http:" + std::string(reference));

  url result = base;
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  const std::size_t path_end = std::min(reference.find_first_of("?#"), reference.size());
  const std::string_view path = reference.substr(0, path_end), query = reference.substr(path_end);
  std::string merged;
  if (path.starts_with('/')) {
    merged = path;
  } else if (path.empty()) {
    merged = query.starts_with('?') ? base_path : std::string_view(base.target);
  } else {
    merged = std::string(base_path.substr(0, base_path.find_last_of('/') + 1)) + std::string(path);
  }
  result.target = encode_target((path.empty() ? merged : remove_dots(merged)) + std::string(query));
  return result;
}

} // namespace examples
