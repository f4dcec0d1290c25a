// What stands behind the contexts. Private to net/tls/*.cpp.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "net/tls/context.hpp"

namespace sluice::net::tls {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;

struct server_context::impl {
  ssl_ctx_ptr ctx;
};
struct client_context::impl {
  ssl_ctx_ptr ctx;
};

/// Takes this thread's errors from OpenSSL's queue and returns the reason of the first, or `otherwise`.
std::string take_reason(const char* otherwise);

/// For OpenSSL's readers of keys: never asks a terminal for a pass phrase.
int no_pass_phrase(char*, int, int, void*);

}  // namespace sluice::net::tls
