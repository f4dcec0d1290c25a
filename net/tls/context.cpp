#include "net/tls/context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "net/tls/context_impl.hpp"

namespace sluice::net::tls {
namespace {

constexpr unsigned char http11[] = "\x08http/1.1";
constexpr unsigned http11_bytes = sizeof http11 - 1;

/// HTTP/1.1 where the client offers it; a client that offers only other protocols is told so by getting none.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* in,
                    unsigned in_bytes, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_bytes, http11, http11_bytes, in, in_bytes) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/// A file that cannot be read is told from one that does not hold what it should.
result<void> readable(const std::string& file) {
  using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;
  if (file_ptr(std::fopen(file.c_str(), "re"))) return {};
  const int sys = errno;
  return fail(errc::io, std::string("cannot be read: ").append(std::strerror(sys)), file, sys);
}

/// A key that everybody may read is no secret. Its group may: that is how secrets are mounted for a service.
result<void> guarded(const std::string& key_file) {
  struct stat seen {};
  if (::stat(key_file.c_str(), &seen) == 0 && (seen.st_mode & S_IRWXO) == 0) return {};
  return fail(errc::invalid_config, "may be read by everybody; mode 0640 or less", key_file);
}

ssl_ctx_ptr make(const SSL_METHOD* method) {
  ERR_clear_error();
  ssl_ctx_ptr ctx(SSL_CTX_new(method));
  if (!ctx) return ctx;
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(ctx.get(),
                      SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  return ctx;
}

/// The certificate that its side of a connection shows, and its key.
result<void> show(SSL_CTX* ctx, const std::string& certificate_file, const std::string& key_file) {
  for (const auto& file : {certificate_file, key_file})
    if (auto there = readable(file); !there) return there;
  if (auto kept = guarded(key_file); !kept) return kept;
  if (SSL_CTX_use_certificate_chain_file(ctx, certificate_file.c_str()) != 1)
    return fail(errc::invalid_config,
                "is no PEM chain of certificates, leaf first: " + take_reason("unreadable"),
                certificate_file);
  SSL_CTX_set_default_passwd_cb(ctx, no_pass_phrase);
  if (SSL_CTX_use_PrivateKey_file(ctx, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                       ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
    return fail(errc::invalid_config,
                other ? "is not the key of its certificate: " + take_reason("they differ")
                      : "is no PEM key without a pass phrase: " + take_reason("unreadable"),
                key_file);
  }
  if (SSL_CTX_check_private_key(ctx) != 1)
    return fail(errc::invalid_config, "is not the key of its certificate: " + take_reason("they differ"),
                key_file);
  return {};
}

}  // namespace

int no_pass_phrase(char*, int, int, void*) { return -1; }

std::string take_reason(const char* otherwise) {
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  const char* const reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  return reason == nullptr ? otherwise : reason;
}

server_context::server_context(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
server_context::~server_context() = default;

result<std::shared_ptr<const server_context>> server_context::load(const std::string& certificate_file,
                                                                   const std::string& key_file) {
  auto made = std::make_unique<impl>();
  made->ctx = make(TLS_server_method());
  SSL_CTX* const ctx = made->ctx.get();
  if (ctx == nullptr) return fail(errc::io, take_reason("TLS cannot be used"));
  if (auto shown = show(ctx, certificate_file, key_file); !shown) return fail(shown.error());
  SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, nullptr);
  // Tickets hold the whole session, so resumption costs no memory here and works on every thread.
  constexpr unsigned char context[] = "sluice";
  SSL_CTX_set_session_id_context(ctx, context, sizeof context - 1);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  return std::shared_ptr<const server_context>(new server_context(std::move(made)));
}

client_context::client_context(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
client_context::~client_context() = default;

result<std::shared_ptr<const client_context>> client_context::make(
    const std::vector<std::string>& authority_files, const certificate_files& own) {
  auto made = std::make_unique<impl>();
  made->ctx = tls::make(TLS_client_method());
  SSL_CTX* const ctx = made->ctx.get();
  if (ctx == nullptr) return fail(errc::io, take_reason("TLS cannot be used"));
  if (SSL_CTX_set_default_verify_paths(ctx) != 1)
    return fail(errc::io, "the system's authorities cannot be read: " + take_reason("unreadable"));
  ERR_clear_error();  // a system without any is no error until somebody needs one
  for (const auto& file : authority_files) {
    if (auto there = readable(file); !there) return fail(there.error());
    if (SSL_CTX_load_verify_file(ctx, file.c_str()) != 1)
      return fail(errc::invalid_config, "holds no PEM certificate: " + take_reason("unreadable"), file);
  }
  if (!own.certificate.empty()) {
    if (auto shown = show(ctx, own.certificate, own.key); !shown) return fail(shown.error());
  }
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_alpn_protos(ctx, http11, http11_bytes) != 0)
    return fail(errc::io, take_reason("TLS cannot be used"));
  return std::shared_ptr<const client_context>(new client_context(std::move(made)));
}

}  // namespace sluice::net::tls
