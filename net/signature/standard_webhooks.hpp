// Signatures of Standard Webhooks 1.0 (standardwebhooks.com): who has the secret can tell that a request was
// made by who has it too, when, and that nobody changed it. OpenSSL stays behind it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace sluice::net::signature {

/// The key of both ends.
class secret {
 public:
  static constexpr std::string_view prefix = "whsec_";
  static constexpr std::size_t key_bytes_min = 24, key_bytes_max = 64;     ///< behind the prefix, decoded
  static constexpr std::size_t text_bytes_min = 16, text_bytes_max = 256;  ///< of any other text

  /// `whsec_` and base64 of the key, or a text which is the key itself. Errors do not quote it.
  static result<secret> parse(std::string_view text);

  std::string_view key() const noexcept { return key_; }

 private:
  explicit secret(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

/// The value of `webhook-signature`: `v1,` and base64 of the HMAC-SHA256 over `id.timestamp.body`, one for
/// each secret, separated by spaces, so that a receiver which knows one of them is content while secrets
/// change. `id` has no full stop; `timestamp` is Unix seconds, as `webhook-timestamp` says it.
std::string sign(std::span<const secret> secrets, std::string_view id, std::int64_t timestamp,
                 std::string_view body);

/// Whether one of `signatures` (the value of `webhook-signature`, of which at most 4 KiB are looked at) is
/// what `with` makes of the id, the time and the body. How old the time may be is the caller's to say. Takes
/// the same time for any wrong signature.
bool is_signed(const secret& with, std::string_view id, std::int64_t timestamp, std::string_view body,
               std::string_view signatures);

}  // namespace sluice::net::signature
