// The login host: hands out bearer tokens for client credentials and knows later whose they are.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/sandbox/dice.hpp"
#include "actors/sandbox/time.hpp"
#include "net/http/server.hpp"

namespace sluice::sandbox {

/// Who may ask for tokens.
struct oauth_client {
  std::string id;
  std::string secret;
  std::vector<std::string> scopes;
};

/// What a token stands for.
struct grant {
  std::string client_id;
  std::vector<std::string> scopes;
  instant ends{};             ///< not good from then on
  instant minute_begins{};    ///< of the rate limit's window
  std::size_t in_minute = 0;  ///< calls in it
  bool may(std::string_view scope) const;
};

struct token_counts {
  std::uint64_t requests = 0, issued = 0, refused = 0;
};

/// Client credentials grant (RFC 6749 section 4.4) with the errors of Genesys Cloud. Pure, not thread-safe.
/// At most `tokens_max` tokens are good at a time: the one that ends first gives way.
class token_issuer {
 public:
  static constexpr std::size_t tokens_max = 1000;

  /// `lifetime` >= 1 s.
  token_issuer(std::vector<oauth_client> clients, std::chrono::seconds lifetime);

  /// Answers `POST /oauth/token`.
  net::http::response issue(std::string_view authorization, std::string_view content_type,
                            std::string_view body, instant now, dice& random);

  /// Of an `Authorization: Bearer …` field; null when it names no token that is good now. Good until the next
  /// call of any member.
  grant* find(std::string_view authorization, instant now);

  const token_counts& counts() const noexcept { return counts_; }

 private:
  const oauth_client* authenticated(std::string_view authorization) const;
  void make_room(instant now);

  std::vector<oauth_client> clients_;
  std::chrono::seconds lifetime_;
  std::map<std::string, grant, std::less<>> grants_;
  token_counts counts_;
};

}  // namespace sluice::sandbox
