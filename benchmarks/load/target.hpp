// Where the load goes, and the one plain request beside the load: asking a node whether it is ready, and for
// its metrics.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "benchmarks/load/answer.hpp"
#include "messages/result.hpp"

namespace sluice::load {

/// A plain-text HTTP address.
struct target {
  std::string host;  ///< name or address, an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string path = "/v1/events";

  friend bool operator==(const target&, const target&) = default;
};

/// `http://host[:port][/path]`, the scheme may be missing; without a path, `/v1/events`. wrong_use for
/// anything else, https included.
result<target> parse_target(std::string_view url);

/// `http://host:port/path`
std::string to_string(const target& to);

/// What stands in a Host field: `host:port`, with brackets where needed.
std::string host_field(const target& to);

/// Opens a connection to the first address of the name that takes it; blocking, at most `limit` an address.
/// The socket is non-blocking afterwards, without Nagle's delay, and belongs to the caller. unreachable, with
/// the system's reason.
result<int> connect_to(const target& to, std::chrono::milliseconds limit);

/// GET of `path` over a connection of its own; blocking, at most about `limit`. Any status is an answer.
result<answer> get(const target& to, std::string_view path, std::chrono::milliseconds limit);

/// A port of 127.0.0.1 that was free a moment ago.
result<std::uint16_t> free_port();

}  // namespace sluice::load
