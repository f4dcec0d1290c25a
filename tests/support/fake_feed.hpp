// A log for readers, without a disk: groups of events in memory, a wake for who waits.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "actors/checkpoint/log_feed.hpp"
#include "tests/support/sample_batch.hpp"

namespace sluice::test {

/// Single-threaded. Positions and group numbers start at 1.
class fake_feed final : public checkpoint::log_feed {
 public:
  /// One durable group of one batch. Returns the position of its first event.
  position append(const std::vector<sample_event>& events, std::int64_t received_ms = 1'700'000'000'000) {
    const auto batch = make_batch(events, received_ms);
    checkpoint::group_builder group(checkpoint::aligned_buffer(
        checkpoint::group_builder::batch_bytes(*batch) + 2 * checkpoint::block_bytes));
    const std::vector<std::uint8_t> is_new(events.size(), 1);
    if (!group.append_batch(*batch, is_new, true)) throw std::runtime_error("the batch does not fit");
    return publish(group, events.size());
  }
  /// One durable group of events from before, once more; `before` is beside `events`.
  position append_rewritten(checkpoint::rewrite_kind kind, std::string_view who,
                            const std::vector<sample_event>& events,
                            const std::vector<checkpoint::rewritten_event>& before,
                            std::int64_t received_ms = 1'700'000'000'000) {
    const auto batch = make_batch(events, received_ms);
    checkpoint::group_builder group(checkpoint::aligned_buffer(1u << 20));
    if (!group.append_rewritten({kind, who, before},
                                {received_ms, batch->events.entries, batch->targets, batch->done.body()}))
      throw std::runtime_error("the events do not fit");
    return publish(group, events.size());
  }
  /// One durable group with one outcome.
  void append(const checkpoint::outcome_head& head, std::string_view reason,
              const std::vector<checkpoint::named_event>& names) {
    checkpoint::group_builder group(checkpoint::aligned_buffer(64 << 10));
    if (!group.append_outcome(head, reason, names)) throw std::runtime_error("the outcome does not fit");
    publish(group, 0);
  }

  /// One durable group with one control record.
  void append(const checkpoint::control_head& head, std::string_view name) {
    checkpoint::group_builder group(checkpoint::aligned_buffer(64 << 10));
    if (!group.append_control(head, name)) throw std::runtime_error("the record does not fit");
    publish(group, 0);
  }

  std::unique_ptr<reader> add_reader(wake call, std::optional<target> = {}) override {
    auto made = std::make_unique<registered>();
    made->call = std::move(call);
    made->in = this;
    readers_.push_back(made.get());
    return made;
  }
  tail_read next(reader& who, group_number after, std::size_t max_bytes) override {
    tail_read out{where::memory, {}};
    std::size_t bytes = 0;
    for (const auto& g : groups_) {
      if (g->header().number <= after) continue;
      if (!out.groups.empty() && bytes + g->bytes > max_bytes) break;
      bytes += g->bytes;
      out.groups.push_back(g);
    }
    if (!out.groups.empty()) return out;
    static_cast<registered&>(who).armed = true;
    return {where::wait, {}};
  }
  void fetch(reader&, group_number, std::size_t, fetched done) override {
    done(fail(errc::not_found, "all is in memory"));
  }
  group_number durable() const override { return groups_.size(); }

 private:
  struct registered final : reader {
    ~registered() override { std::erase(in->readers_, this); }
    wake call;
    fake_feed* in = nullptr;
    bool armed = false;
  };
  position publish(checkpoint::group_builder& group, std::size_t events) {
    const position first = next_position_;
    group.close({.type = checkpoint::group_type::data,
                 .salt = 1,
                 .number = groups_.size() + 1,
                 .first_position = first,
                 .durable_upto = groups_.size(),
                 .running_ms = 0,
                 .wall_ms = 0,
                 .successor = 0});
    auto made = std::make_shared<checkpoint::committed_group>();
    made->bytes = group.disk_bytes();
    made->buffer = group.release();
    groups_.push_back(std::move(made));
    next_position_ += events;
    for (registered* r : readers_) {
      if (std::exchange(r->armed, false)) r->call();
    }
    return first;
  }

  std::vector<checkpoint::committed_group_ptr> groups_;
  std::vector<registered*> readers_;
  position next_position_ = 1;
};

}  // namespace sluice::test
