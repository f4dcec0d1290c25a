// Identity of events: hashes keyed with a secret of the log, so that no sender can construct two events that
// the node takes for one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "messages/event.hpp"

namespace sluice::decode {

/// Hashes (XXH3 with a secret) under one key. The same key gives the same hashes on every machine and in
/// every version: they are stored. Immutable; any thread.
class identity_key {
 public:
  static constexpr std::size_t secret_bytes = 192;
  using secret = std::array<std::byte, secret_bytes>;

  /// `random` are bytes drawn once, at the log's first start.
  explicit identity_key(const secret& random) : secret_(random) {}

  /// Of a valid event: at most source_bytes_max and id_bytes_max bytes, unescaped. ("a", "bc") differs from
  /// ("ab", "c").
  hash128 event_identity(std::string_view source, std::string_view id) const noexcept;

  /// Of a quarantined event: its bytes as they came. Never meant to equal an `event_identity`.
  hash128 bytes_identity(std::string_view slice) const noexcept;

  /// Of an id alone, for look-ups.
  std::uint64_t id_hash(std::string_view id) const noexcept;

 private:
  secret secret_;
};

}  // namespace sluice::decode
