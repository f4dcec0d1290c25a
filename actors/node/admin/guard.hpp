// Who may use the admin listener: whoever shows a token, where there is one, and no page of another site that
// a browser of this machine has open.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/server.hpp"

namespace sluice::node::admin {

/// Immutable, thread-safe.
class guard {
 public:
  /// `tokens`: any of them opens; none: everybody may who reaches the listener, which is on loopback then.
  explicit guard(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  /// The refusal of a request, or null: 401 without a token; 403 for a name that is not this machine's (a
  /// page whose name was made to point here), unless a token is shown, and for a change that a page of
  /// another site asks for.
  std::unique_ptr<net::http::response> refuse(const net::http::head_view& head) const;
  /// The token's part of it alone.
  std::unique_ptr<net::http::response> refuse_stranger(const net::http::head_view& head) const;

  /// Who asks, for the audit: `127.0.0.1`, or `10.1.2.3 (token 1)` by the tokens' order.
  std::string who(std::string_view peer, std::string_view authorization) const;
  bool needs_token() const noexcept { return !tokens_.empty(); }

 private:
  /// Number of the token shown, from 1; 0: none of ours.
  std::size_t token_of(std::string_view authorization) const noexcept;
  std::vector<std::string> tokens_;
};

/// Whether the authority of a Host field can only mean this machine: localhost or a loopback address.
bool names_loopback(std::string_view authority) noexcept;

}  // namespace sluice::node::admin
