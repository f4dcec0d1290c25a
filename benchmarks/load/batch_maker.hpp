// Synthetic batches as a sender of conversation events would post them, made at a small fraction of what it
// costs to take them in: the bodies are prepared once, and only ids and timestamps are written anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::load {

/// What a stream of batches looks like.
struct batch_options {
  std::size_t events = 100;       ///< in a batch; at least 1
  std::size_t event_bytes = 500;  ///< of each event's JSON, exactly, unless it is less than `event_bytes_min`
  double duplicates = 0;     ///< share of batches, 0 to 1, that repeat the batch before them byte for byte
  double unmatched = 0;      ///< share of events, 0 to 1, that neither default rule matches
  std::uint64_t seed = 1;    ///< same seed, same stream, same timestamps: same bytes
  std::uint64_t stream = 0;  ///< below 2^20: streams of one seed share no id
};

/// The smallest event that has every member of the envelope; a smaller `event_bytes` gets events of at most
/// this.
inline constexpr std::size_t event_bytes_min = 240;

/// Length of the timestamps that a maker takes: `2026-01-15T10:30:00.000Z`.
inline constexpr std::size_t timestamp_bytes = 24;

/// What a ledger notes of an event. Views into the batch: good until the next one is made.
struct event_name {
  std::string_view id;
  std::string_view source;
};

/// One deterministic stream of batches in the envelope `{"events":[…]}`. Sources are `conversation:…` with
/// the region us-east-1 and `interaction:…` with the priority high; the unmatched ones have another region,
/// another priority or another source. The maker goes through a few prepared bodies in turn (as many
/// as make 100 events or fit in 256 KiB, at least one): of their events the share of unmatched ones is right
/// to within one, and evenly spread over streams. Ids have the shape of random UUIDs and are unique over all
/// streams of a seed, 2^40 in each. Pure: no clock, no random device. Not thread-safe.
class batch_maker {
 public:
  explicit batch_maker(const batch_options& options);

  /// Moves on to the next batch. `timestamp` has `timestamp_bytes` bytes and stands in every event of it.
  /// True when this batch repeats the one before unchanged (the timestamp included).
  bool next(std::string_view timestamp);

  /// The batch that `next` made; its memory stays where it is for the life of the maker.
  std::string_view body() const noexcept { return bodies_[current_].text; }
  std::size_t events() const noexcept { return options_.events; }
  /// The name of one event of it.
  event_name event(std::size_t index) const;

 private:
  struct slot {
    std::size_t id;
    std::size_t source;
    std::size_t source_length;
    std::size_t timestamp;
  };
  struct prepared {
    std::string text;
    std::vector<slot> slots;
  };

  void append_event(prepared& body, std::uint64_t number);

  batch_options options_;
  std::uint64_t key_;
  std::vector<prepared> bodies_;
  std::size_t current_ = 0;
  std::uint64_t batches_made_ = 0;
  std::uint64_t ids_made_ = 0;
};

}  // namespace sluice::load
