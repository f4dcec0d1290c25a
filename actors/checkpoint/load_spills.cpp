// Which spill files a start needs: those of segments that are gone, as far as their destinations have not
// passed them. A file beside its segment was not relied on yet.
#include <algorithm>

#include "actors/checkpoint/recovery.hpp"
#include "actors/checkpoint/spill_file.hpp"

namespace sluice::checkpoint {

result<void> check_spills(const log_directory& where, const destination_need& need,
                          const std::deque<spill_head>& files, const segment_head& oldest) {
  if (need.from >= oldest.first_position) return {};
  const std::string owed = "position " + std::to_string(need.from) + " is still to be delivered";
  if (files.empty())
    return fail(damage(where.segment(oldest.number - 1), 0, "the segment is missing, and " + owed));
  const auto missing = [&](std::uint64_t segment) {
    return fail(damage(where.spill(segment, need.id), 0, "the spill file is missing, and " + owed));
  };
  if (files.front().first_position > need.from) return missing(files.front().segment - 1);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool last = i + 1 == files.size();
    const std::uint64_t next = last ? oldest.number : files[i + 1].segment;
    const position first = last ? oldest.first_position : files[i + 1].first_position;
    const group_number group = last ? oldest.first_group : files[i + 1].first_group;
    if (next != files[i].segment + 1) return missing(files[i].segment + 1);
    if (first != files[i].next_position || group != files[i].last_group + 1)
      return fail(damage(where.spill(files[i].segment, need.id), 0,
                         "the spill file does not fit before what follows it"));
  }
  return {};
}

result<void> load_spills(const log_directory& where, const directory_listing& listing, const log_state& state,
                         recovered_log& into) {
  const segment_head& oldest = into.segments.front().head;
  const auto needs = state.needs();
  for (const auto& [segment, of] : listing.spills) {
    const auto need = std::ranges::find(needs, of, &destination_need::id);
    bool needed = segment < oldest.number && need != needs.end();
    if (needed) {
      const auto head = read_spill_head(where, segment, of);
      if (!head) return fail(head.error());
      needed = head->next_position > need->from;
      if (needed) into.spills[of].push_back(*head);
    }
    if (!needed) into.unneeded.push_back(where.spill(segment, of));
  }
  for (const destination_need& need : needs) {
    if (auto whole = check_spills(where, need, into.spills[need.id], oldest); !whole) return whole;
  }
  return {};
}

}  // namespace sluice::checkpoint
