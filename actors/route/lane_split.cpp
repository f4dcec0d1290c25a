// A lane is the hash modulo the number of lanes: where that is endpoints × concurrency, a key's endpoint
// (lane modulo endpoints) does not change with the concurrency.
#include "actors/route/lane_split.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include "actors/route/rule_set.hpp"
#include "messages/assert.hpp"

namespace sluice::route {
namespace {

// The finaliser of SplitMix64: each bit of the result depends on each bit of `x`.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

}  // namespace

// Eight bytes at a time (the node is little-endian everywhere), the rest padded with zeros; the length keeps
// texts apart that differ in such zeros alone.
std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = mixed(0x9e3779b97f4a7c15U + text.size());
  while (!text.empty()) {
    const std::size_t bytes = text.size() < 8 ? text.size() : 8;
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), bytes);
    hash = mixed(std::rotl(hash, 29) ^ word);
    text.remove_prefix(bytes);
  }
  return hash;
}

void lane_split::tell(destination_id to, split_rule rule) {
  SLUICE_ASSERT(rule.lanes >= 1);
  if (rules_.size() <= to) rules_.resize(to + std::size_t{1});
  rules_[to] = std::move(rule);
}

lane_id lane_split::lane_of(destination_id to, std::string_view source,
                            std::span<const metadata_member> metadata, std::uint64_t& turn) const noexcept {
  if (!splits(to)) return 0;
  const split_rule& rule = rules_[to];
  if (rule.what == split_rule::by::turn) return static_cast<lane_id>(turn++ % rule.lanes);
  const std::string_view* const member =
      rule.what == split_rule::by::metadata ? find_metadata(metadata, rule.key) : nullptr;
  return static_cast<lane_id>(stable_hash(member != nullptr ? *member : source) % rule.lanes);
}

}  // namespace sluice::route
