// The copy goes group by group, because each header is sealed anew with the new salt.
#include "actors/checkpoint/recovery_copy.hpp"

#include <algorithm>
#include <cstring>

#include "actors/checkpoint/group_scan.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

constexpr std::size_t copy_window_bytes = 4u << 20;

group_header with_salt(group_header header, std::uint64_t salt) {
  header.salt = salt;
  header.header_crc = 0;
  header.header_crc = crc32c(std::as_bytes(std::span(&header, 1)));
  return header;
}

result<void> rename_durably(const log_directory& where, const std::string& from, const std::string& to) {
  if (const auto renamed = where.files->rename(from, to); !renamed) return fail(final_error(renamed.error()));
  if (const auto synced = where.sync(); !synced) return fail(final_error(synced.error()));
  return {};
}

result<void> write_mark(file& to, const segment_head& head, group_number number, position next_position,
                        const copy_request& what) {
  group_builder mark{aligned_buffer(block_bytes)};
  mark.close({.type = group_type::mark,
              .salt = head.salt,
              .number = number,
              .first_position = next_position,
              .durable_upto = number - 1,
              .running_ms = what.running_ms,
              .wall_ms = what.wall_ms,
              .successor = 0});
  return to.write_at({mark.data(), mark.disk_bytes()}, what.end);
}

/// Copies and syncs; the names stay as they are.
result<copied_segment> write_copy(const log_directory& where, const random_source& random,
                                  const copy_request& what) {
  const std::string path = where.segment(what.number);
  const auto source = where.files->open(path, open_mode::read, where.how);
  if (!source) return fail(source.error());
  const auto old_head = read_head(**source, path, where.setup.segment_size);
  if (!old_head) return fail(old_head.error());
  const auto state = read_state(**source, path, *old_head);
  if (!state) return fail(state.error());
  auto target = where.files->open(where.reserve(), open_mode::write, where.how);
  if (!target) return fail(target.error());
  // No more than a look where the reserve is whole; a crash may have come between its name and its length.
  if (const auto room = (*target)->allocate(where.setup.segment_size); !room) return fail(room.error());

  segment_head head = *old_head;
  head.replaced_salt = old_head->salt;
  head.salt = draw_salt(random);
  const auto written = write_head(**target, head, *state);
  if (!written) return fail(written.error());
  head = *written;

  group_cursor groups(**source, {old_head->salt, old_head->data_offset(), old_head->first_group, what.end},
                      copy_window_bytes);
  position next_position = head.first_position;
  aligned_buffer out;
  while (groups.next_offset() < what.end) {
    const auto there = groups.next();
    if (!there) return fail(there.error());
    if (!*there) return fail(damage(path, groups.next_offset(), "a group changed while it was copied"));
    const auto bytes = groups.whole();
    if (out.capacity() < bytes.size()) out = aligned_buffer(std::max(bytes.size(), copy_window_bytes));
    std::memcpy(out.data(), bytes.data(), bytes.size());
    const group_header renewed = with_salt(groups.header(), head.salt);
    std::memcpy(out.data(), &renewed, sizeof renewed);
    if (const auto wrote = (*target)->write_at({out.data(), bytes.size()}, groups.offset()); !wrote) {
      return fail(wrote.error());
    }
    next_position += groups.header().events;
  }
  std::uint64_t end = what.end;
  if (what.end_mark) {
    if (const auto wrote = write_mark(**target, head, groups.next_number(), next_position, what); !wrote) {
      return fail(wrote.error());
    }
    end += block_bytes;
  }
  if (const auto synced = (*target)->sync(); !synced) return fail(final_error(synced.error()));
  return copied_segment{std::move(*target), head, end};
}

}  // namespace

result<void> make_reserve(const log_directory& where, const std::string& pool_name) {
  if (!pool_name.empty()) return rename_durably(where, pool_name, where.reserve());
  auto made = where.files->open(where.reserve(), open_mode::create, where.how);
  if (!made) return fail(made.error());
  if (const auto room = (*made)->allocate(where.setup.segment_size); !room) {
    made->reset();
    if (const auto gone = where.files->remove(where.reserve()); !gone) return gone;
    return room;
  }
  if (const auto synced = (*made)->sync(); !synced) return fail(final_error(synced.error()));
  return where.sync();
}

result<copied_segment> copy_open_segment(const log_directory& where, const random_source& random,
                                         const copy_request& what) {
  SLUICE_ASSERT(what.end + (what.end_mark ? block_bytes : 0) <= where.setup.segment_size);
  auto copy = write_copy(where, random, what);
  if (!copy) return copy;
  const std::string name = where.segment(what.number), old = where.replaced(what.number);
  if (const auto r = rename_durably(where, name, old); !r) return fail(r.error());
  if (const auto r = rename_durably(where, where.reserve(), name); !r) return fail(r.error());
  if (const auto r = rename_durably(where, old, where.reserve()); !r) return fail(r.error());
  return copy;
}

result<void> restore_names(const log_directory& where, const directory_listing& listing) {
  for (const std::uint64_t number : listing.replaced) {
    const bool copy_counts = std::ranges::binary_search(listing.segments, number);
    const std::string old = where.replaced(number);
    if (!copy_counts) {
      if (const auto r = rename_durably(where, old, where.segment(number)); !r) return r;
    } else if (!listing.reserve) {
      if (const auto r = rename_durably(where, old, where.reserve()); !r) return r;
    } else {
      if (const auto r = where.files->remove(old); !r) return r;
      if (const auto r = where.sync(); !r) return r;
    }
  }
  return {};
}

}  // namespace sluice::checkpoint
