// One request's events on their way through the pipeline. Each stage fills its own part and hands the whole
// on; only one stage holds a batch at a time, so nothing in here is locked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/assert.hpp"
#include "messages/event.hpp"
#include "messages/position.hpp"
#include "messages/result.hpp"

namespace sluice {

/// What a sender is told of a batch whose every event is durable.
/// received = accepted + duplicates + quarantined; `dropped` is the part of `accepted` that no rule wanted.
struct receipt {
  std::uint32_t accepted = 0;
  std::uint32_t duplicates = 0;
  std::uint32_t dropped = 0;
  std::uint32_t quarantined = 0;
  friend constexpr bool operator==(const receipt&, const receipt&) = default;
};

/// A request under way, as the pipeline sees it: bytes to read and one answer to give. It owns the bytes and
/// the lease on them, and both live until it is destroyed.
class inbound {
 public:
  virtual ~inbound() = default;
  inbound() = default;
  inbound(const inbound&) = delete;
  inbound& operator=(const inbound&) = delete;

  /// The body, followed by at least `body_padding` readable bytes. Stays where it is for the life of this
  /// object.
  virtual std::string_view body() const noexcept = 0;

  /// Passes the answer to the sender; called at most once, on any thread, must not block.
  virtual void answer(const result<receipt>& said) noexcept = 0;
};

/// Bytes behind a body that may be read (never interpreted), for wide loads.
inline constexpr std::size_t body_padding = 64;

/// Answers exactly once: by `complete`, or with errc::stage_died when whoever held it is gone.
class completion {
 public:
  explicit completion(std::unique_ptr<inbound> to) : to_(std::move(to)) { SLUICE_ASSERT(to_ != nullptr); }
  completion(completion&&) = delete;
  ~completion() {
    if (!answered_) complete(fail(errc::stage_died, "the stage that held the batch ended"));
  }

  void complete(const result<receipt>& said) noexcept {
    SLUICE_ASSERT(!answered_);
    answered_ = true;
    to_->answer(said);
  }
  std::string_view body() const noexcept { return to_->body(); }

 private:
  std::unique_ptr<inbound> to_;
  bool answered_ = false;
};

/// Where an event goes.
struct target {
  destination_id destination = 0;
  lane_id lane = 0;
  friend constexpr auto operator<=>(const target&, const target&) = default;
};

/// The distinct sets of targets of one batch; index 0 is the empty set (dropped).
class target_sets {
 public:
  /// As many as an entry can name, so that a batch of fewer events never has too many.
  static constexpr std::size_t sets_max = 65536;

  target_sets() { clear(); }
  void clear() {
    flat_.clear();
    ends_.assign(1, 0);
  }
  std::size_t size() const noexcept { return ends_.size(); }
  std::span<const target> operator[](std::size_t set) const noexcept {
    const std::uint32_t begin = set == 0 ? 0 : ends_[set - 1];
    return std::span(flat_).subspan(begin, ends_[set] - begin);
  }
  /// The index of an equal set, added when it is new. Linear.
  std::uint16_t intern(std::span<const target> set) {
    if (set.empty()) return 0;
    for (std::size_t i = 1; i < ends_.size(); ++i) {
      if (std::ranges::equal((*this)[i], set)) return static_cast<std::uint16_t>(i);
    }
    return add(set);
  }
  /// Adds a set that is not empty and that none here equals; there is room.
  std::uint16_t add(std::span<const target> set) {
    SLUICE_ASSERT(!set.empty() && ends_.size() < sets_max);
    flat_.insert(flat_.end(), set.begin(), set.end());
    ends_.push_back(static_cast<std::uint32_t>(flat_.size()));
    return static_cast<std::uint16_t>(ends_.size() - 1);
  }

 private:
  std::vector<target> flat_;
  std::vector<std::uint32_t> ends_;  // ends_[i]: end of set i in flat_
};

/// Unescaped texts that had escapes; views into it stay valid until `clear`.
class text_arena {
 public:
  static constexpr std::size_t chunk_bytes = 4096;

  /// `size` writable bytes that do not move.
  char* take(std::size_t size) {
    if (chunks_.empty() || used_ + size > capacity_) {
      capacity_ = std::max(size, chunk_bytes);
      chunks_.push_back(std::make_unique_for_overwrite<char[]>(capacity_));
      used_ = 0;
    }
    return chunks_.back().get() + std::exchange(used_, used_ + size);
  }
  void clear() {
    chunks_.clear();
    used_ = capacity_ = 0;
  }

 private:
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t used_ = 0, capacity_ = 0;
};

/// What decode found in a body.
struct decoded {
  std::vector<event_entry> entries;  ///< in the order of the body; quarantined ones included
  std::vector<event_text> texts;     ///< beside `entries`; empty texts for quarantined events
  std::vector<metadata_member> metadata;
  text_arena arena;
  std::uint32_t quarantined = 0;

  void clear() {
    entries.clear();
    texts.clear();
    metadata.clear();
    arena.clear();
    quarantined = 0;
  }
};

/// A request's events from ingest to commit.
struct batch {
  explicit batch(std::unique_ptr<inbound> from) : done(std::move(from)) {}

  completion done;
  decoded events;                ///< by decode; `rule` and `targets` of its entries by route
  target_sets targets;           ///< by route
  std::int64_t received_ms = 0;  ///< wall clock when ingest took it, Unix milliseconds
};

/// What a stage hands on at once: everything that came since its last turn, bounded in bytes. Shared only
/// because a message must be copyable: it has one holder at a time.
struct batch_group {
  std::vector<std::unique_ptr<batch>> batches;
  std::size_t bytes = 0;  ///< of the bodies
};
using batch_group_ptr = std::shared_ptr<batch_group>;

}  // namespace sluice
