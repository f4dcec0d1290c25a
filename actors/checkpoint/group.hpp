// A group in memory: built in an aligned buffer by the checkpoint, written as it lies, then shared with every
// reader.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/checkpoint/format.hpp"
#include "messages/batch.hpp"
#include "messages/result.hpp"

namespace sluice::checkpoint {

/// CRC32C (Castagnoli), as in iSCSI (RFC 3720 B.4).
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0) noexcept;

/// Block-aligned memory of a fixed capacity.
class aligned_buffer {
 public:
  aligned_buffer() = default;
  explicit aligned_buffer(std::size_t capacity);  ///< rounded up to block_bytes; not zeroed
  aligned_buffer(aligned_buffer&& other) noexcept
      : memory_(std::move(other.memory_)), capacity_(std::exchange(other.capacity_, 0)) {}
  aligned_buffer& operator=(aligned_buffer&& other) noexcept {
    memory_ = std::move(other.memory_);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  std::byte* data() noexcept { return memory_.get(); }
  const std::byte* data() const noexcept { return memory_.get(); }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct release {
    void operator()(std::byte* p) const noexcept;
  };
  std::unique_ptr<std::byte, release> memory_;
  std::size_t capacity_ = 0;
};

/// Keeps buffers of the sizes that groups use, so that a committed group's memory is taken again without new
/// pages. Thread-safe (readers return buffers from anywhere). Holds back at most `keep_bytes`.
class buffer_pool : public std::enable_shared_from_this<buffer_pool> {
 public:
  explicit buffer_pool(std::size_t keep_bytes);
  ~buffer_pool();
  /// Capacity: the smallest of 64 KiB, 256 KiB, 1 MiB, 4 MiB, 16 MiB, 48 MiB (group_bytes_max) that holds
  /// `bytes`.
  aligned_buffer take(std::size_t bytes);
  void give_back(aligned_buffer buffer) noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// A committed group, shared by readers. Immutable.
struct committed_group {
  aligned_buffer buffer;
  std::weak_ptr<buffer_pool> pool;  ///< gets the buffer back
  std::size_t bytes = 0;            ///< header, content and padding
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  /// The lanes that it has events for, see targets_of; empty: not known.
  std::optional<std::vector<target>> targets = {};

  /// False when it surely has none for the lane.
  bool may_hold(const target& lane) const noexcept {
    return !targets || std::ranges::binary_search(*targets, lane);
  }

  committed_group() = default;
  committed_group(const committed_group&) = delete;
  committed_group& operator=(const committed_group&) = delete;
  ~committed_group();

  const group_header& header() const noexcept {
    return *reinterpret_cast<const group_header*>(buffer.data());
  }
  std::span<const std::byte> content() const noexcept {
    return {buffer.data() + sizeof(group_header), header().content_bytes};
  }
};
using committed_group_ptr = std::shared_ptr<const committed_group>;

/// Views into a record's payload; valid as long as the group.
struct batch_view {
  batch_head head;
  position first = 0;  ///< of its first event
  std::span<const event_entry> entries;
  std::span<const hash128> duplicates;
  std::string_view body;
  std::span<const std::byte> targets;

  std::string_view slice(const event_entry& e) const noexcept { return body.substr(e.offset, e.length); }
  std::string_view id(const event_entry& e) const noexcept {
    return slice(e).substr(e.id_offset, e.id_length);
  }
  std::string_view source(const event_entry& e) const noexcept {
    return slice(e).substr(e.source_offset, e.source_length);
  }
  std::string_view region(const event_entry& e) const noexcept {
    return slice(e).substr(e.region_offset, e.region_length);
  }
  /// Decodes the record's target sets; index 0 is the empty set.
  void read_targets(target_sets& into) const;
};

/// Events that were written again; of `batch` the head's `received_ms` is when.
struct rewritten_view {
  rewritten_head head;
  std::string_view who;
  std::span<const rewritten_event> before;  ///< beside the batch's entries
  batch_view batch;
};

/// id, source and region of a settled event, escaped as they came.
struct named_event {
  position at = 0;
  std::string_view id, source, region;
};
struct outcome_view {
  outcome_head head;
  std::string_view reason;
  std::span<const std::byte> names;
  void for_each_name(const std::function<void(const named_event&)>& visit) const;
};
struct control_view {
  control_head head;
  std::string_view name;
};
/// Any other record, its payload as it is.
struct raw_record {
  record_header header;
  std::span<const std::byte> payload;
};

/// One visitor for all readers; what is not overridden is passed over.
class record_visitor {
 public:
  virtual ~record_visitor() = default;
  virtual void on_batch(const batch_view&) {}
  virtual void on_rewritten(const rewritten_view&) {}
  virtual void on_outcome(const outcome_view&) {}
  virtual void on_offer(const offer_head&) {}
  virtual void on_control(const control_view&) {}
  virtual void on_audited(const audited_head&) {}
  virtual void on_other(const raw_record&) {}
};

/// Walks the records of a group whose checksums were verified. errc::corrupt when lengths contradict each
/// other, errc::unsupported for a record type or flag that must not be skipped; place: `group N, record K`.
result<void> visit_records(const group_header& header, std::span<const std::byte> content,
                           record_visitor& visitor);

/// Checks a header found at a block boundary: magic, version, type, salt, checksum, bounds. Nothing is read
/// behind it.
bool header_valid(const group_header& header, std::uint64_t salt) noexcept;
/// Checks the content against its checksum.
bool content_valid(const group_header& header, std::span<const std::byte> content) noexcept;

/// Builds one group in place. Appending is refused (false, nothing changed) when it would pass the buffer's
/// capacity.
class group_builder {
 public:
  explicit group_builder(aligned_buffer buffer);

