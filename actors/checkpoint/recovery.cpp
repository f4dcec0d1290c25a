// The changing half of a start. Order: everything is looked at; then the owed seal, the recovery copy or the
// renewed stop, each synced; then the window is full and the log may answer.
#include "actors/checkpoint/recovery.hpp"

#include <algorithm>
#include <map>

#include "actors/checkpoint/recovery_copy.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

result<void> write_first_segment(const log_directory& where, const random_source& random,
                                 recovered_log& into) {
  const std::string name = where.pool(1);
  auto made = where.files->open(name, open_mode::create, where.how);
  if (!made) return fail(made.error());
  if (const auto room = (*made)->allocate(where.setup.segment_size); !room) return room;
  segment_head head;
  head.number = 1;
  head.salt = draw_salt(random);
  const auto written = write_head(**made, head, log_state{}.serialize());
  if (!written) return fail(written.error());
  if (const auto synced = (*made)->sync(); !synced) return fail(final_error(synced.error()));
  if (const auto named = where.files->rename(name, where.segment(1)); !named) return named;
  if (const auto synced = where.sync(); !synced) return fail(final_error(synced.error()));
  into.segments.push_back({.head = *written,
                           .end = written->data_offset(),
                           .running_ms = 0,
                           .sealed = false,
                           .side_written = false,
                           .identities = nullptr});
  into.open = std::move(*made);
  return {};
}

/// The secret comes behind the first segment, so that a secret without segments tells of a log that has lost
/// them.
result<recovered_log> begin_log(const log_directory& where, const random_source& random,
                                const directory_listing& listing) {
  if (listing.secret || listing.reserve || !listing.sides.empty() || !listing.spills.empty()) {
    return fail(damage(where.path, 0, "the segments are missing: the directory held a log before"));
  }
  recovered_log out;
  for (const std::uint64_t n : listing.pool) {
    if (n != 1) out.pool.push_back(n);
  }
  if (auto made = write_first_segment(where, random, out); !made) return fail(made.error());
  const auto secret = create_secret(where, random);
  if (!secret) return fail(secret.error());
  out.secret = *secret;
  return out;
}

/// What the state record behind `head` says of how many events were routed.
result<std::vector<std::uint64_t>> routed_before(const file& from, const std::string& path,
                                                 const segment_head& head) {
  const auto record = read_state(from, path, head);
  if (!record) return fail(record.error());
  const auto state = log_state::parse(*record);
  if (!state) return fail(state.error());
  return state->routed_events();
}

/// Heads of all segments and how they fit. Returns whether the last seal is owed.
result<bool> read_chain(const log_directory& where, const std::vector<std::uint64_t>& numbers,
                        const tail_scan& tail, recovered_log& into) {
  std::vector<segment_head> heads;
  std::vector<std::vector<std::uint64_t>> routed;
  for (const std::uint64_t number : numbers) {
    if (number == tail.head.number) {
      heads.push_back(tail.head);
      routed.push_back(tail.routed);
      break;
    }
    const std::string path = where.segment(number);
    const auto from = where.files->open(path, open_mode::read, where.how);
    if (!from) return fail(from.error());
    const auto head = read_head(**from, path, where.setup.segment_size);
    if (!head) return fail(head.error());
    if (head->number != number)
      return fail(damage(path, 0, "the segment's head has another number than its name"));
    heads.push_back(*head);
    auto before = routed_before(**from, path, *head);
    if (!before && before.error().code != errc::corrupt && before.error().code != errc::unsupported)
      return fail(before.error());
    // Without it the events of two segments count as one's: a share is an estimate.
    if (!before) before = routed.empty() ? std::vector<std::uint64_t>{} : routed.back();
    routed.push_back(std::move(*before));
  }
  bool owed = false;
  for (std::size_t i = 0; i + 1 < heads.size(); ++i) {
    const bool successor_empty = i + 2 == heads.size() && tail.groups == 0;
    const auto fits = check_link(where, where.segment(numbers[i]), heads[i], heads[i + 1], successor_empty);
    if (!fits) return fail(fits.error());
    owed = successor_empty;
    const std::uint64_t running_ms =
        fits->found == link::whole ? fits->seal.running_ms : tail.state.running_ms();
    into.segments.push_back({.head = heads[i],
                             .end = heads[i + 1].predecessor_end,
                             .running_ms = running_ms,
                             .sealed = true,
                             .side_written = false,
                             .identities = nullptr,
                             .routed = std::move(routed[i])});
  }
  into.segments.push_back({.head = tail.head,
                           .end = tail.end,
                           .running_ms = tail.state.running_ms(),
                           .sealed = false,
                           .side_written = false,
                           .identities = nullptr,
                           .routed = std::move(routed.back())});
  return owed;
}

/// The newest segment holds no group: whether its predecessor's seal is there, durable or not at all, it is
/// written again. It says nothing but what the successor's head says already, so a torn one cannot mislead.
result<void> write_owed_seal(const log_directory& where, const segment_info& sealed,
                             const segment_head& successor) {
  auto to = where.files->open(where.segment(sealed.head.number), open_mode::write, where.how);
  if (!to) return fail(to.error());
  const group_number number = successor.first_group - 1;
  group_builder seal{aligned_buffer(block_bytes)};
  seal.close({.type = group_type::seal,
              .salt = sealed.head.salt,
              .number = number,
              .first_position = successor.first_position,
              .durable_upto = number - 1,
              .running_ms = sealed.running_ms,
              .wall_ms = 0,
              .successor = successor.number});
  const auto wrote =
      (*to)->write_at({seal.data(), seal.disk_bytes()}, successor.predecessor_end - block_bytes);
  if (!wrote) return wrote;
  if (const auto synced = (*to)->sync(); !synced) return fail(final_error(synced.error()));
  return {};
}

