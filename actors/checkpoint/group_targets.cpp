// Looks at record heads and target sets alone: it runs at every commit, and events are many.
#include "actors/checkpoint/group_targets.hpp"

#include <algorithm>
#include <cstring>

#include "actors/checkpoint/log_state.hpp"

namespace sluice::checkpoint {
namespace {

/// Batches name the same few lanes over and over: seldom is more than this kept before they are made one.
constexpr std::size_t kept_max = 4096;

template <class T>
bool take(std::span<const std::byte>& from, T& value) noexcept {
  if (from.size() < sizeof value) return false;
  std::memcpy(&value, from.data(), sizeof value);
  from = from.subspan(sizeof value);
  return true;
}

void make_distinct(std::vector<target>& all) {
  std::ranges::sort(all);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
}

void add(const target& one, std::vector<target>& to) {
  if (to.empty() || to.back() != one) to.push_back(one);
}

/// Leaves of a rewritten record's payload that of its batch.
bool skip_rewriting(std::span<const std::byte>& payload) {
  rewritten_head head;
  if (!take(payload, head)) return false;
  const std::uint64_t bytes =
      record_padded(head.who_bytes) + std::uint64_t{head.events} * sizeof(rewritten_event);
  if (payload.size() < bytes) return false;
  payload = payload.subspan(static_cast<std::size_t>(bytes));
  return true;
}

bool add_batch(std::span<const std::byte> payload, std::vector<target>& to) {
  batch_head head;
  if (!take(payload, head)) return false;
  if (head.quarantined > 0) add({dead_letters_id, 0}, to);
  const std::uint64_t before =
      std::uint64_t{head.events} * sizeof(event_entry) + std::uint64_t{head.duplicates} * sizeof(hash128);
  if (payload.size() < before + head.target_bytes) return false;
  auto sets = payload.subspan(static_cast<std::size_t>(before), head.target_bytes);
  for (std::uint16_t left = 0; take(sets, left);) {
    for (target one; left > 0; --left) {
      if (!take(sets, one)) return false;
      add(one, to);
    }
    if (to.size() > kept_max) make_distinct(to);
  }
  return true;
}

}  // namespace

std::optional<std::vector<target>> targets_of(const group_header& header,
                                              std::span<const std::byte> content) {
  std::vector<target> all;
  for (std::uint32_t i = 0; header.events > 0 && i < header.records; ++i) {
    record_header record;
    if (!take(content, record) || content.size() < record_padded(record.bytes)) return std::nullopt;
    if (record.type == record_type::batch || record.type == record_type::rewritten) {
      auto batch = content.first(record.bytes);
      position first = 0;  // in a spilled group, before the batch
      if (header.type == group_type::spilled && !take(batch, first)) return std::nullopt;
      if (record.type == record_type::rewritten && !skip_rewriting(batch)) return std::nullopt;
      if (!add_batch(batch, all)) return std::nullopt;
    }
    content = content.subspan(record_padded(record.bytes));
  }
  make_distinct(all);
  return all;
}

}  // namespace sluice::checkpoint
