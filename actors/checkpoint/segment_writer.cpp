// Every failure is either without consequence (no room) or final; what is owed after a failure is paid before
// the next group.
#include "actors/checkpoint/segment_writer.hpp"

#include <algorithm>
#include <utility>

#include "actors/checkpoint/recovery_copy.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {

segment_writer::segment_writer(log_directory where, random_source random, segment_table& table,
                               recovered_log& from)
    : where_(std::move(where)),
      random_(std::move(random)),
      table_(&table),
      open_(std::move(from.open)),
      head_(from.segments.back().head),
      end_(from.segments.back().end),
      next_group_(from.next_group),
      next_position_(from.state.next_position()),
      last_type_(from.last_type),
      running_ms_(from.state.running_ms()) {}

tl::unexpected<error> segment_writer::give_up(error why) {
  failed_ = final_error(std::move(why));
  return fail(*failed_);
}

result<segment_writer::placed> segment_writer::append(group_builder& group, segment_log::moment when,
                                                      std::span<const std::byte> state) {
  const std::uint64_t bytes = group.disk_bytes();
  SLUICE_ASSERT(group.records() != 0 && bytes <= group_bytes_max);
  when.running_ms = std::max(when.running_ms, running_ms_);
  if (auto settled = settle(when); !settled) return fail(settled.error());
  if (!state.empty()) {
    if (auto over = rotate(when, state); !over) return fail(over.error());
  }
  SLUICE_ASSERT(fits(bytes));
  const placed at{head_.number, end_};
  const std::uint32_t events = group.events();
  if (auto wrote = write(group, group_type::data, when); !wrote) return fail(wrote.error());
  next_position_ += events;
  return at;
}

result<group_number> segment_writer::append_empty(group_type type, segment_log::moment when) {
  when.running_ms = std::max(when.running_ms, running_ms_);
  if (auto settled = settle(when); !settled) return fail(settled.error());
  const bool said = last_type_ == type || (type == group_type::mark && last_type_ != group_type::data);
  if (said) return durable();
  group_builder group{aligned_buffer(block_bytes)};
  if (auto wrote = write(group, type, when); !wrote) return fail(wrote.error());
  return durable();
}

result<void> segment_writer::write(group_builder& group, group_type type, segment_log::moment when) {
  group.close({.type = type,
               .salt = head_.salt,
               .number = next_group_,
               .first_position = next_position_,
               .durable_upto = next_group_ - 1,
               .running_ms = when.running_ms,
               .wall_ms = when.wall_ms,
               .successor = 0});
  const std::size_t bytes = group.disk_bytes();
  SLUICE_ASSERT(end_ + bytes + block_bytes <= where_.setup.segment_size);
  if (const auto wrote = open_->write_at({group.data(), bytes}, end_); !wrote) {
    if (wrote.error().code != errc::no_space) return give_up(wrote.error());
    cut_back_owed_ = true;
    return fail(wrote.error());
  }
  if (const auto synced = open_->sync(); !synced) return give_up(synced.error());
  end_ += bytes;
  ++next_group_;
  last_type_ = type;
  running_ms_ = when.running_ms;
  std::scoped_lock lock(table_->mutex);
  table_->segments.back().end = end_;
  table_->segments.back().running_ms = when.running_ms;
  table_->running_ms = when.running_ms;
  return {};
}

/// Pays what an earlier call still owes: a seal that found no room, a cut behind a group that found none.
result<void> segment_writer::settle(segment_log::moment when) {
  if (!failed_) {
    std::scoped_lock lock(table_->mutex);
    failed_ = table_->failed;
  }
  if (failed_)
    return fail(errc::not_durable, "an earlier write failed: " + to_string(*failed_), where_.path,
                failed_->sys);
  if (sealing_ != nullptr) {
    if (auto sealed = write_seal(when); !sealed) return sealed;
  }
  return cut_back_owed_ ? cut_back(when) : result<void>{};
}

