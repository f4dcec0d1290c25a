// A blocking TLS server made of OpenSSL alone that asks for the client's certificate.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::net::tls::testing_support {

struct mutual_peer_files {
  std::string certificate, key;  ///< its own
  std::string clients;           ///< the authority that clients' certificates must be of
};

/// On 127.0.0.1, a connection at a time, each for one request, answered 200. Ends with its destruction.
class mutual_peer {
 public:
  explicit mutual_peer(const mutual_peer_files& files);
  ~mutual_peer();
  mutual_peer(const mutual_peer&) = delete;
  mutual_peer& operator=(const mutual_peer&) = delete;

  std::uint16_t port() const noexcept;
  /// Of each connection that was believed: the common name that the client's certificate has.
  std::vector<std::string> names() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sluice::net::tls::testing_support
