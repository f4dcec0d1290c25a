// The descriptor is read and written by a BIO of ours: OpenSSL's own writes raise SIGPIPE.
#include "net/tls/engine.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "net/tls/context_impl.hpp"

namespace sluice::net::tls {
namespace {

using error_code = boost::system::error_code;

constexpr std::size_t record_bytes_max = 16 * 1024;  // RFC 8446 section 5.1

int descriptor_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

bool is_later(int sys) { return sys == EAGAIN || sys == EWOULDBLOCK || sys == EINTR; }

int bio_write(BIO* bio, const char* from, std::size_t bytes, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(descriptor_of(bio), from, bytes, MSG_NOSIGNAL);
  if (n < 0 && is_later(errno)) BIO_set_retry_write(bio);
  *written = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

int bio_read(BIO* bio, char* into, std::size_t bytes, std::size_t* read) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(descriptor_of(bio), into, bytes, 0);
  if (n < 0 && is_later(errno)) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *read = n > 0 ? static_cast<std::size_t>(n) : 0;
  return n > 0 ? 1 : 0;
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* descriptor_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "descriptor");
    if (made == nullptr) return made;
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

using ssl_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;

ssl_ptr attach(SSL_CTX* ctx, int descriptor) {
  ERR_clear_error();
  ssl_ptr ssl(SSL_new(ctx));
  if (!ssl || descriptor_method() == nullptr) return nullptr;
  BIO* const bio = BIO_new(descriptor_method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  return ssl;
}

/// Names are verified and sent (RFC 6066 section 3); addresses are only verified, for SNI has no form for
/// them.
bool expect_peer(SSL* ssl, const std::string& host) {
  error_code not_numeric;
  const auto address = boost::asio::ip::make_address(host, not_numeric);
  if (!not_numeric)
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address.to_string().c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

struct engine::state {
  ssl_ptr ssl;
};

engine::engine(std::unique_ptr<state> s) : state_(std::move(s)) {}
engine::~engine() = default;

std::unique_ptr<engine> engine::serve(const server_context& as, int descriptor) {
  auto made = std::make_unique<state>(state{attach(as.get().ctx.get(), descriptor)});
  if (!made->ssl) return nullptr;
  SSL_set_accept_state(made->ssl.get());
  return std::unique_ptr<engine>(new engine(std::move(made)));
}

std::unique_ptr<engine> engine::call(const client_context& as, int descriptor, const std::string& host) {
  auto made = std::make_unique<state>(state{attach(as.get().ctx.get(), descriptor)});
  if (!made->ssl || !expect_peer(made->ssl.get(), host)) return nullptr;
  SSL_set_connect_state(made->ssl.get());
  return std::unique_ptr<engine>(new engine(std::move(made)));
}

engine::made engine::outcome(int returned) noexcept {
  const int sys = errno;
  switch (SSL_get_error(state_->ssl.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return {.next = wants::to_read};
    case SSL_ERROR_WANT_WRITE:
      return {.next = wants::to_write};
    case SSL_ERROR_ZERO_RETURN:
      return {.ec = boost::asio::error::eof};
    case SSL_ERROR_SYSCALL:
      failed_ = true;
      ERR_clear_error();
      return {.ec = sys == 0 ? error_code(boost::asio::error::eof)
                             : error_code(sys, boost::system::system_category())};
    default:
      break;
  }
  failed_ = true;
  const long verified = SSL_get_verify_result(state_->ssl.get());
  distrusted_ = verified != X509_V_OK;
  why_ = take_reason("the TLS protocol was broken");
  if (distrusted_) why_.append(" (").append(X509_verify_cert_error_string(verified)).append(")");
  return {.ec = boost::system::errc::make_error_code(boost::system::errc::protocol_error)};
}

engine::made engine::handshake() noexcept {
  ERR_clear_error();
  errno = 0;
  const int returned = SSL_do_handshake(state_->ssl.get());
  return returned == 1 ? made{} : outcome(returned);
}

engine::made engine::read(void* into, std::size_t bytes) noexcept {
  if (bytes == 0) return {};
  ERR_clear_error();
  errno = 0;
  std::size_t got = 0;
  const int returned = SSL_read_ex(state_->ssl.get(), into, bytes, &got);
  return returned == 1 ? made{.bytes = got} : outcome(returned);
}

engine::made engine::write(const void* first, std::size_t first_bytes, const void* second,
                           std::size_t second_bytes) noexcept {
  char together[record_bytes_max];
  if (first_bytes == 0) {
    first = second;
    first_bytes = second_bytes;
  } else if (second_bytes > 0 && first_bytes < record_bytes_max) {
    const std::size_t more = std::min(second_bytes, record_bytes_max - first_bytes);
    std::memcpy(together, first, first_bytes);
    std::memcpy(together + first_bytes, second, more);
    first = together;
    first_bytes += more;
  }
  if (first_bytes == 0) return {};
  ERR_clear_error();
  errno = 0;
  std::size_t taken = 0;
  const int returned = SSL_write_ex(state_->ssl.get(), first, first_bytes, &taken);
  return returned == 1 ? made{.bytes = taken} : outcome(returned);
}

void engine::say_goodbye() noexcept {
  if (failed_ || !SSL_is_init_finished(state_->ssl.get())) return;
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

}  // namespace sluice::net::tls