  /// Room that a batch needs at most.
  static std::size_t batch_bytes(const batch& b) noexcept;

  /// Appends `b`'s new events (`is_new[i]` for entry i), the identities of its duplicates, its targets and
  /// its body. `whole`: the body as it came (none where every event is a duplicate). Otherwise the body is
  /// made of the slices of events with targets or quarantined, and for a dropped one of
  /// `{"id":…,"source":…,"metadata":{…}}` re-made from its texts (escaped), offsets adjusted.
  bool append_batch(const batch& b, std::span<const std::uint8_t> is_new, bool whole);
  bool append_outcome(const outcome_head& head, std::string_view reason, std::span<const named_event> names);
  bool append_offer(const offer_head& offer);
  bool append_control(const control_head& control, std::string_view name);
  bool append_audited(const audited_head& audited);
  /// Consecutive events whose slices lie in `body`.
  struct event_run {
    std::int64_t received_ms = 0;
    std::span<const event_entry> entries;
    const target_sets& targets;
    std::string_view body;
  };
  /// What a rewritten record has beside its events.
  struct rewriting {
    rewrite_kind kind{};
    std::string_view who;
    std::span<const rewritten_event> before;  ///< beside the run's entries
  };
  bool append_rewritten(const rewriting& what, const event_run& events);
  /// For a spilled group: a run whose first event is at `first`, and what it had beside it if it was written
  /// again.
  bool append_spilled(position first, const std::optional<rewriting>& again, const event_run& events);
  /// Makes room: afterwards the capacity is at least `capacity`.
  void reserve(std::size_t capacity);
  bool append_raw(record_type type, std::span<const std::span<const std::byte>> pieces);

  std::uint32_t events() const noexcept { return header_.events; }
  std::uint32_t records() const noexcept { return header_.records; }
  /// Header, content and padding so far.
  std::size_t disk_bytes() const noexcept { return header_.disk_bytes(); }
  std::size_t capacity() const noexcept { return buffer_.capacity(); }

  /// What only the moment of writing knows.
  struct closing {
    group_type type = group_type::data;
    std::uint64_t salt = 0;
    group_number number = 0;
    position first_position = 0;
    group_number durable_upto = 0;
    std::uint64_t running_ms = 0;
    std::int64_t wall_ms = 0;
    std::uint64_t successor = 0;
  };
  /// Pads, fills the header, computes both checksums. The bytes to write are [data(), data() + disk_bytes()).
  void close(const closing& with) noexcept;
  const std::byte* data() const noexcept { return buffer_.data(); }
  const group_header& header() const noexcept { return header_; }
  /// The buffer, for the ring; the builder is empty after it.
  aligned_buffer release() noexcept { return std::move(buffer_); }

 private:
  std::byte* grow(record_type type, std::size_t payload);
  bool append_run(std::optional<position> first, const std::optional<rewriting>& again,
                  const event_run& events);
  static void put_slices(const batch& b, std::span<const std::uint8_t> is_new, std::byte* entry,
                         std::byte* body);
  aligned_buffer buffer_;
  group_header header_;
  std::size_t used_ = sizeof(group_header);
};

}  // namespace sluice::checkpoint
