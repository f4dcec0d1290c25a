// One access token for however many ask: OAuth 2.0 client credentials (RFC 6749 section 4.4). Decides when to
// fetch, when to wait, when to use what there is.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "messages/result.hpp"
#include "net/http/client.hpp"
#include "net/oauth2/credentials.hpp"
#include "net/oauth2/redactor.hpp"

namespace sluice::net::oauth2 {

/// `answer 503: the first bytes of the body`, without secrets.
std::string describe_answer(const http::reply& answer, const redactor& secrets);

struct token_options {
  credentials who;
  std::string target = "/oauth/token";  ///< at the login host
  std::string keys = "genesys.";        ///< where the credentials stand in the configuration, for errors
  /// What is said of an answer that no rule of OAuth explains.
  std::function<std::string(const http::reply&, const redactor& secrets)> describe = describe_answer;
};

/// Pure, not thread-safe. Times are monotonic since any fixed epoch. Holds the token in memory only.
class token_cache {
 public:
  /// A token is renewed this long before its end, or at half its life where it lives less than twice as long.
  static constexpr std::chrono::nanoseconds margin = std::chrono::minutes(5);
  /// After a renewal that failed the token is used as it is for so long before the next.
  static constexpr std::chrono::nanoseconds renewal_pause = std::chrono::seconds(30);

  enum class advice : std::uint8_t {
    use,    ///< `token()`
    fetch,  ///< send `request()`, then tell `fetched`; nobody else is told so meanwhile
    wait,   ///< somebody is fetching, and there is none to use: ask again after that
  };

  explicit token_cache(token_options options);

  advice ask(std::chrono::nanoseconds now);
  const std::string& token() const noexcept { return token_; }
  bool has_token(std::chrono::nanoseconds now) const noexcept { return !token_.empty() && now < ends_at_; }
  http::outgoing request() const;

  /// The fetch ended, for good or ill. A failure leaves a token that is not over yet in use. The error says
  /// what is wrong with the credentials where the answer says so, and never holds the secret.
  result<void> fetched(const http::attempt& how, std::chrono::nanoseconds now);

  /// The API answered 401 to it. One that was replaced meanwhile is not dropped.
  void refused(std::string_view token);

  /// Fetches so far.
  std::uint64_t requests() const noexcept { return requests_; }
  /// Where credentials stand in the configuration: `genesys.client_id`.
  std::string key(std::string_view name) const { return options_.keys + std::string(name); }
  /// The secret, and the two newest tokens: a peer may repeat them in what it says.
  redactor secrets() const;

 private:
  result<void> taken(std::string_view body);
  error explain(const http::reply& answer) const;

  token_options options_;
  redactor credentials_;
  std::string token_;         // empty: none
  std::string newest_token_, previous_token_;  // also when they are none any more
  std::chrono::nanoseconds renew_at_{}, ends_at_{};
  std::optional<std::chrono::nanoseconds> fetching_since_;
  std::uint64_t requests_ = 0;
};

}  // namespace sluice::net::oauth2
