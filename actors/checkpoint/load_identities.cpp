// How a start fills its window: from as few side files as it can hold, in the order of the log.
#include <algorithm>

#include "actors/checkpoint/recovery.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

segment_info* retained(recovered_log& log, std::uint64_t number) {
  const std::uint64_t first = log.segments.front().head.number;
  if (number < first || number >= first + log.segments.size()) return nullptr;
  return &log.segments[static_cast<std::size_t>(number - first)];
}

/// Heads of all side files; marks segments that have a good one.
result<void> look_at_sides(const log_directory& where, const std::vector<std::uint64_t>& numbers,
                           recovered_log& log) {
  for (const std::uint64_t number : numbers) {
    auto info = peek_side(where, number);
    if (!info && info.error().code != errc::corrupt) return fail(info.error());
    segment_info* segment = retained(log, number);
    if (segment != nullptr) {
      // One beside an open or foreign segment is none: it is written anew at the seal.
      if (!info || !segment->sealed || info->salt != segment->head.salt) continue;
      segment->side_written = true;
    } else if (!info) {
      log.sides.push_back({.number = number, .salt = 0, .bytes = 0, .identities = 0, .last_running_ms = 0});
      continue;
    }
    log.sides.push_back(*info);
  }
  return {};
}

/// From the side file, else from the segment.
result<segment_identities> identities_of(const log_directory& where, std::uint64_t number,
                                         recovered_log& log) {
  segment_info* segment = retained(log, number);
  if (segment == nullptr || segment->side_written) {
    auto read = read_side(where, number, false);
    if (read || (segment == nullptr && read.error().code != errc::not_found)) return read;
    if (segment == nullptr) {
      return fail(
          damage(where.side(number), 0, "the side file is missing, and its segment has been recycled"));
    }
    if (read.error().code != errc::corrupt && read.error().code != errc::not_found) return read;
    segment->side_written = false;
    std::erase_if(log.sides, [&](const side_info& s) { return s.number == number; });
  }
  return rebuild_identities(where, segment->head, segment->end);
}

}  // namespace

result<void> load_identities(const log_directory& where, const std::vector<std::uint64_t>& side_numbers,
                             const segment_identities& open, std::uint64_t running_ms, recovered_log& into,
                             dedup_window& window) {
  if (auto looked = look_at_sides(where, side_numbers, into); !looked) return looked;
  const std::uint64_t window_ms = window.effective_window_ms(running_ms);
  const std::uint64_t newest = into.segments.back().head.number;
  const std::uint64_t oldest = side_numbers.empty()
                                   ? into.segments.front().head.number
                                   : std::min(side_numbers.front(), into.segments.front().head.number);
  // Newest first, until the window is full or what is older has left it.
  std::uint64_t first = newest,
                room = window.max_ids() - std::min<std::size_t>(window.max_ids(), open.identities.size());
  while (first > oldest && room != 0) {
    const std::uint64_t number = first - 1;
    const auto side = std::ranges::find(into.sides, number, &side_info::number);
    if (side != into.sides.end() && side->salt != 0) {
      if (side->identities != 0 && running_ms > window_ms && side->last_running_ms < running_ms - window_ms)
        break;
      room -= std::min(room, side->identities);
    }
    --first;
  }
  for (std::uint64_t number = first; number < newest; ++number) {
    const auto identities = identities_of(where, number, into);
    if (!identities) return fail(identities.error());
    fill_window(window, *identities);
  }
  fill_window(window, open);
  window.expire(running_ms);
  return {};
}

}  // namespace sluice::checkpoint
