// The looking half of a start: reads, compares, changes nothing.
#include "actors/checkpoint/group_scan.hpp"
#include "actors/checkpoint/recovery.hpp"

namespace sluice::checkpoint {
namespace {

constexpr std::size_t window_bytes = 4u << 20;

/// A walk ended at `at`. Damage when anything behind says that the group which should be there was durable.
result<void> judge_end(const log_directory& where, const file& from, const std::string& path,
                       const group_cursor::start& at) {
  const auto evidence = find_evidence(from, at, window_bytes);
  if (!evidence) return fail(evidence.error());
  if (!*evidence) return {};
  return fail(damage(path, at.offset,
                     "group " + std::to_string(at.number) + " is damaged, and the group at offset " +
                         std::to_string(**evidence) + " says that it was durable (" + where.path + ")"));
}

/// Bytes of a group whose header is whole and whose content is not.
result<std::uint64_t> torn_bytes(const file& from, const group_cursor::start& at) {
  group_cursor cursor(from, at, block_bytes);
  const auto header = cursor.next(false);
  if (!header) return fail(header.error());
  return *header ? cursor.header().disk_bytes() : 0;
}

}  // namespace

result<tail_scan> scan_tail(const log_directory& where, const std::string& path, std::uint64_t number) {
  const auto from = where.files->open(path, open_mode::read, where.how);
  if (!from) return fail(from.error());
  const auto head = read_head(**from, path, where.setup.segment_size);
  if (!head) return fail(head.error());
  if (head->number != number)
    return fail(damage(path, 0, "the segment's head has another number than its name"));
  const auto record = read_state(**from, path, *head);
  if (!record) return fail(record.error());
  auto state = log_state::parse(*record);
  if (!state)
    return fail(error{state.error().code, state.error().detail, path + "+" + std::to_string(block_bytes), 0});

  tail_scan out;
  out.head = *head;
  out.state = std::move(*state);
  out.routed = out.state.routed_events();
  if (out.state.next_position() != head->first_position || out.state.next_group() > head->first_group) {
    return fail(damage(path, block_bytes, "the state record contradicts the segment's head"));
  }
  position next_position = head->first_position;
  group_cursor groups(**from, {head->salt, head->data_offset(), head->first_group, where.setup.segment_size},
                      window_bytes);
  for (;;) {
    const auto there = groups.next();
    if (!there) return fail(there.error());
    if (!*there) break;
    const group_header& h = groups.header();
    if (h.first_position != next_position) {
      return fail(damage(path, groups.offset(), "the group's first position does not follow the one before"));
    }
    result<void> took = out.state.apply(h, groups.content());
    if (took) took = out.identities.collect(h, groups.content());
    if (!took) {
      return fail(
          error{took.error().code, took.error().detail, path + "+" + std::to_string(groups.offset()), 0});
    }
    next_position += h.events;
    out.events += h.events;
    out.records += h.records;
    ++out.groups;
    out.last = h;
    if (h.type == group_type::data) out.last_data = h.number;
    if (h.type == group_type::seal) {
      return fail(
          damage(where.segment(h.successor), 0,
                 "the segment is missing: segment " + std::to_string(number) + " was sealed in its favour"));
    }
  }
  out.end = groups.next_offset();
  const group_cursor::start at{head->salt, out.end, groups.next_number(), where.setup.segment_size};
  if (auto judged = judge_end(where, **from, path, at); !judged) return fail(judged.error());
  const auto torn = torn_bytes(**from, at);
  if (!torn) return fail(torn.error());
  out.torn_bytes = *torn;
  return out;
}

result<sealed_end> check_link(const log_directory& where, const std::string& path, const segment_head& head,
                              const segment_head& successor, bool successor_empty) {
  const std::string next = where.segment(successor.number);
  if (successor.predecessor != head.number || successor.predecessor_salt != head.salt) {
    return fail(damage(
        next, 0, "the segment does not follow " + path + ", which has been swapped or taken from elsewhere"));
  }
  const std::uint64_t end = successor.predecessor_end;
  if (end % block_bytes != 0 || end < head.data_offset() + block_bytes || end > where.setup.segment_size ||
      successor.first_position < head.first_position || successor.first_group <= head.first_group) {
    return fail(damage(next, 0, "the segment's head contradicts the one before"));
  }
  const auto from = where.files->open(path, open_mode::read, where.how);
  if (!from) return fail(from.error());
  group_cursor cursor(**from, {head.salt, end - block_bytes, successor.first_group - 1, end}, block_bytes);
  const auto there = cursor.next();
  if (!there) return fail(there.error());
  sealed_end out;
  if (*there && cursor.header().type == group_type::seal && cursor.header().successor == successor.number &&
      cursor.header().first_position == successor.first_position) {
    out.seal = cursor.header();
    return out;
  }
  if (!successor_empty) return fail(damage(path, end - block_bytes, "the segment's seal is damaged"));
  out.found = link::seal_owed;
  return out;
}

result<void> check_dense(const log_directory& where, const std::vector<std::uint64_t>& segments) {
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (segments[i] != segments[i - 1] + 1) {
      return fail(damage(where.segment(segments[i - 1] + 1), 0, "the segment is missing"));
    }
  }
  return {};
}

result<group_number> last_data_group(const log_directory& where, const segment_info& segment) {
  const std::string path = where.segment(segment.head.number);
  const auto from = where.files->open(path, open_mode::read, where.how);
  if (!from) return fail(from.error());
  const std::uint64_t seal = segment.end - block_bytes;
  group_cursor groups(**from, {segment.head.salt, segment.head.data_offset(), segment.head.first_group, seal},
                      window_bytes);
  group_number last = 0;
  while (groups.next_offset() < seal) {
    const auto there = groups.next(false);
    if (!there) return fail(there.error());
    if (!*there) return fail(damage(path, groups.next_offset(), "a group of a sealed segment is damaged"));
    if (groups.header().type == group_type::data) last = groups.header().number;
  }
  return last;
}

}  // namespace sluice::checkpoint
