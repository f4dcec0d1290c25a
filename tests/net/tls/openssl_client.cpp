#include "tests/net/tls/openssl_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace sluice::net::tls::testing_support {

struct openssl_client::state {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  int socket = -1;
  bool shook_hands = false;
  std::string unread;

  ~state() {
    SSL_free(ssl);
    SSL_CTX_free(context);
    if (socket >= 0) ::close(socket);
  }
  bool fill() {
    char some[16384];
    const int came = SSL_read(ssl, some, sizeof some);
    if (came <= 0) return false;
    unread.append(some, static_cast<std::size_t>(came));
    return true;
  }
};

openssl_client::openssl_client(std::uint16_t port, const client_wish& wish)
    : state_(std::make_unique<state>()) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own writes raise it
  state& s = *state_;
  s.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval deadline{20, 0};
  ::setsockopt(s.socket, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  ::setsockopt(s.socket, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(s.socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  s.context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(s.context, 0);  // old versions are offered where a test wants them
  if (wish.version_min != 0) SSL_CTX_set_min_proto_version(s.context, wish.version_min);
  if (wish.version_max != 0) SSL_CTX_set_max_proto_version(s.context, wish.version_max);
  if (!wish.authority.empty()) {
    BIO* const from = BIO_new_mem_buf(wish.authority.data(), static_cast<int>(wish.authority.size()));
    X509* const certificate = PEM_read_bio_X509(from, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(s.context), certificate);
    X509_free(certificate);
    BIO_free(from);
    SSL_CTX_set_verify(s.context, SSL_VERIFY_PEER, nullptr);
  }
  s.ssl = SSL_new(s.context);
  if (!wish.expected_host.empty()) SSL_set1_host(s.ssl, wish.expected_host.c_str());
  if (!wish.session.empty()) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(wish.session.data());
    SSL_SESSION* const session = d2i_SSL_SESSION(nullptr, &bytes, static_cast<long>(wish.session.size()));
    SSL_set_session(s.ssl, session);
    SSL_SESSION_free(session);
  }
  SSL_set_fd(s.ssl, s.socket);
  s.shook_hands = SSL_connect(s.ssl) == 1;
  ERR_clear_error();
}

openssl_client::~openssl_client() = default;

bool openssl_client::shook_hands() const noexcept { return state_->shook_hands; }
bool openssl_client::resumed() const { return SSL_session_reused(state_->ssl) == 1; }
std::string openssl_client::version() const { return SSL_get_version(state_->ssl); }

void openssl_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const int taken = SSL_write(state_->ssl, bytes.data(), static_cast<int>(bytes.size()));
    if (taken <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

std::string openssl_client::receive(std::size_t bytes) {
  while (state_->unread.size() < bytes && state_->fill()) {
  }
  std::string got = state_->unread.substr(0, bytes);
  state_->unread.erase(0, bytes);
  return got;
}

std::string openssl_client::receive_answer() {
  std::size_t end;
  while ((end = state_->unread.find("\r\n\r\n")) == std::string::npos)
    if (!state_->fill()) return {};
  std::size_t length = 0;
  const auto field = state_->unread.find("\r\nContent-Length: ");
  if (field < end) length = std::stoul(state_->unread.substr(field + 18));
  return receive(end + 4 + length);
}

std::string openssl_client::save_session() const {
  SSL_SESSION* const session = SSL_get1_session(state_->ssl);
  if (session == nullptr) return {};
  unsigned char* bytes = nullptr;
  const int size = i2d_SSL_SESSION(session, &bytes);
  std::string text(reinterpret_cast<const char*>(bytes), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(bytes);
  SSL_SESSION_free(session);
  return text;
}

void openssl_client::say_goodbye() { SSL_shutdown(state_->ssl); }

void openssl_client::hang_up() {
  ::close(state_->socket);
  state_->socket = -1;
}

}  // namespace sluice::net::tls::testing_support
