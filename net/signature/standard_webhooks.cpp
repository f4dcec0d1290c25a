#include "net/signature/standard_webhooks.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "messages/assert.hpp"
#include "net/base64.hpp"

namespace sluice::net::signature {
namespace {

constexpr std::size_t digest_bytes = 32;  // of SHA-256
constexpr std::size_t signatures_bytes_max = 4096;

struct mac_free {
  void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac_sha256(std::string_view key, std::string_view head, std::string_view body) {
  // Invariant: every OpenSSL 3 has it; it fails for lack of memory alone.
  const std::unique_ptr<EVP_MAC, mac_free> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  const std::unique_ptr<EVP_MAC_CTX, mac_free> made(EVP_MAC_CTX_new(hmac.get()));
  char digest_name[] = "SHA256";
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
      OSSL_PARAM_construct_end(),
  };
  std::string digest(digest_bytes, '\0');
  std::size_t size = 0;
  const bool done =
      EVP_MAC_init(made.get(), bytes_of(key), key.size(), parameters.data()) == 1 &&
      EVP_MAC_update(made.get(), bytes_of(head), head.size()) == 1 &&
      EVP_MAC_update(made.get(), bytes_of(body), body.size()) == 1 &&
      EVP_MAC_final(made.get(), reinterpret_cast<unsigned char*>(digest.data()), &size, digest.size()) == 1;
  SLUICE_ASSERT(done && size == digest_bytes);
  return digest;
}

}  // namespace

result<secret> secret::parse(std::string_view text) {
  if (text.starts_with(prefix)) {
    auto key = from_base64(text.substr(prefix.size()));
    if (!key) return fail(errc::invalid_config, "is not base64 behind whsec_");
    if (key->size() < key_bytes_min || key->size() > key_bytes_max)
      return fail(errc::invalid_config, "has " + std::to_string(key->size()) + " bytes behind whsec_");
    return secret(*std::move(key));
  }
  if (text.size() < text_bytes_min) return fail(errc::invalid_config, "is too short to be a secret");
  if (text.size() > text_bytes_max) return fail(errc::invalid_config, "is too long");
  return secret(std::string(text));
}

std::string sign(std::span<const secret> secrets, std::string_view id, std::int64_t timestamp,
                 std::string_view body) {
  SLUICE_ASSERT(id.find('.') == id.npos);
  const std::string head = std::string(id).append(".").append(std::to_string(timestamp)).append(".");
  std::string signatures;
  for (const secret& each : secrets) {
    if (!signatures.empty()) signatures += ' ';
    signatures.append("v1,").append(to_base64(hmac_sha256(each.key(), head, body)));
  }
  return signatures;
}

bool is_signed(const secret& with, std::string_view id, std::int64_t timestamp, std::string_view body,
               std::string_view signatures) {
  if (id.find('.') != id.npos || signatures.size() > signatures_bytes_max) return false;
  const std::string right = sign(std::span(&with, 1), id, timestamp, body);
  bool found = false;
  while (!signatures.empty()) {
    const auto end = std::min(signatures.find(' '), signatures.size());
    const auto one = signatures.substr(0, end);
    if (one.size() == right.size()) found |= CRYPTO_memcmp(one.data(), right.data(), right.size()) == 0;
    signatures.remove_prefix(std::min(end + 1, signatures.size()));
  }
  return found;
}

}  // namespace sluice::net::signature
