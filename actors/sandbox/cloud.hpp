// The emulated Genesys Cloud without its sockets: the token endpoint, the subscription API, and the faults
// that were asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "actors/sandbox/dice.hpp"
#include "actors/sandbox/fault_plan.hpp"
#include "actors/sandbox/json.hpp"
#include "actors/sandbox/subscription_store.hpp"
#include "actors/sandbox/time.hpp"
#include "actors/sandbox/token_issuer.hpp"
#include "net/http/method.hpp"
#include "net/http/server.hpp"

namespace sluice::sandbox {

inline constexpr std::string_view token_path = "/oauth/token";
inline constexpr std::string_view subscriptions_path = "/api/v2/eventbridge/subscriptions";
inline constexpr std::string_view read_scope = "eventbridge:subscriptions:read";
inline constexpr std::string_view write_scope = "eventbridge:subscriptions:write";

struct cloud_options {
  std::vector<oauth_client> clients;
  std::chrono::seconds token_lifetime{86'400};
  std::size_t rate_limit = 0;  ///< API calls a minute and token; 0: no limit
  bool refuses_put = false;    ///< PUT is 405
  std::uint64_t seed = 1;
  wall_clock clock{std::chrono::milliseconds(0)};
};

/// A request to it.
struct call {
  net::http::method verb = net::http::method::other;
  std::string_view target;
  std::string_view authorization;
  std::string_view content_type;
  std::string_view body;

  std::string_view path() const noexcept { return target.substr(0, target.find('?')); }
  std::string_view query() const noexcept {
    return target.size() > path().size() ? target.substr(path().size() + 1) : std::string_view();
  }
};

/// What comes back: the answer, `delay` later; or, when it is lost, the end of the connection.
struct outcome {
  net::http::response answer;
  std::chrono::milliseconds delay{0};
  bool lost = false;
};

/// Pure, not thread-safe.
class cloud {
 public:
  explicit cloud(cloud_options options);

  /// Whether the path is one of the login or of the API host.
  static bool serves(std::string_view path) noexcept;
  outcome take(const call& what, instant now);

  subscription_store& subscriptions() noexcept { return subscriptions_; }
  fault_plan& faults() noexcept { return faults_; }
  /// Subscriptions, calls by method, path and status, tokens, faults that wait.
  json state() const;

 private:
  using response = net::http::response;

  response spoilt(const fault& by, const call& what);
  response token(const call& what, instant now);
  response api(const call& what, instant now);
  response permitted(const call& what, const grant& who, instant now);
  response list(const call& what);
  response create(const call& what, instant now);
  response item(const call& what, std::string_view id);
  response replace(const call& what, const subscription& old);
  response refused(int status, std::string_view code, std::string_view message,
                   json parameters = json::object());

  cloud_options options_;
  dice random_;
  token_issuer tokens_;
  subscription_store subscriptions_;
  fault_plan faults_;
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> calls_;  // paths without ids: few
};

}  // namespace sluice::sandbox
