// One access token for however many ask: OAuth 2.0 client credentials (RFC 6749 section 4.4). Decides when to
// fetch, when to wait, when to use what there is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/subscription/redactor.hpp"
#include "actors/subscription/settings.hpp"
#include "messages/result.hpp"
#include "net/http/client.hpp"

namespace sluice::subscription {

struct token_options {
  credentials who;
  std::string target = "/oauth/token";  ///< at the login host
  std::string keys = "genesys.";        ///< where the credentials stand in the configuration, for errors
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
  net::http::outgoing request() const;

  /// The fetch ended, for good or ill. A failure leaves a token that is not over yet in use. The error says
  /// what is wrong with the credentials where the answer says so, and never holds the secret.
  result<void> fetched(const net::http::attempt& how, std::chrono::nanoseconds now);

  /// The API answered 401 to it. One that was replaced meanwhile is not dropped.
  void refused(std::string_view token);

  /// Fetches so far.
  std::uint64_t requests() const noexcept { return requests_; }
  /// Where credentials stand in the configuration: `genesys.client_id`.
  std::string key(std::string_view name) const { return options_.keys + std::string(name); }
  /// The secret, and the newest tokens: a peer may repeat them in what it says.
  redactor secrets() const;

 private:
  result<void> taken(std::string_view body);
  error explain(const net::http::reply& answer) const;

  token_options options_;
  redactor credentials_;
  std::string token_;         // empty: none
  std::string newest_token_;  // also when it is none any more
  std::chrono::nanoseconds renew_at_{}, ends_at_{};
  std::optional<std::chrono::nanoseconds> fetching_since_;
  std::uint64_t requests_ = 0;
};

}  // namespace sluice::subscription
