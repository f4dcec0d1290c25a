// What a TLS listener or a TLS client needs to know before its first connection. OpenSSL stays behind it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "messages/result.hpp"

namespace sluice::net::tls {

/// A certificate with its key, ready to serve: TLS 1.2 and 1.3, HTTP/1.1, session tickets (a sender that
/// comes with a new connection for every event resumes). Shared by all threads; immutable once made.
class server_context {
 public:
  /// Reads a PEM chain (leaf first) and its PEM key, which others than owner and group must not reach. Errors
  /// name the file and what is wrong with it.
  static result<std::shared_ptr<const server_context>> load(const std::string& certificate_file,
                                                            const std::string& key_file);
  ~server_context();
  server_context(const server_context&) = delete;
  server_context& operator=(const server_context&) = delete;

  struct impl;
  const impl& get() const noexcept { return *impl_; }

 private:
  explicit server_context(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

/// A PEM chain (leaf first) and its PEM key, which others than owner and group must not reach.
struct certificate_files {
  std::string certificate;
  std::string key;
};

/// Whom a client believes: the system's authorities and those of `authority_files`. TLS 1.2 and 1.3; the
/// peer's name or address is always verified. Shared by all threads; immutable once made.
class client_context {
 public:
  /// `own`: the certificate for peers that ask for one; empty: none. Errors name the file and what is wrong
  /// with it.
  static result<std::shared_ptr<const client_context>> make(const std::vector<std::string>& authority_files,
                                                            const certificate_files& own = {});
  ~client_context();
  client_context(const client_context&) = delete;
  client_context& operator=(const client_context&) = delete;

  struct impl;
  const impl& get() const noexcept { return *impl_; }

 private:
  explicit client_context(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::net::tls
