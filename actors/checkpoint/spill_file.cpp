// A spill file is written under a temporary name, its head last, and gets its name when it is durable: under
// its name it is whole or damaged.
#include "actors/checkpoint/spill_file.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::checkpoint {
namespace {

/// A spilled group is written when it has grown to this.
constexpr std::size_t flush_bytes = 256u << 10;
constexpr std::size_t window_bytes = 1u << 20;

std::uint32_t crc_of(spill_head head) {
  head.crc = 0;
  return crc32c(std::as_bytes(std::span(&head, 1)));
}

/// The copy for one destination.
class spill_writer final : public record_visitor {
 public:
  spill_writer(const log_directory& where, const destination_need& need, const segment_head& segment,
               const segment_head& successor)
      : where_(where), need_(need), path_(where.spill(segment.number, need.id)) {
    head_.destination = need.id;
    head_.segment = segment.number;
    head_.salt = segment.salt;
    head_.first_group = segment.first_group;
    head_.last_group = successor.first_group - 1;
    head_.first_position = segment.first_position;
    head_.next_position = successor.first_position;
    head_.end = block_bytes;
  }

  result<void> begin() {
    auto opened = where_.files->open(temporary(), open_mode::create, where_.how);
    if (!opened) return fail(opened.error());
    to_ = std::move(*opened);
    return to_->truncate(0);
  }
  void on_batch(const batch_view& batch) override { put_wanted(batch, nullptr); }
  void on_rewritten(const rewritten_view& view) override { put_wanted(view.batch, &view); }
  /// All records of `group` were visited.
  result<void> took(const group_header& group);
  /// Synced under its name.
  result<spill_head> finish();
  /// What was begun goes. Where even that fails, the next attempt writes it over, or the next start removes
  /// it.
  void abandon() {
    to_.reset();
    (void)where_.files->remove(temporary());
  }

 private:
  std::string temporary() const { return path_ + ".tmp"; }
  position wanted_from(std::span<const target> set) const;
  void put_wanted(const batch_view& batch, const rewritten_view* again);
  void put_run(const batch_view& batch, const rewritten_view* again, std::size_t first, std::size_t end);
  result<void> flush();

  const log_directory& where_;
  const destination_need& need_;
  std::string path_;
  spill_head head_;
  std::unique_ptr<file> to_;
  group_builder group_{aligned_buffer(64u << 10)};
  group_header last_;  ///< of the groups in `group_`
  bool too_large_ = false;
  target_sets sets_, kept_sets_;
  std::vector<position> from_;  ///< of each set
  std::vector<target> kept_;
  std::vector<event_entry> entries_;
};

/// The first position at which an event of these targets is still needed.
position spill_writer::wanted_from(std::span<const target> set) const {
  position from = destination_need::nothing;
  for (const target& t : set) {
    if (t.destination == need_.id && t.lane < need_.lanes.size()) from = std::min(from, need_.lanes[t.lane]);
  }
  return from;
}

void spill_writer::put_wanted(const batch_view& batch, const rewritten_view* again) {
  const bool quarantined = need_.id == dead_letters_id;
  if (quarantined && batch.head.quarantined == 0) return;
  from_.clear();
  if (!quarantined) {
    batch.read_targets(sets_);
    for (std::size_t set = 0; set < sets_.size(); ++set) from_.push_back(wanted_from(sets_[set]));
  }
  const auto wanted = [&](std::size_t i) {
    const event_entry& e = batch.entries[i];
    if (quarantined) return e.quarantined() && need_.lanes[0] <= batch.first + i;
    return from_[e.targets] <= batch.first + i;
  };
  for (std::size_t i = 0; i < batch.entries.size(); ++i) {
    if (!wanted(i)) continue;
    const std::size_t first = i;
    while (i < batch.entries.size() && wanted(i)) ++i;
    put_run(batch, again, first, i);
  }
}

void spill_writer::put_run(const batch_view& batch, const rewritten_view* again, std::size_t first,
                           std::size_t end) {
  kept_sets_.clear();
  entries_.assign(batch.entries.begin() + static_cast<std::ptrdiff_t>(first),
                  batch.entries.begin() + static_cast<std::ptrdiff_t>(end));
  for (event_entry& e : entries_) {
    kept_.clear();
    if (e.targets != 0) {
      for (const target& t : sets_[e.targets]) {
        if (t.destination == need_.id) kept_.push_back(t);
      }
    }
    e.targets = kept_sets_.intern(kept_);
  }
  std::optional<group_builder::rewriting> rewriting;
  if (again != nullptr) rewriting = {again->head.kind, again->who, again->before.subspan(first, end - first)};
  const auto append = [&] {
    return group_.append_spilled(batch.first + first, rewriting,
                                 {batch.head.received_ms, entries_, kept_sets_, batch.body});
  };
  while (!too_large_ && !append()) {
    too_large_ = group_.capacity() >= group_bytes_max;
    group_.reserve(std::min<std::size_t>(2 * group_.capacity(), group_bytes_max));
  }
}

result<void> spill_writer::took(const group_header& group) {
  if (too_large_) return fail(errc::too_large, "a group's events do not fit into a spilled group", path_);
  last_ = group;
  return group_.disk_bytes() >= flush_bytes ? flush() : result<void>{};
}

result<void> spill_writer::flush() {
  if (group_.records() == 0) return {};
  group_.close({.type = group_type::spilled,
                .salt = head_.salt,
                .number = last_.number,
                .first_position = last_.first_position + last_.events - group_.events(),
                .durable_upto = last_.number - 1,
                .running_ms = last_.running_ms,
                .wall_ms = last_.wall_ms,
                .successor = 0});
  const std::size_t bytes = group_.disk_bytes();
  if (const auto wrote = to_->write_at({group_.data(), bytes}, head_.end); !wrote) return wrote;
  head_.end += bytes;
  head_.events += group_.events();
  group_ = group_builder(group_.release());
  return {};
}

result<spill_head> spill_writer::finish() {
  if (const auto wrote = flush(); !wrote) return fail(wrote.error());
  head_.crc = crc_of(head_);
  aligned_buffer block(block_bytes);
  std::memset(block.data(), 0, block_bytes);
  std::memcpy(block.data(), &head_, sizeof head_);
  if (const auto wrote = to_->write_at({block.data(), block_bytes}, 0); !wrote) return fail(wrote.error());
  if (const auto synced = to_->sync(); !synced) return fail(synced.error());
  to_.reset();
  if (const auto named = where_.files->rename(temporary(), path_); !named) return fail(named.error());
  return head_;
}

/// One pass over the segment for all writers.
result<void> copy_groups(const log_directory& where, const segment_head& segment, std::uint64_t seal,
                         std::vector<spill_writer>& writers,
                         const std::function<bool(std::uint64_t)>& go_on) {
  const std::string path = where.segment(segment.number);
  const auto from = where.files->open(path, open_mode::read, where.how);
  if (!from) return fail(from.error());
  group_cursor groups(**from, {segment.salt, segment.data_offset(), segment.first_group, seal},
                      where.setup.chunk_bytes);
  std::uint64_t told = groups.next_offset();
  while (groups.next_offset() < seal) {
    const auto there = groups.next();
    if (!there) return fail(there.error());
    if (!*there) return fail(damage(path, groups.next_offset(), "a group of a sealed segment is damaged"));
    const group_header& header = groups.header();
    if (header.type != group_type::data) continue;
    for (spill_writer& w : writers) {
      auto took = visit_records(header, groups.content(), w);
      if (took) took = w.took(header);
      if (!took) return took;
    }
    if (groups.next_offset() - told < where.setup.chunk_bytes) continue;
    if (!go_on(groups.next_offset() - told)) return fail(errc::stopping, "the log stops", path);
    told = groups.next_offset();
  }
  return {};
}

result<void> begin_all(std::vector<spill_writer>& writers) {
  for (spill_writer& w : writers) {
    if (auto begun = w.begin(); !begun) return begun;
  }
  return {};
}

}  // namespace

