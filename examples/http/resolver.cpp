// A lookup is a promise, which a task of the pool completes. A waiter may abandon it by cancelling its future. The task
// then finds the promise cancelled.
#include "resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

namespace examples {
namespace {

namespace ip = boost::asio::ip;
using addresses = name_resolver::addresses;

constexpr std::uint32_t most_lookups = 64; // at once, with the abandoned ones

ip::address to_address(const sockaddr *address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return ip::address_v6(bytes, v6.sin6_scope_id);
}

// What a lookup ends with: addresses, or the reason why there are none. The reason is a value and not an exception,
// because it goes to another thread.
struct lookup {
  addresses found;
  std::string reason;
};

// May block for as long as the system takes.
lookup ask_system(const std::string &host) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error == EAI_NONAME) return {{}, "unknown host"};
  if (error != 0) return {{}, std::string("name lookup failed: ") + gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  lookup result;
  for (const addrinfo *each = list; each != nullptr; each = each->ai_next)
    if (each->ai_family == AF_INET || each->ai_family == AF_INET6) result.found.push_back(to_address(each->ai_addr));
  if (result.found.empty()) result.reason = "unknown host";
  return result;
}

} // namespace

// Not a weft::executor: its destructor would wait for abandoned lookups. To drop the last reference does not wait.
name_resolver::name_resolver() {
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  options.name_prefix = "resolver";
  options.max_workers = most_lookups;
  options.daemon = WEFT_DAEMON_YES;
  weft_executor_t *pool = nullptr;
  if (const weft_status status = weft_executor_create(nullptr, &options, &pool); status != WEFT_OK)
    weft::throw_status(status);
  pool_ = weft::executor_ref::adopt(pool);
}

addresses name_resolver::resolve(const std::string &host, std::chrono::steady_clock::time_point deadline,
                                 const std::stop_token &stop) const {
  boost::system::error_code not_numeric;
  const ip::address numeric = ip::make_address(host, not_numeric);
  if (!not_numeric) return {numeric};

  weft::promise<lookup> promise;
  const weft::future<lookup> future = promise.get_future();
  pool_.post([host, promise = std::move(promise)] {
    if (promise.get_future().cancelled()) return; // abandoned before it began
    try {
      promise.set_value(ask_system(host));
    } catch (const weft::cancelled &) { // abandoned meanwhile
    }
  });

  const std::stop_callback give_up(stop, [&future] { future.cancel(); });
  if (!future.wait(deadline - std::chrono::steady_clock::now())) future.cancel();
  if (future.cancelled())
    throw lookup_failure(stop.stop_requested() ? "interrupted" : "timed out while looking up the host");
  const lookup answer = future.take();
  if (answer.found.empty()) throw lookup_failure(answer.reason);
  return answer.found;
}

} // namespace examples
