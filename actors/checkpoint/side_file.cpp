// Collected while committing, written once after the seal, read at start.
#include "actors/checkpoint/side_file.hpp"

#include <algorithm>
#include <cstring>

#include "actors/checkpoint/group_scan.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

constexpr std::uint64_t side_magic = 0x53444945'43554c53;  // "SLUCEIDS" as bytes
constexpr std::size_t rebuild_window_bytes = 4u << 20;

class collector final : public record_visitor {
 public:
  collector(segment_identities& into, std::uint64_t running_ms) : into_(into), running_ms_(running_ms) {}
  void on_batch(const batch_view& batch) override {
    if (batch.entries.empty()) return;
    auto& runs = into_.runs;
    if (!runs.empty() && runs.back().running_ms == running_ms_ &&
        runs.back().first + runs.back().count == batch.first) {
      runs.back().count += batch.entries.size();
    } else {
      runs.push_back({running_ms_, batch.first, batch.entries.size()});
    }
    position at = batch.first;
    for (const event_entry& e : batch.entries) {
      into_.identities.push_back(e.identity);
      into_.places.push_back({e.id_hash, at++});
    }
  }

 private:
  segment_identities& into_;
  std::uint64_t running_ms_;
};

std::uint32_t crc_of(side_head head) {
  head.crc = 0;
  return crc32c(std::as_bytes(std::span(&head, 1)));
}

side_info info_of(const side_head& head) {
  return {head.number, head.salt, head.file_bytes(), head.identities, head.last_running_ms};
}

result<side_head> read_side_head(const file& from, const std::string& path, std::uint64_t number) {
  side_head head;
  const auto got = from.read_at(std::as_writable_bytes(std::span(&head, 1)), 0);
  if (!got) return fail(got.error());
  if (*got != sizeof head || head.magic != side_magic || head.crc != crc_of(head)) {
    return fail(damage(path, 0, "the side file's head contradicts its checksum"));
  }
  if (head.version != format_version)
    return fail(errc::unsupported, "the side file's version is not known", path + "+8");
  if (head.number != number) return fail(damage(path, 0, "the side file belongs to another segment"));
  const auto size = from.size();
  if (!size) return fail(size.error());
  constexpr std::uint64_t counts_max = 1ull << 32;  // far above what a segment holds, far below an overflow
  if (head.runs > counts_max || head.identities > counts_max || head.file_bytes() != *size) {
    return fail(damage(path, *size, "the side file has the wrong length"));
  }
  return head;
}

template <class T>
result<void> read_part(const file& from, const std::string& path, std::uint64_t& offset, std::uint64_t count,
                       std::uint32_t crc, std::vector<T>& into) {
  into.resize(count);
  const auto bytes = std::as_writable_bytes(std::span(into));
  const auto got = from.read_at(bytes, offset);
  if (!got) return fail(got.error());
  if (*got != bytes.size() || crc32c(bytes) != crc) {
    return fail(damage(path, offset, "the side file contradicts its checksum"));
  }
  offset += bytes.size();
  return {};
}

}  // namespace

result<void> segment_identities::collect(const group_header& header, std::span<const std::byte> content) {
  if (header.type != group_type::data) return {};
  collector visit(*this, header.running_ms);
  return visit_records(header, content, visit);
}

result<side_info> write_side(const log_directory& where, std::uint64_t number, std::uint64_t salt,
                             segment_identities& from) {
  std::ranges::sort(from.places);
  const std::span<const std::byte> runs = std::as_bytes(std::span(from.runs));
  const std::span<const std::byte> identities = std::as_bytes(std::span(from.identities));
  const std::span<const std::byte> places = std::as_bytes(std::span(from.places));
  side_head head;
  head.magic = side_magic;
  head.number = number;
  head.salt = salt;
  head.runs = from.runs.size();
  head.identities = from.identities.size();
  head.last_running_ms = from.last_running_ms();
  head.runs_crc = crc32c(runs);
  head.identities_crc = crc32c(identities);
  head.places_crc = crc32c(places);
  head.crc = crc_of(head);
  const std::array pieces{std::as_bytes(std::span(&head, 1)), runs, identities, places};
  if (const auto wrote = write_small(where, where.side(number), pieces); !wrote) return fail(wrote.error());
  return info_of(head);
}

result<side_info> peek_side(const log_directory& where, std::uint64_t number) {
  const std::string path = where.side(number);
  const auto from = where.files->open(path, open_mode::read, caching::buffered);
  if (!from) return fail(from.error());
  const auto head = read_side_head(**from, path, number);
  if (!head) return fail(head.error());
  return info_of(*head);
}

result<segment_identities> read_side(const log_directory& where, std::uint64_t number, bool with_places) {
  const std::string path = where.side(number);
  const auto from = where.files->open(path, open_mode::read, caching::buffered);
  if (!from) return fail(from.error());
  const auto head = read_side_head(**from, path, number);
  if (!head) return fail(head.error());
  segment_identities out;
  std::uint64_t offset = sizeof(side_head);
  if (auto r = read_part(**from, path, offset, head->runs, head->runs_crc, out.runs); !r)
    return fail(r.error());
  if (auto r = read_part(**from, path, offset, head->identities, head->identities_crc, out.identities); !r) {
    return fail(r.error());
  }
  std::uint64_t count = 0;
  for (const identity_run& run : out.runs) {
    if (run.count > head->identities - count) {
      return fail(damage(path, sizeof(side_head), "the side file's runs contradict their number"));
    }
    count += run.count;
  }
  if (count != head->identities) {
    return fail(damage(path, sizeof(side_head), "the side file's runs contradict their number"));
  }
  if (with_places) {
    if (auto r = read_part(**from, path, offset, head->identities, head->places_crc, out.places); !r) {
      return fail(r.error());
    }
  }
  return out;
}

result<segment_identities> rebuild_identities(const log_directory& where, const segment_head& head,
                                              std::uint64_t end) {
  const std::string path = where.segment(head.number);
  const auto from = where.files->open(path, open_mode::read, where.how);
  if (!from) return fail(from.error());
  segment_identities out;
  const std::uint64_t seal = end - block_bytes;
  group_cursor groups(**from, {head.salt, head.data_offset(), head.first_group, seal}, rebuild_window_bytes);
  while (groups.next_offset() < seal) {
    const auto there = groups.next();
    if (!there) return fail(there.error());
    if (!*there) return fail(damage(path, groups.next_offset(), "a group of a sealed segment is damaged"));
    if (auto took = out.collect(groups.header(), groups.content()); !took) {
      return fail(damage(path, groups.offset(), took.error().detail));
    }
  }
  return out;
}

void fill_window(dedup_window& window, const segment_identities& from) {
  std::size_t next = 0;
  for (const identity_run& run : from.runs) {
    window.expire(run.running_ms);
    for (std::uint64_t i = 0; i < run.count; ++i) {
      window.insert(from.identities[next++], run.running_ms);
      window.confirm(window.end());
    }
  }
  SLUICE_ASSERT(next == from.identities.size());
}

}  // namespace sluice::checkpoint