result<spill_head> read_spill_head(const log_directory& where, std::uint64_t segment, destination_id of) {
  const std::string path = where.spill(segment, of);
  const auto from = where.files->open(path, open_mode::read, where.how);
  if (!from) return fail(from.error());
  const auto size = (*from)->size();
  if (!size) return fail(size.error());
  const auto block = read_blocks(**from, 0, block_bytes);
  if (!block) return fail(block.error());
  spill_head head;
  std::memcpy(&head, block->data(), sizeof head);
  if (head.magic != spill_magic) return fail(damage(path, 0, "the spill file has no head"));
  if (head.version != format_version)
    return fail(errc::unsupported, "format version " + std::to_string(head.version) + " is not known",
                path + "+0");
  if (crc_of(head) != head.crc)
    return fail(damage(path, 0, "the spill file's head contradicts its checksum"));
  if (head.segment != segment || head.destination != of)
    return fail(damage(path, 0, "the spill file's head is of another file than its name"));
  if (head.salt == 0 || head.first_group == 0 || head.last_group < head.first_group ||
      head.first_position == 0 || head.next_position < head.first_position || head.end < block_bytes ||
      head.end % block_bytes != 0) {
    return fail(damage(path, 0, "the spill file's head is out of bounds"));
  }
  if (*size < head.end) return fail(damage(path, *size, "the spill file is shorter than its head says"));
  return head;
}

group_cursor::start spill_start(const spill_head& head) noexcept {
  return {head.salt, block_bytes, head.first_group, head.end, true};
}

result<void> verify_spill(const log_directory& where, const spill_head& head) {
  const std::string path = where.spill(head.segment, head.destination);
  const auto from = where.files->open(path, open_mode::read, where.how);
  if (!from) return fail(from.error());
  group_cursor groups(**from, spill_start(head), window_bytes);
  record_visitor checks_only;
  std::uint64_t events = 0;
  while (groups.next_offset() < head.end) {
    const auto there = groups.next();
    if (!there) return fail(there.error());
    if (!*there) return fail(damage(path, groups.next_offset(), "a spilled group is damaged"));
    if (const auto walked = visit_records(groups.header(), groups.content(), checks_only); !walked)
      return fail(damage(path, groups.offset(), walked.error().place + ": " + walked.error().detail));
    events += groups.header().events;
  }
  if (events != head.events) return fail(damage(path, 0, "the spill file holds another number of events"));
  return {};
}

result<std::vector<spill_head>> write_spills(const log_directory& where, const segment_head& segment,
                                             const segment_head& successor,
                                             const std::vector<destination_need>& needs,
                                             const std::function<bool(std::uint64_t)>& go_on) {
  std::vector<spill_writer> writers;
  writers.reserve(needs.size());
  for (const destination_need& need : needs) writers.emplace_back(where, need, segment, successor);
  std::vector<spill_head> made;
  auto done = begin_all(writers);
  if (done) done = copy_groups(where, segment, successor.predecessor_end - block_bytes, writers, go_on);
  for (spill_writer& w : writers) {
    if (!done) break;
    auto head = w.finish();
    if (head) {
      made.push_back(*head);
    } else {
      done = fail(head.error());
    }
  }
  if (!done) {
    for (spill_writer& w : writers) w.abandon();
    return fail(done.error());
  }
  return made;
}

}  // namespace sluice::checkpoint
