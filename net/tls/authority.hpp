// A certificate authority to throw away: for trying things out and for tests, never for anything that lasts.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "messages/result.hpp"

namespace sluice::net::tls {

/// A certificate and its key as PEM text. The key has no pass phrase.
struct issued {
  std::string certificate;
  std::string key;
};

/// What an issued certificate is good for.
struct certificate_wish {
  std::vector<std::string> names;        ///< DNS names and numeric addresses; the first is also the subject
  std::chrono::hours valid_from{-1};     ///< against now, so that clocks which differ a little agree
  std::chrono::hours valid_to{24 * 30};  ///< against now
  bool for_clients = false;              ///< a client's certificate instead of a server's
};

/// Signs with a key (EC P-256) that is made here and kept in memory. Not thread-safe.
class authority {
 public:
  /// errc::io when OpenSSL cannot make one.
  static result<authority> make(const std::string& common_name);
  /// One that was stored; errc::invalid_config with the file when either is not what it should be.
  static result<authority> load(const std::string& certificate_file, const std::string& key_file);
  authority(authority&&) noexcept;
  authority& operator=(authority&&) noexcept;
  ~authority();

  /// PEM text of the authority's own certificate: what peers have to believe.
  const std::string& certificate() const noexcept { return certificate_; }
  const std::string& key() const noexcept { return key_; }

  result<issued> issue(const certificate_wish& wish) const;

 private:
  struct impl;
  authority(std::unique_ptr<impl> i, std::string certificate, std::string key) noexcept;

  std::unique_ptr<impl> impl_;
  std::string certificate_, key_;
};

/// Writes PEM text, replacing what is there. `secret`: readable by the owner alone from its first byte on.
result<void> write_pem(const std::string& file, const std::string& text, bool secret);

}  // namespace sluice::net::tls
