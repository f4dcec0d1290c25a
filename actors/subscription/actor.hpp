// The subscription stage: makes sure that the subscription is there, active and pointing here, for as long as
// the node runs. The node ingests regardless of it.
#pragma once

#include <caf/actor_system.hpp>
#include <functional>
#include <memory>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/subscription/board.hpp"
#include "actors/subscription/settings.hpp"
#include "net/http/client.hpp"

namespace sluice::subscription {

/// Sends one request and calls back once, on any thread. One at a time each.
using sender = std::function<void(net::http::outgoing, std::function<void(net::http::attempt)>)>;

struct actor_options {
  settings what;
  sender login, api;
  /// The id that was noted before this start, or empty: looked at first, so that a renamed one is found.
  std::string noted_id;
  subscription::board* board = nullptr;  ///< outlives the actor
  /// Writes the id (empty: none any more) to the log, so that the next start knows it.
  std::function<void(std::string id)> note;
  /// One line an incident; empty: it is well again.
  std::function<void(const std::string& what)> incident;
  std::function<double()> random;  ///< [0, 1), for jitter
  std::function<std::int64_t()> wall_ms;
};

subscription_actor spawn_subscription(caf::actor_system& system, actor_options options);

}  // namespace sluice::subscription
