// The bucket of a value is its position of the highest bit and the seven bits below it.
#include "benchmarks/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace sluice::load {
namespace {

constexpr unsigned sub_bits = 7;
constexpr std::uint64_t sub_buckets = 1U << sub_bits;
constexpr std::size_t bucket_count = (64 - sub_bits + 1) * sub_buckets;

std::size_t bucket_of(std::uint64_t value) noexcept {
  if (value < sub_buckets) return static_cast<std::size_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;
  return static_cast<std::size_t>((std::uint64_t{shift} << sub_bits) + (value >> shift));
}

std::uint64_t last_of(std::size_t bucket) noexcept {
  if (bucket < 2 * sub_buckets) return bucket;
  const auto shift = (bucket >> sub_bits) - 1;
  const auto top = bucket - (shift << sub_bits);
  return ((top + 1) << shift) - 1;
}

}  // namespace

histogram::histogram() : buckets_(bucket_count) {}

void histogram::record(std::uint64_t value) noexcept {
  ++buckets_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

void histogram::add(const histogram& other) noexcept {
  for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t histogram::percentile(double share) const noexcept {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(last_of(i), max_);
  }
  return max_;
}

}  // namespace sluice::load
