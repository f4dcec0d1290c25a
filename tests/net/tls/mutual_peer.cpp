#include "tests/net/tls/mutual_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace sluice::net::tls::testing_support {

struct mutual_peer::state {
  SSL_CTX* ctx = nullptr;
  int listener = -1;
  std::uint16_t port = 0;
  std::thread thread;
  mutable std::mutex guard;
  std::vector<std::string> names;

  void serve(int socket) {
    const timeval patience{20, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL* const ssl = SSL_new(ctx);
    SSL_set_fd(ssl, socket);
    if (SSL_accept(ssl) == 1) {
      std::array<char, 256> name{};
      X509* const shown = SSL_get1_peer_certificate(ssl);
      X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name.data(), name.size());
      X509_free(shown);
      {
        const std::lock_guard held(guard);
        names.emplace_back(name.data());
      }
      std::string came;
      std::array<char, 4096> piece{};
      for (int n = 0;
           came.find("\r\n\r\n") == came.npos && (n = SSL_read(ssl, piece.data(), piece.size())) > 0;)
        came.append(piece.data(), static_cast<std::size_t>(n));
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    ::close(socket);
  }
};

mutual_peer::mutual_peer(const mutual_peer_files& files) : state_(std::make_unique<state>()) {
  state_->ctx = SSL_CTX_new(TLS_server_method());
  const bool ready = SSL_CTX_use_certificate_chain_file(state_->ctx, files.certificate.c_str()) == 1 &&
                     SSL_CTX_use_PrivateKey_file(state_->ctx, files.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
                     SSL_CTX_load_verify_file(state_->ctx, files.clients.c_str()) == 1;
  if (!ready) throw std::runtime_error("a file of the peer is no good");
  SSL_CTX_set_verify(state_->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(state_->listener, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      ::listen(state_->listener, 8) != 0 ||
      ::getsockname(state_->listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("the peer cannot listen");
  state_->port = ntohs(at.sin_port);
  state_->thread = std::thread([s = state_.get()] {
    for (int socket = -1; (socket = ::accept(s->listener, nullptr, nullptr)) >= 0;) s->serve(socket);
  });
}

mutual_peer::~mutual_peer() {
  ::shutdown(state_->listener, SHUT_RDWR);
  state_->thread.join();
  ::close(state_->listener);
  SSL_CTX_free(state_->ctx);
}

std::uint16_t mutual_peer::port() const noexcept { return state_->port; }

std::vector<std::string> mutual_peer::names() const {
  const std::lock_guard held(state_->guard);
  return state_->names;
}

}  // namespace sluice::net::tls::testing_support
