#include "actors/decode/identity.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

#include "messages/assert.hpp"

namespace sluice::decode {
namespace {

static_assert(identity_key::secret_bytes >= XXH3_SECRET_SIZE_MIN);

/// What is hashed begins with the size of the source; no source has this size, so nothing else hashes like
/// bytes.
constexpr std::uint32_t bytes_mark = 0xffff'ffff;
static_assert(source_bytes_max < bytes_mark);

hash128 hash(const void* data, std::size_t size, const identity_key::secret& secret) noexcept {
  const XXH128_hash_t value = XXH3_128bits_withSecret(data, size, secret.data(), secret.size());
  return {.low = value.low64, .high = value.high64};
}

}  // namespace

hash128 identity_key::event_identity(std::string_view source, std::string_view id) const noexcept {
  SLUICE_ASSERT(source.size() <= source_bytes_max && id.size() <= id_bytes_max);
  std::array<char, sizeof(std::uint32_t) + source_bytes_max + id_bytes_max> joined;
  const auto source_size = static_cast<std::uint32_t>(source.size());
  char* to = joined.data();
  std::memcpy(to, &source_size, sizeof source_size);
  to += sizeof source_size;
  std::memcpy(to, source.data(), source.size());
  to += source.size();
  std::memcpy(to, id.data(), id.size());
  to += id.size();
  return hash(joined.data(), static_cast<std::size_t>(to - joined.data()), secret_);
}

hash128 identity_key::bytes_identity(std::string_view slice) const noexcept {
  const hash128 inner = hash(slice.data(), slice.size(), secret_);
  std::array<char, sizeof bytes_mark + sizeof inner> marked;
  std::memcpy(marked.data(), &bytes_mark, sizeof bytes_mark);
  std::memcpy(marked.data() + sizeof bytes_mark, &inner, sizeof inner);
  return hash(marked.data(), marked.size(), secret_);
}

std::uint64_t identity_key::id_hash(std::string_view id) const noexcept {
  return XXH3_64bits_withSecret(id.data(), id.size(), secret_.data(), secret_.size());
}

}  // namespace sluice::decode