/// A clean end is gone on with in place, and that is safe: all before the stop was synced before it was
/// written, and what lies behind it is no valid group, so that only a whole new write can make one. The stop
/// itself may be known to the page cache alone; the same bytes are written again and synced, because the next
/// group will call it durable.
result<void> continue_behind_stop(const log_directory& where, const tail_scan& tail, recovered_log& into) {
  auto to = where.files->open(where.segment(tail.head.number), open_mode::write, where.how);
  if (!to) return fail(to.error());
  const auto stop = read_blocks(**to, tail.end - block_bytes, block_bytes);
  if (!stop) return fail(stop.error());
  if (const auto wrote = (*to)->write_at({stop->data(), block_bytes}, tail.end - block_bytes); !wrote)
    return wrote;
  if (const auto synced = (*to)->sync(); !synced) return fail(final_error(synced.error()));
  into.open = std::move(*to);
  return {};
}

/// An unclean end: never gone on with in the same file (see recovery_copy.hpp). A mark goes behind the copied
/// groups, so that damage to the last of them is told from a torn tail from now on: they are about to be
/// relied on.
result<void> continue_in_copy(const log_directory& where, const random_source& random, const tail_scan& tail,
                              recovered_log& into) {
  if (!into.has_reserve) {
    const std::string pool = into.pool.empty() ? std::string() : where.pool(into.pool.back());
    if (const auto made = make_reserve(where, pool); !made) return made;
    if (!pool.empty()) into.pool.pop_back();
    into.has_reserve = true;
  }
  const bool mark = tail.groups != 0 && tail.last.type == group_type::data;
  auto copy = copy_open_segment(where, random,
                                {.number = tail.head.number,
                                 .end = tail.end,
                                 .end_mark = mark,
                                 .running_ms = tail.state.running_ms(),
                                 .wall_ms = tail.last.wall_ms});
  if (!copy) return fail(copy.error());
  into.open = std::move(copy->handle);
  into.segments.back().head = copy->head;
  into.segments.back().end = copy->end;
  if (mark) {
    ++into.next_group;
    into.last_type = group_type::mark;
  }
  return {};
}

result<recovered_log> continue_log(const log_directory& where, const random_source& random,
                                   const directory_listing& listing, dedup_window& window,
                                   recovery_report& report) {
  recovered_log out;
  out.pool = listing.pool;
  out.has_reserve = listing.reserve;
  if (auto dense = check_dense(where, listing.segments); !dense) return fail(dense.error());
  const std::uint64_t newest = listing.segments.back();
  auto tail = scan_tail(where, where.segment(newest), newest);
  if (!tail) return fail(tail.error());
  const bool begun = newest == 1 && tail->groups == 0 && !listing.reserve;
  if (!listing.secret && !begun)
    return fail(damage(where.secret(), 0, "the secret is missing: identities cannot be recognised"));
  const auto secret = listing.secret ? read_secret(where) : create_secret(where, random);
  if (!secret) return fail(secret.error());
  out.secret = *secret;
  const auto owed = read_chain(where, listing.segments, *tail, out);
  if (!owed) return fail(owed.error());
  if (auto spilled = load_spills(where, listing, tail->state, out); !spilled) return fail(spilled.error());
  auto loaded =
      load_identities(where, listing.sides, tail->identities, tail->state.running_ms(), out, window);
  if (!loaded) return fail(loaded.error());

  out.next_group = tail->next_group();
  out.last_type = tail->groups == 0 ? group_type::seal : tail->last.type;
  out.last_data = tail->last_data;
  if (out.last_data == 0 && out.segments.size() > 1) {
    const auto before = last_data_group(where, out.segments[out.segments.size() - 2]);
    if (!before) return fail(before.error());
    out.last_data = *before;
  }
  if (*owed) {
    const auto sealed = write_owed_seal(where, out.segments[out.segments.size() - 2], tail->head);
    if (!sealed) return fail(sealed.error());
  }
  const auto ready =
      tail->stopped() ? continue_behind_stop(where, *tail, out) : continue_in_copy(where, random, *tail, out);
  if (!ready) return fail(ready.error());
  // The cursors that have passed them are durable only now.
  for (const std::string& path : out.unneeded) {
    if (const auto gone = where.files->remove(path); !gone) return fail(gone.error());
  }
  report.clean = tail->stopped();
  report.groups_replayed = tail->groups;
  report.torn_bytes = tail->torn_bytes;
  out.state = std::move(tail->state);
  out.identities = std::move(tail->identities);
  return out;
}

}  // namespace

result<recovered_log> recover(const log_directory& where, const random_source& random, dedup_window& window,
                              recovery_report& report) {
  auto listing = list_log(where);
  if (!listing) return fail(listing.error());
  for (const std::string& name : listing->temporary) {
    if (const auto gone = where.files->remove(where.in(name)); !gone) return fail(gone.error());
  }
  if (!listing->replaced.empty()) {
    if (const auto restored = restore_names(where, *listing); !restored) return fail(restored.error());
    listing = list_log(where);
    if (!listing) return fail(listing.error());
  }
  report = {};
  report.clean = listing->segments.empty();
  auto out = listing->segments.empty() ? begin_log(where, random, *listing)
                                       : continue_log(where, random, *listing, window, report);
  if (out) {
    report.segments = out->segments.size();
    report.identities = window.size();
  }
  return out;
}

}  // namespace sluice::checkpoint
