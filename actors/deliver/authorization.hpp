// How requests prove who sends them where that is not fixed text: OAuth 2.0 tokens, asked for when they are
// needed. And what keeps a peer from repeating a secret to us, and thereby to whoever reads our reasons.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/deliver/sender.hpp"
#include "messages/result.hpp"
#include "net/oauth2/token_cache.hpp"

namespace sluice::deliver {

/// The access token of one destination, for all its lanes. Thread-safe. One request for a token is under way
/// at most; whoever needs it meanwhile waits for its end, which `fetch` bounds.
class token_source : public std::enable_shared_from_this<token_source> {
 public:
  struct options {
    net::oauth2::token_options tokens;
    sender fetch;  ///< to the host that gives tokens
    std::function<std::chrono::nanoseconds()> now = [] {
      return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch());
    };
  };
  static std::shared_ptr<token_source> make(options from);

  /// `done` is called once: at once when there is a token, else when the fetch has ended, with why there is
  /// none. A source that goes calls nobody any more.
  void ask(std::function<void(const result<std::string>& token)> done);

  /// The destination answered 401 to it: the next one who asks gets another.
  void refused(const std::string& token);

  /// See net::oauth2::token_cache.
  net::oauth2::redactor secrets() const;

 private:
  explicit token_source(options from);
  void fetched(const net::http::attempt& how);

  const options options_;
  mutable std::mutex mutex_;
  net::oauth2::token_cache cache_;
  std::vector<std::function<void(const result<std::string>&)>> waiting_;  // a lane has one request: its bound
};

/// Sends with a token of `from`. Without a token the attempt fails, not sent: the endpoint's failure, not the
/// event's. Answers are cleaned of the source's secrets, and of the token that was sent, as `discreet` does.
sender authorized(sender to, std::shared_ptr<token_source> from);

/// Takes `secrets` out of every answer that is not 2xx: its first bytes become reasons that people read.
sender discreet(sender to, net::oauth2::redactor secrets);

}  // namespace sluice::deliver
