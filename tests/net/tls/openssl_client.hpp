// A blocking TLS client made of OpenSSL alone, so that nothing of what is tested stands on both sides.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::net::tls::testing_support {

/// How the client begins. TLS versions are OpenSSL's numbers; 0: any.
struct client_wish {
  std::string authority;      ///< PEM; empty: believes anybody
  std::string expected_host;  ///< empty: any
  int version_min = 0, version_max = 0;
  std::string session = {};  ///< of an earlier connection (`save_session`), to resume
};

/// No call waits longer than 20 s.
class openssl_client {
 public:
  openssl_client(std::uint16_t port, const client_wish& wish);
  ~openssl_client();
  openssl_client(const openssl_client&) = delete;
  openssl_client& operator=(const openssl_client&) = delete;

  bool shook_hands() const noexcept;
  bool resumed() const;
  std::string version() const;
  void send(std::string_view bytes);
  /// Up to `bytes` more; what came when the connection ended before.
  std::string receive(std::size_t bytes);
  /// A head and as much as its Content-Length says.
  std::string receive_answer();
  std::string save_session() const;
  void say_goodbye();  ///< close_notify
  void hang_up();      ///< without it

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sluice::net::tls::testing_support
