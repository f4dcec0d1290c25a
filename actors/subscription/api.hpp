// One operation of the API from its token to its answer, as a task: what is repeated, what is given up, and
// what is said about it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "actors/subscription/outside.hpp"
#include "actors/subscription/patience.hpp"
#include "actors/subscription/settings.hpp"
#include "actors/subscription/task.hpp"
#include "messages/result.hpp"
#include "net/oauth2/token_cache.hpp"

namespace sluice::subscription {

/// Where subscriptions are.
inline constexpr const char* collection = "/api/v2/eventbridge/subscriptions";

struct request {
  net::http::method method;
  std::string target;
  std::string body;

  // No aggregate: g++ 12 copies the bytes of one that is made within what is awaited.
  request(net::http::method verb, std::string where, std::string text = {})
      : method(verb), target(std::move(where)), body(std::move(text)) {}
};

/// Why there is no success.
struct call_failure {
  error why;                  ///< says what to do about it; the place is method and URL
  int status = 0;             ///< of the API's answer, 0: there was none
  bool perhaps_done = false;  ///< it may have been carried out
};
template <class T>
using called = tl::expected<T, call_failure>;

/// A failure that is none of the API's answers.
inline tl::unexpected<call_failure> call_fails(errc code, std::string detail, std::string place = {}) {
  return tl::unexpected(call_failure{{code, std::move(detail), std::move(place)}, 0, false});
}

/// The API as one client sees it. One call at a time. Outlives its tasks; what it is given outlives it.
class api {
 public:
  api(outside& through, net::oauth2::token_cache& tokens, hosts at)
      : out_(through), tokens_(tokens), at_(std::move(at)) {}

  /// Answered with 2xx. A 401 is met with a new token, once; 429, 5xx and faults of the network with
  /// patience; a POST is not repeated when it may have been carried out.
  task<called<net::http::reply>> call(request what);

  /// What `call` sends, whatever the token is.
  static net::http::outgoing outgoing_of(const request& what);

 private:
  task<called<std::string>> token();
  call_failure explain(const request& what, const net::http::attempt& ended) const;
  std::optional<std::chrono::nanoseconds> wait_after(patience& p, const net::http::attempt& ended);

  outside& out_;
  net::oauth2::token_cache& tokens_;
  hosts at_;
};

}  // namespace sluice::subscription
