// What a handler of the admin API is given, and what it gives back: plain values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/server.hpp"

namespace sluice::node::admin {

/// Most bytes of a request's body.
inline constexpr std::size_t body_bytes_max = 64 * 1024;

struct request {
  std::vector<std::string> names;  ///< what stands in the path where its pattern has `{…}`, decoded
  std::vector<std::pair<std::string, std::string>> query;  ///< `name=value`, decoded, in their order
  std::string_view body;                                   ///< lives as long as the call
  std::string who;                                         ///< asks, for the audit: an address, maybe a token

  /// The first one of that name.
  std::optional<std::string_view> parameter(std::string_view name) const {
    for (const auto& [known, value] : query)
      if (known == name) return value;
    return std::nullopt;
  }
};

/// Gives the answer, once, from any thread. Dropped without a call it answers 503.
using respond = std::function<void(net::http::response)>;

/// Runs on an io thread and must not block: what takes time goes elsewhere and takes `respond` along.
using handler = std::function<void(const request&, respond)>;

/// A handler that knows its answer at once.
template <class Function>
handler at_once(Function answer) {
  return [answer = std::move(answer)](const request& what, const respond& to) { to(answer(what)); };
}

/// What a handler says whose stage is not there: the log is being recovered, or the node is going away.
inline net::http::response not_ready() {
  auto r = net::http::problem(503, "not ready", "the node is starting or stopping");
  r.fields.emplace_back("Retry-After", "1");
  return r;
}

}  // namespace sluice::node::admin