result<void> segment_writer::cut_back(segment_log::moment when) {
  std::scoped_lock in_use(table_->reserve_in_use);
  bool has_reserve = false;
  {
    std::scoped_lock lock(table_->mutex);
    has_reserve = table_->has_reserve;
  }
  if (!has_reserve) {
    if (const auto made = make_reserve(where_, {}); !made) {
      return made.error().code == errc::no_space ? made : give_up(made.error());
    }
    std::scoped_lock lock(table_->mutex);
    table_->has_reserve = true;
  }
  auto copy = copy_open_segment(where_, random_,
                                {.number = head_.number,
                                 .end = end_,
                                 .end_mark = false,
                                 .running_ms = when.running_ms,
                                 .wall_ms = when.wall_ms});
  if (!copy) {
    if (copy.error().code == errc::no_space) return fail(copy.error());
    return give_up(copy.error());
  }
  open_ = std::move(copy->handle);
  head_ = copy->head;
  cut_back_owed_ = false;
  std::scoped_lock lock(table_->mutex);
  table_->segments.back().head = head_;
  return {};
}

/// The order that a start relies on: the next segment has head, state record and name, all durable, before
/// the open one is sealed; the seal is durable before the next segment's first group.
result<void> segment_writer::rotate(segment_log::moment when, std::span<const std::byte> state) {
  if (auto taken = take_next(state); !taken) return taken;
  return write_seal(when);
}

result<void> segment_writer::take_next(std::span<const std::byte> state) {
  std::uint64_t pool = 0;
  {
    std::scoped_lock lock(table_->mutex);
    SLUICE_ASSERT(!table_->ready.empty());
    pool = table_->ready.front();
  }
  segment_head head;
  head.number = head_.number + 1;
  head.salt = draw_salt(random_);
  head.predecessor = head_.number;
  head.predecessor_salt = head_.salt;
  head.predecessor_end = end_ + block_bytes;
  head.first_position = next_position_;
  head.first_group = next_group_ + 1;
  auto next = where_.files->open(where_.pool(pool), open_mode::write, where_.how);
  if (!next) return give_up(next.error());
  const auto written = write_head(**next, head, state);
  if (!written) {
    if (written.error().code == errc::no_space) return fail(written.error());
    return give_up(written.error());
  }
  if (const auto synced = (*next)->sync(); !synced) return give_up(synced.error());
  if (const auto named = where_.files->rename(where_.pool(pool), where_.segment(head.number)); !named) {
    return give_up(named.error());
  }
  if (const auto synced = where_.sync(); !synced) return give_up(synced.error());
  const auto known = log_state::parse(state);
  SLUICE_ASSERT(known.has_value());
  routed_ = known->routed_events();
  sealing_ = std::exchange(open_, std::move(*next));
  sealing_head_ = std::exchange(head_, *written);
  end_ = head_.data_offset();
  next_group_ = head_.first_group;
  last_type_ = group_type::seal;
  return {};
}

/// Also enters the new segment into the table, so that no reader looks for a seal that is not there yet.
result<void> segment_writer::write_seal(segment_log::moment when) {
  const group_number number = head_.first_group - 1;
  group_builder seal{aligned_buffer(block_bytes)};
  seal.close({.type = group_type::seal,
              .salt = sealing_head_.salt,
              .number = number,
              .first_position = head_.first_position,
              .durable_upto = number - 1,
              .running_ms = when.running_ms,
              .wall_ms = when.wall_ms,
              .successor = head_.number});
  const auto wrote =
      sealing_->write_at({seal.data(), seal.disk_bytes()}, head_.predecessor_end - block_bytes);
  if (!wrote) {
    if (wrote.error().code == errc::no_space) return fail(wrote.error());
    return give_up(wrote.error());
  }
  if (const auto synced = sealing_->sync(); !synced) return give_up(synced.error());
  sealing_.reset();
  std::scoped_lock lock(table_->mutex);
  segment_info& sealed = table_->segments.back();
  sealed.end = head_.predecessor_end;
  sealed.running_ms = when.running_ms;
  sealed.sealed = true;
  table_->segments.push_back({.head = head_,
                              .end = end_,
                              .running_ms = when.running_ms,
                              .sealed = false,
                              .side_written = false,
                              .identities = nullptr,
                              .routed = std::move(routed_)});
  table_->ready.pop_front();
  return {};
}

}  // namespace sluice::checkpoint
