// How many requests wait in each stage: written by the stages' actors, read by telemetry.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

/// Requests that wait in one stage, over all its actors. Thread-safe.
class stage_queue {
 public:
  /// What one actor contributes; taken back when it dies, whatever it held then.
  class share {
   public:
    explicit share(stage_queue* of) noexcept : of_(of) {}
    share(const share&) = delete;
    share& operator=(const share&) = delete;
    ~share() { set(0); }

    void set(std::size_t waiting) noexcept {
      if (of_ == nullptr || waiting == mine_) return;
      of_->waiting_.fetch_add(static_cast<std::int64_t>(waiting) - static_cast<std::int64_t>(mine_),
                              std::memory_order_relaxed);
      mine_ = waiting;
    }

   private:
    stage_queue* of_;  // null: nobody counts
    std::size_t mine_ = 0;
  };

  std::int64_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> waiting_ = 0;
};

/// One for each stage that a request passes. Outlives the actors.
struct stage_queues {
  stage_queue ingest, decode, route, checkpoint;

  struct named {
    std::string_view stage;
    const stage_queue* queue;
  };
  std::array<named, 4> all() const noexcept {
    return {{{"ingest", &ingest}, {"decode", &decode}, {"route", &route}, {"checkpoint", &checkpoint}}};
  }
};

}  // namespace sluice
