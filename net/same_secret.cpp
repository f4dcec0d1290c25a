#include "net/same_secret.hpp"

#include <openssl/crypto.h>

namespace sluice::net {

bool same_secret(std::string_view shown, std::string_view secret) noexcept {
  return shown.size() == secret.size() && CRYPTO_memcmp(shown.data(), secret.data(), secret.size()) == 0;
}

}  // namespace sluice::net
