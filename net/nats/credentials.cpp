// nkeys: https://github.com/nats-io/nkeys; a seed is base32 of two bytes of kind, the key and a CRC-16.
#include "net/nats/credentials.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "net/base64.hpp"

namespace sluice::net::nats {
namespace {

constexpr std::size_t file_bytes_max = 64 * 1024;
constexpr std::size_t key_bytes = 32, kind_bytes = 2, check_bytes = 2, signature_bytes = 64;
constexpr unsigned seed_of_a_user = (18U << 11) | (20U << 6);  // S, U: five bits each, then 6 unused

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
  const std::size_t last = text.find_last_not_of(blank);
  return last == text.npos ? std::string_view() : text.substr(0, last + 1);
}

/// What stands between the lines `-----BEGIN name-----` and `------END name------`.
std::string_view section(std::string_view file, std::string_view name) {
  const auto after = [&](std::string_view word) {
    return file.find(std::string(word).append(" ").append(name).append("---"));
  };
  const std::size_t begin = after("BEGIN"), end = after("END");
  if (begin == file.npos || end == file.npos || end < begin) return {};
  std::string_view inside = file.substr(begin, end - begin);
  inside.remove_prefix(std::min(inside.find('\n'), inside.size()));
  return trimmed(inside.substr(0, inside.find_last_not_of('-') + 1));  // the dashes in front of END
}

std::optional<std::string> from_base32(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string bytes;
  unsigned kept = 0, bits = 0;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == digits.npos) return std::nullopt;
    kept = (kept << 5 | static_cast<unsigned>(digit)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(kept >> bits & 0xff);
  }
  return bytes;
}

/// CRC-16/XMODEM.
std::uint16_t check_of(std::string_view bytes) {
  unsigned crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return static_cast<std::uint16_t>(crc);
}

std::optional<std::string> key_of(std::string_view seed) {
  const auto bytes = from_base32(seed);
  if (!bytes || bytes->size() != kind_bytes + key_bytes + check_bytes) return std::nullopt;
  const auto at = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>((*bytes)[i]));
  };
  const std::size_t check = kind_bytes + key_bytes;
  if (check_of(std::string_view(*bytes).substr(0, check)) != (at(check) | at(check + 1) << 8))
    return std::nullopt;
  if (((at(0) << 8 | at(1)) & 0xffc0) != seed_of_a_user) return std::nullopt;
  return bytes->substr(kind_bytes, key_bytes);
}

}  // namespace

result<credentials> read_credentials(const std::string& file) {
  using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;
  const file_ptr from(std::fopen(file.c_str(), "re"));
  std::string text(file_bytes_max + 1, '\0');
  if (from) text.resize(std::fread(text.data(), 1, text.size(), from.get()));
  if (!from || std::ferror(from.get()) != 0) {
    const int sys = errno;
    return fail(errc::io, std::string("cannot be read: ").append(std::strerror(sys)), file, sys);
  }
  credentials read{std::string(section(text, "NATS USER JWT")), std::string(section(text, "USER NKEY SEED"))};
  const auto visible = [](char c) { return c > ' ' && c < 127; };
  if (text.size() > file_bytes_max || read.jwt.empty() || !std::ranges::all_of(read.jwt, visible))
    return fail(errc::invalid_config, "is no credentials file: it has no user JWT", file);
  if (!key_of(read.seed))
    return fail(errc::invalid_config, "is no credentials file: it has no user seed", file);
  return read;
}

result<std::string> sign(std::string_view seed, std::string_view nonce) {
  const auto wrong = [] { return fail(errc::invalid_config, "the seed signs nothing"); };
  const auto key = key_of(seed);
  if (!key) return wrong();
  const std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>> with(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(key->data()), key->size()));
  const std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  std::array<unsigned char, signature_bytes> signature;
  std::size_t bytes = signature.size();
  if (!with || !context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, with.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &bytes,
                     reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size()) != 1)
    return wrong();
  std::string text = to_base64({reinterpret_cast<const char*>(signature.data()), bytes});
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

}  // namespace sluice::net::nats
