// One window over the file serves headers and contents; what is held of the next group is moved, not read
// again.
#include "actors/checkpoint/group_scan.hpp"

#include <algorithm>
#include <cstring>

#include "messages/assert.hpp"

namespace sluice::checkpoint {

group_cursor::group_cursor(const file& from, const start& at, std::size_t window_bytes)
    : from_(&from), next_(at), window_bytes_(padded(std::max(window_bytes, block_bytes))) {
  SLUICE_ASSERT(at.offset % block_bytes == 0);
}

std::span<const std::byte> group_cursor::whole() const noexcept {
  SLUICE_ASSERT(offset_ >= window_at_ && offset_ + header_.disk_bytes() <= window_at_ + held_);
  return {window_.data() + (offset_ - window_at_), static_cast<std::size_t>(header_.disk_bytes())};
}

result<bool> group_cursor::hold(std::uint64_t offset, std::size_t bytes) {
  if (offset >= window_at_ && offset + bytes <= window_at_ + held_) return true;
  std::size_t keep = 0;
  const std::byte* kept = nullptr;
  if (offset >= window_at_ && offset < window_at_ + held_) {
    keep = static_cast<std::size_t>(window_at_ + held_ - offset);
    kept = window_.data() + (offset - window_at_);
  }
  const std::size_t want = std::max(window_bytes_, padded(bytes));
  if (window_.capacity() < want) {
    aligned_buffer larger(want);
    if (keep != 0) std::memcpy(larger.data(), kept, keep);
    window_ = std::move(larger);
  } else if (keep != 0) {
    std::memmove(window_.data(), kept, keep);
  }
  window_at_ = offset;
  held_ = keep;
  const std::uint64_t rest = next_.limit > offset + keep ? next_.limit - offset - keep : 0;
  const std::size_t ask = static_cast<std::size_t>(std::min<std::uint64_t>(want - keep, rest));
  const auto got = from_->read_at({window_.data() + keep, ask}, offset + keep);
  if (!got) return fail(got.error());
  held_ += *got / block_bytes * block_bytes;
  return held_ >= bytes;
}

result<bool> group_cursor::next(bool with_content) {
  if (next_.offset + block_bytes > next_.limit) return false;
  auto there = hold(next_.offset, block_bytes);
  if (!there || !*there) return there;
  group_header found;
  std::memcpy(&found, window_.data() + (next_.offset - window_at_), sizeof found);
  const bool follows = next_.spilled ? found.number >= next_.number : found.number == next_.number;
  if (!header_valid(found, next_.salt) || !follows || (found.type == group_type::spilled) != next_.spilled ||
      found.durable_upto >= found.number || found.disk_bytes() > next_.limit - next_.offset) {
    return false;
  }
  if (with_content) {
    there = hold(next_.offset, static_cast<std::size_t>(found.disk_bytes()));
    if (!there || !*there) return there;
    const std::byte* at = window_.data() + (next_.offset - window_at_);
    if (!content_valid(found, {at + sizeof found, static_cast<std::size_t>(found.content_bytes)}))
      return false;
  }
  header_ = found;
  offset_ = next_.offset;
  next_.offset += found.disk_bytes();
  next_.number = found.number + 1;
  return true;
}

result<std::optional<std::uint64_t>> find_evidence(const file& from, const group_cursor::start& missing,
                                                   std::size_t window_bytes) {
  aligned_buffer window(window_bytes);
  std::uint64_t at = missing.offset;
  while (at < missing.limit) {
    const auto ask = static_cast<std::size_t>(std::min<std::uint64_t>(window.capacity(), missing.limit - at));
    const auto got = from.read_at({window.data(), ask}, at);
    if (!got) return fail(got.error());
    const std::size_t whole = *got / block_bytes * block_bytes;
    for (std::size_t i = 0; i < whole; i += block_bytes) {
      group_header found;
      std::memcpy(&found, window.data() + i, sizeof found);
      if (found.magic == group_magic && found.salt == missing.salt && header_valid(found, missing.salt) &&
          found.durable_upto >= missing.number) {
        return at + i;
      }
    }
    if (whole < ask) break;
    at += whole;
  }
  return std::optional<std::uint64_t>{};
}

}  // namespace sluice::checkpoint
