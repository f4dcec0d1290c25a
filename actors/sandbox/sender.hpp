// Pushes events to the endpoints of all active subscriptions, as EventBridge does.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/sandbox/clockwork.hpp"
#include "actors/sandbox/cloud.hpp"
#include "actors/sandbox/feed_report.hpp"
#include "actors/sandbox/guarded.hpp"
#include "actors/sandbox/steering.hpp"
#include "net/http/client.hpp"

namespace sluice::sandbox {

struct sender_options {
  feed_options feed;
  pace speed;  ///< of each subscription, at first
  wall_clock clock{std::chrono::milliseconds(0)};
  std::uint64_t events =
      std::numeric_limits<std::uint64_t>::max();        ///< of all subscriptions together; then it stops
  bool paused = false;                                  ///< at first
  std::shared_ptr<const net::tls::client_context> tls;  ///< whom to believe
};

/// Thread-safe; decides on the clock's thread. Made before the clock stops and destroyed after it.
class sender {
 public:
  /// Reports of subscriptions that were deleted, the newest of them.
  static constexpr std::size_t past_max = 100;

  sender(guarded<cloud>& of, clockwork& clock, net::runtime& loops, sender_options options);
  ~sender();

  void start();
  void steer(const steering& how);

  std::vector<feed_report> report() const;
  /// Nothing is on its way, and there is nothing that will be.
  bool finished() const;
  /// Nothing is on its way.
  bool idle() const;
  /// Runs `what` on what the node owes.
  template <class F>
  auto with_owed(F&& what) const {
    const std::lock_guard held(lock_);
    return std::forward<F>(what)(owed_);
  }

 private:
  struct link {
    std::uint64_t number;  ///< never used twice
    std::unique_ptr<net::http::client> client;
    std::uint64_t ticket = 0;  ///< of what it carries; 0: free
  };
  struct channel {
    subscription what;
    feed core;
    std::vector<link> links = {};
  };
  using channels = std::map<std::string, channel>;  // by subscription id

  void turn();
  void turn_at(instant when);
  void follow(const std::vector<subscription>& wanted, instant now, std::vector<link>& gone);
  void bury(channel& ended);
  instant fill(channel& one, instant now);
  link& free_link(channel& one);
  void post(channel& one, const shipment& what);
  void ended(const std::string& id, std::uint64_t link_number, int status, const std::string& retry_after);
  bool idle_locked() const;

  guarded<cloud>& cloud_;
  clockwork& clock_;
  net::runtime& loops_;
  const sender_options options_;
  std::uint64_t seen_revision_ = 0;  ///< of the subscriptions; the clock's thread's

  mutable std::mutex lock_;  // all below
  channels channels_;
  std::deque<feed_report> past_;
  owed_events owed_;
  std::uint64_t streams_ = 0, links_ = 0;
  std::uint64_t left_;
  bool paused_;
  pace pace_;
  instant turn_due_ = instant::max();
  std::uint64_t turns_ = 0;  ///< only the newest scheduled turn is one
};

}  // namespace sluice::sandbox
