// A segment may be recycled or copied while it is read. What was read counts only when the table still names
// the same segment with the same salt afterwards; its file is not written over before the table has forgotten
// it.
#include "actors/checkpoint/segment_fetcher.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "actors/checkpoint/group_targets.hpp"

namespace sluice::checkpoint {

segment_fetcher::segment_fetcher(log_directory where, segment_table& table,
                                 std::shared_ptr<buffer_pool> buffers)
    : where_(std::move(where)), table_(&table), buffers_(std::move(buffers)) {}

segment_fetcher::extent segment_fetcher::find(group_number n) const {
  std::scoped_lock lock(table_->mutex);
  const segment_info* found = table_->holding(n);
  if (found == nullptr) found = &table_->segments.front();
  return {found->head, found->end, found == &table_->segments.back()};
}

bool segment_fetcher::unchanged(const extent& segment) const {
  std::scoped_lock lock(table_->mutex);
  const segment_info* found = table_->holding(segment.head.first_group);
  return found != nullptr && found->head.number == segment.head.number &&
         found->head.salt == segment.head.salt;
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
  const std::string path = where_.segment(segment.head.number);
  if (hint.from == nullptr || hint.segment != segment.head.number || hint.salt != segment.head.salt ||
      hint.next.number > into.after + 1) {
    auto opened = where_.files->open(path, open_mode::read, where_.how);
    if (!opened) {
      hint.from.reset();
      if (!unchanged(segment)) return took::changed;
      return fail(opened.error());
    }
    hint = {segment.head.number,
            segment.head.salt,
            {segment.head.salt, segment.head.data_offset(), segment.head.first_group, 0},
            std::move(*opened)};
  }
  hint.next.limit = segment.end;
  group_cursor groups(*hint.from, hint.next, where_.setup.chunk_bytes);
  const std::size_t had = into.groups.size();
  const auto changed = [&]() -> took {
    into.groups.resize(had);
    hint.from.reset();
    return took::changed;
  };
  while (groups.next_offset() < segment.end) {
    const auto start = hint.next;
    const bool wanted = groups.next_number() > into.after;
    const auto there = groups.next(wanted);
    if (!there) return fail(there.error());
    if (!*there) {
      if (!unchanged(segment)) return changed();
      return fail(damage(path, groups.next_offset(),
                         "group " + std::to_string(groups.next_number()) + " is damaged"));
    }
    const group_header& header = groups.header();
    if (wanted && header.type == group_type::data) {
      const bool first = into.groups.empty();
      if (!first && (header.number > into.upto || into.bytes + header.disk_bytes() > into.max_bytes)) {
        hint.next = start;
        return unchanged(segment) ? took::enough : changed();
      }
      into.groups.push_back(copy(groups, segment.head.number));
      into.bytes += static_cast<std::size_t>(header.disk_bytes());
    }
    hint.next.offset = groups.next_offset();
    hint.next.number = groups.next_number();
  }
  return unchanged(segment) ? took::all : changed();
}

result<std::vector<committed_group_ptr>> segment_fetcher::fetch(fetch_hint& hint, group_number after,
                                                                group_number upto, std::size_t max_bytes) {
  request want{.after = after, .upto = upto, .max_bytes = max_bytes, .bytes = 0, .groups = {}};
  group_number next = after + 1;
  for (;;) {
    const extent segment = find(next);
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

result<group_number> segment_fetcher::group_before(position at) {
  for (;;) {
    extent segment;
    {
      std::scoped_lock lock(table_->mutex);
      const auto& all = table_->segments;
      const auto behind = std::ranges::upper_bound(
          all, std::max<position>(at, 1), {}, [](const segment_info& s) { return s.head.first_position; });
      if (behind == all.begin()) {
        return fail(errc::not_found, "position " + std::to_string(at) + " is not retained any more",
                    where_.path);
      }
      const segment_info& found = *std::prev(behind);
      segment = {found.head, found.end, false};
    }
    const std::string path = where_.segment(segment.head.number);
    const auto from = where_.files->open(path, open_mode::read, where_.how);
    if (!from) {
      if (!unchanged(segment)) continue;
      return fail(from.error());
    }
    group_cursor groups(
        **from, {segment.head.salt, segment.head.data_offset(), segment.head.first_group, segment.end},
        where_.setup.chunk_bytes);
    group_number before = segment.head.first_group - 1;
    bool whole = true;
    while (groups.next_offset() < segment.end) {
      const auto there = groups.next(false);
      if (!there) return fail(there.error());
      whole = *there;
      if (!whole || groups.header().first_position + groups.header().events > at) break;
      before = groups.header().number;
    }
    if (!unchanged(segment)) continue;
    if (!whole) return fail(damage(path, groups.next_offset(), "a group's header is damaged"));
    return before;
  }
}

}  // namespace sluice::checkpoint
