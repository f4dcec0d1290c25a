// The memory that groups live in: block-aligned for direct writes, pooled so that a steady stream touches no
// new page, and summed by CRC32C on its way to the disk.
#include <isa-l/crc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include "actors/checkpoint/group.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) noexcept {
  // The library's function takes and gives the bare register; the standard inverts it at both ends. Lengths
  // are int.
  constexpr std::size_t step_max = 1u << 30;
  std::uint32_t inverted = ~seed;
  while (!bytes.empty()) {
    const auto step = bytes.first(std::min(bytes.size(), step_max));
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(step.data()));
    inverted = crc32_iscsi(data, static_cast<int>(step.size()), inverted);
    bytes = bytes.subspan(step.size());
  }
  return ~inverted;
}

aligned_buffer::aligned_buffer(std::size_t capacity)
    : capacity_(static_cast<std::size_t>(padded(std::max<std::size_t>(capacity, 1)))) {
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(block_bytes, capacity_)));
  if (!memory_) throw std::bad_alloc();
}

void aligned_buffer::release::operator()(std::byte* p) const noexcept { std::free(p); }

namespace {
constexpr std::array<std::size_t, 6> class_bytes{64u << 10, 256u << 10, 1u << 20,
                                                 4u << 20,  16u << 20,  48u << 20};
static_assert(class_bytes.back() == group_bytes_max);
}  // namespace

struct buffer_pool::impl {
  std::mutex guard;
  const std::size_t keep_bytes;
  std::size_t kept_bytes = 0;
  std::array<std::vector<aligned_buffer>, class_bytes.size()> kept;

  explicit impl(std::size_t keep) : keep_bytes(keep) {
    // Room for all that may be kept, so that giving back cannot fail.
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i].reserve(keep_bytes / class_bytes[i]);
  }
};

buffer_pool::buffer_pool(std::size_t keep_bytes) : impl_(std::make_unique<impl>(keep_bytes)) {}
buffer_pool::~buffer_pool() = default;

aligned_buffer buffer_pool::take(std::size_t bytes) {
  const auto fits = std::ranges::lower_bound(class_bytes, bytes);
  SLUICE_ASSERT(fits != class_bytes.end());
  auto& kept = impl_->kept[static_cast<std::size_t>(fits - class_bytes.begin())];
  {
    const std::lock_guard lock(impl_->guard);
    if (!kept.empty()) {
      aligned_buffer buffer = std::move(kept.back());
      kept.pop_back();
      impl_->kept_bytes -= *fits;
      return buffer;
    }
  }
  return aligned_buffer(*fits);
}

void buffer_pool::give_back(aligned_buffer buffer) noexcept {
  const auto fits = std::ranges::find(class_bytes, buffer.capacity());
  if (fits == class_bytes.end()) return;  // not one of ours: freed
  const std::lock_guard lock(impl_->guard);
  if (impl_->kept_bytes + *fits > impl_->keep_bytes) return;
  impl_->kept[static_cast<std::size_t>(fits - class_bytes.begin())].push_back(std::move(buffer));
  impl_->kept_bytes += *fits;
}

committed_group::~committed_group() {
  if (const auto to = pool.lock()) to->give_back(std::move(buffer));
}

}  // namespace sluice::checkpoint
