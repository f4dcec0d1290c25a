// What an operator's tools make: keys of operators, accounts and users, and JWTs that one signs for another.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "net/base64.hpp"

namespace sluice::net::nats::testing_support {

inline std::string base64url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text.substr(0, text.find('='));
}

/// A fresh Ed25519 key. Throws std::runtime_error.
class nkey {
 public:
  enum class kind : unsigned char { account = 0, user = 20, op = 14 };  ///< the letters A, U, O

  explicit nkey(kind of) : kind_(of), key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free) {
    std::size_t bytes = raw_public_.size();
    if (!key_ || EVP_PKEY_get_raw_public_key(key_.get(), raw(raw_public_), &bytes) != 1 ||
        EVP_PKEY_get_raw_private_key(key_.get(), raw(raw_private_), &bytes) != 1)
      throw std::runtime_error("no Ed25519 key can be made");
  }

  std::string public_text() const {
    return text({static_cast<char>(static_cast<unsigned>(kind_) << 3)}, raw_public_);
  }
  std::string seed() const {
    const unsigned letter = static_cast<unsigned>(kind_);
    return text({static_cast<char>(18U << 3 | letter >> 2), static_cast<char>((letter & 3U) << 6)},
                raw_private_);
  }
  /// As base64url.
  std::string sign(std::string_view what) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string signature(64, '\0');
    std::size_t bytes = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), raw(signature), &bytes,
                       reinterpret_cast<const unsigned char*>(what.data()), what.size()) != 1)
      throw std::runtime_error("nothing can be signed");
    return base64url(signature);
  }
  /// That this key says of `subject`; `claims`: the members of the JWT's `nats`.
  std::string jwt(const nkey& subject, const std::string& claims) const {
    const std::string body =
        base64url(R"({"typ":"JWT","alg":"ed25519-nkey"})") + "." +
        base64url(R"({"jti":"1","iat":1600000000,"iss":")" + public_text() + R"(","name":"test","sub":")" +
                  subject.public_text() + R"(","nats":{"version":2,)" + claims + "}}");
    return body + "." + sign(body);
  }

 private:
  static unsigned char* raw(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

  /// Base32 of prefix, key and CRC-16/XMODEM.
  static std::string text(std::string bytes, std::string_view key) {
    bytes += key;
    unsigned crc = 0;
    for (const char c : bytes) {
      crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
      for (int bit = 0; bit < 8; ++bit) crc = (crc << 1 ^ ((crc & 0x8000U) != 0 ? 0x1021U : 0U)) & 0xffffU;
    }
    bytes += static_cast<char>(crc & 0xffU);
    bytes += static_cast<char>(crc >> 8);
    std::string out;
    unsigned kept = 0, bits = 0;
    for (const char c : bytes) {
      kept = (kept << 8 | static_cast<unsigned char>(c)) & 0xfffU;
      for (bits += 8; bits >= 5; bits -= 5)
        out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[kept >> (bits - 5) & 31U];
    }
    if (bits > 0) out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[kept << (5 - bits) & 31U];
    return out;
  }

  kind kind_;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::string raw_public_ = std::string(32, '\0'), raw_private_ = std::string(32, '\0');
};

/// As `nsc generate creds` writes them.
inline std::string creds_file(const std::string& jwt, const std::string& seed) {
  return "-----BEGIN NATS USER JWT-----\n" + jwt +
         "\n------END NATS USER JWT------\n\n"
         "************************* IMPORTANT *************************\n"
         "NKEY Seed printed below can be used to sign and prove identity.\n"
         "NKEYs are sensitive and should be treated as secrets.\n\n"
         "-----BEGIN USER NKEY SEED-----\n" +
         seed +
         "\n------END USER NKEY "
         "SEED------\n\n*************************************************************\n";
}

}  // namespace sluice::net::nats::testing_support
