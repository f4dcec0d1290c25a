// The admin API as the gateway sees it: refuses on the head, hands the rest to the handler of its path.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/node/admin/guard.hpp"
#include "actors/node/admin/routes.hpp"

namespace sluice::node::admin {

/// Fields of a request's head that `api::handle` looks at, for server_options::keep.
inline const std::vector<std::string> kept_fields{"authorization"};

/// Filled before the first request; then immutable and thread-safe.
class api {
 public:
  static constexpr std::string_view prefix = "/api/v1/";

  explicit api(guard who_may) : guard_(std::move(who_may)) {}

  route_table& routes() noexcept { return routes_; }
  const guard& who_may() const noexcept { return guard_; }

  static bool serves(std::string_view path) noexcept { return path.starts_with(prefix); }
  std::unique_ptr<net::http::response> refuse(const net::http::head_view& head) const;
  void handle(net::http::request&& what, net::http::exchange&& to) const;

 private:
  guard guard_;
  route_table routes_;
};

}  // namespace sluice::node::admin
