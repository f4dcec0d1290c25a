// A segment may be recycled or copied while it is read. What was read counts only when the table still names
// the same segment with the same salt afterwards; its file is not written over before the table has forgotten
// it.
#include "actors/checkpoint/segment_fetcher.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "actors/checkpoint/group_targets.hpp"
#include "actors/checkpoint/spill_file.hpp"

namespace sluice::checkpoint {

segment_fetcher::segment_fetcher(log_directory where, segment_table& table,
                                 std::shared_ptr<buffer_pool> buffers)
    : where_(std::move(where)), table_(&table), buffers_(std::move(buffers)) {}

segment_fetcher::extent segment_fetcher::extent_of(const segment_info& segment) const {
  const segment_head& head = segment.head;
  return {.path = where_.segment(head.number),
          .segment = head.number,
          .groups = {head.salt, head.data_offset(), head.first_group, segment.end},
          .newest = &segment == &table_->segments.back()};
}

segment_fetcher::extent segment_fetcher::extent_of(const spill_head& spill) const {
  return {.path = where_.spill(spill.segment, spill.destination),
          .segment = spill.segment,
          .groups = spill_start(spill),
          .last_group = spill.last_group,
          .newest = false,
          .of = spill.destination};
}

segment_fetcher::extent segment_fetcher::find(group_number n, std::optional<destination_id> of) const {
  std::scoped_lock lock(table_->mutex);
  if (const segment_info* found = table_->holding(n)) return extent_of(*found);
  const spill_head* copied = of ? table_->spilled(*of, n) : nullptr;
  const bool gone = copied != nullptr && copied->segment < table_->segments.front().head.number;
  return gone ? extent_of(*copied) : extent_of(table_->segments.front());
}

bool segment_fetcher::unchanged(const extent& segment) const {
  std::scoped_lock lock(table_->mutex);
  if (segment.of) {
    const spill_head* found = table_->spilled(*segment.of, segment.last_group);
    return found != nullptr && found->segment == segment.segment && found->salt == segment.groups.salt;
  }
  const segment_info* found = table_->holding(segment.groups.number);
  return found != nullptr && found->head.number == segment.segment && found->head.salt == segment.groups.salt;
}

committed_group_ptr segment_fetcher::copy(const group_cursor& at, std::uint64_t segment) const {
  const auto bytes = at.whole();
  auto group = std::make_shared<committed_group>();
  group->buffer = buffers_->take(bytes.size());
  std::memcpy(group->buffer.data(), bytes.data(), bytes.size());
  group->pool = buffers_;
  group->bytes = bytes.size();
  group->segment = segment;
  group->offset = at.offset();
  group->targets = targets_of(group->header(), group->content());
  return group;
}

result<segment_fetcher::took> segment_fetcher::walk(const extent& segment, fetch_hint& hint, request& into) {
  const bool spilled = segment.groups.spilled;
  if (hint.from == nullptr || hint.segment != segment.segment || hint.salt != segment.groups.salt ||
      hint.spilled != spilled || hint.next.number > into.after + 1) {
    auto opened = where_.files->open(segment.path, open_mode::read, where_.how);
    if (!opened) {
      hint.from.reset();
      if (!unchanged(segment)) return took::changed;
      return fail(opened.error());
    }
    hint = {segment.segment, segment.groups.salt, spilled, segment.groups, std::move(*opened)};
  }
  const std::uint64_t end = segment.groups.limit;
  hint.next.limit = end;
  group_cursor groups(*hint.from, hint.next, where_.setup.chunk_bytes);
  const std::size_t had = into.groups.size();
  const auto changed = [&]() -> took {
    into.groups.resize(had);
    hint.from.reset();
    return took::changed;
  };
  while (groups.next_offset() < end) {
    const auto start = hint.next;
    // A spilled group's number is known when it was read.
    const bool wanted = spilled || groups.next_number() > into.after;
    const auto there = groups.next(wanted);
    if (!there) return fail(there.error());
    if (!*there) {
      if (!unchanged(segment)) return changed();
      if (!into.groups.empty()) {
        hint.next = start;  // what is whole goes first; the next fetch meets the damage
        return took::enough;
      }
      const std::string what = spilled ? "a spilled group" : "group " + std::to_string(groups.next_number());
      return fail(damage(segment.path, groups.next_offset(), what + " is damaged"));
    }
    const group_header& header = groups.header();
    const bool events = header.type == group_type::data || header.type == group_type::spilled;
    if (events && header.number > into.after) {
      const bool first = into.groups.empty();
      if (!first && (header.number > into.upto || into.bytes + header.disk_bytes() > into.max_bytes)) {
        hint.next = start;
        return unchanged(segment) ? took::enough : changed();
      }
      into.groups.push_back(copy(groups, segment.segment));
      into.bytes += static_cast<std::size_t>(header.disk_bytes());
    }
    hint.next.offset = groups.next_offset();
    hint.next.number = groups.next_number();
  }
  if (spilled) hint.next.number = segment.last_group + 1;
  return unchanged(segment) ? took::all : changed();
}

result<std::vector<committed_group_ptr>> segment_fetcher::fetch(fetch_hint& hint,
                                                                std::optional<destination_id> of,
                                                                group_number after, group_number upto,
                                                                std::size_t max_bytes) {
  request want{.after = after, .upto = upto, .max_bytes = max_bytes, .bytes = 0, .groups = {}};
  group_number next = after + 1;
  for (;;) {
    const extent segment = find(next, of);
    const auto done = walk(segment, hint, want);
    if (!done) return fail(done.error());
    if (*done == took::changed) continue;
    if (*done == took::enough || segment.newest) return std::move(want.groups);
    // A sealed segment ends with the group before its successor's first.
    next = std::max(next, hint.next.number);
    want.after = std::max(want.after, hint.next.number - 1);
    if (!want.groups.empty() && (want.bytes >= want.max_bytes || want.after >= want.upto))
      return std::move(want.groups);
  }
}

result<group_number> segment_fetcher::group_before(position at, std::optional<destination_id> of) {
  for (;;) {
    extent segment;
    {
      std::scoped_lock lock(table_->mutex);
      const auto& all = table_->segments;
      const auto behind = std::ranges::upper_bound(
          all, std::max<position>(at, 1), {}, [](const segment_info& s) { return s.head.first_position; });
      if (behind == all.begin()) {
        const spill_head* copied = of ? table_->spilled_at(*of, at) : nullptr;
        if (copied != nullptr) return copied->first_group - 1;
        return fail(errc::not_found, "position " + std::to_string(at) + " is not retained any more",
                    where_.path);
      }
      segment = extent_of(*std::prev(behind));
    }
    const auto from = where_.files->open(segment.path, open_mode::read, where_.how);
    if (!from) {
      if (!unchanged(segment)) continue;
      return fail(from.error());
    }
    group_cursor groups(**from, segment.groups, where_.setup.chunk_bytes);
    group_number before = segment.groups.number - 1;
    bool whole = true;
    while (groups.next_offset() < segment.groups.limit) {
      const auto there = groups.next(false);
      if (!there) return fail(there.error());
      whole = *there;
      if (!whole || groups.header().first_position + groups.header().events > at) break;
      before = groups.header().number;
    }
    if (!unchanged(segment)) continue;
    if (!whole) return fail(damage(segment.path, groups.next_offset(), "a group's header is damaged"));
    return before;
  }
}

}  // namespace sluice::checkpoint
