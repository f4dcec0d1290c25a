// One delivery actor for each kind of destination.
#pragma once

#include <caf/actor_system.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/attempt_result.hpp"
#include "actors/checkpoint/actor.hpp"
#include "actors/deliver/dead_letters.hpp"
#include "actors/deliver/retry_schedule.hpp"
#include "actors/deliver/sender.hpp"
#include "actors/deliver/stage.hpp"
#include "actors/deliver/subject_template.hpp"
#include "net/http/client.hpp"
#include "net/nats/message.hpp"

namespace sluice::deliver {

deliver_actor spawn_discard(caf::actor_system& system, stage_options options);

struct file_options {
  checkpoint::file_system* files = nullptr;  ///< outlives the actor
  std::string path;
  retry_options retry;
};
/// Appends each event as a line; exactly once: the outcome carries the durable length, and every attach cuts
/// to it.
deliver_actor spawn_file(caf::actor_system& system, stage_options options, file_options file);

/// A lane of a destination that is not configured any more: keeps its backlog until it gives way or comes
/// back. Its lane is paused.
deliver_actor spawn_kept(caf::actor_system& system, stage_options options);

/// The built-in destination of quarantined events.
deliver_actor spawn_dead_letters(caf::actor_system& system, stage_options options);

struct http_options {
  /// Makes an attempt's request. The same offer has the same id and events, and gets the same body, however
  /// often it is tried.
  std::function<net::http::outgoing(const std::string& id, const std::vector<std::string_view>& events)>
      make_request;
  sender post;                          ///< sends it; the next attempt waits for its end
  std::size_t batch = 100;              ///< events a request, 1 … 1000
  std::size_t batch_bytes = 1u << 20;   ///< bytes of events a request, unless one alone is larger
  std::chrono::milliseconds linger{0};  ///< longest wait of an event for a batch that is not full
  std::chrono::milliseconds timeout{5000};
  retry_options retry;
  std::chrono::milliseconds retry_for{24 * 3600 * 1000};  ///< an event's age at which it is dead-lettered
  std::function<double()> random;                         ///< [0, 1)
  bool counts_arrival = false;  ///< places are held until a second after the arrival, not after the answer
  /// Stable id of an offer, for `webhook-id`: never the same for another offer of any log.
  std::function<std::string(const std::string& of)> stable_id;
};
/// POSTs batches in the envelope, one request in flight, in order; durable offers, retries, dead letters.
deliver_actor spawn_http(caf::actor_system& system, stage_options options, http_options http);

struct nats_options {
  net::nats::burst_sender publish;  ///< sends it; the next burst waits for its end
  subject_template subject;
  std::size_t max_in_flight = 256;     ///< events a burst, 1 … 1000
  std::size_t burst_bytes = 1u << 20;  ///< bytes of events a burst, unless one alone is larger
  retry_options retry;
  std::chrono::milliseconds retry_for{24 * 3600 * 1000};  ///< an event's age at which it is dead-lettered
  std::function<double()> random;                         ///< [0, 1)
  /// Stable id of an event, for `Nats-Msg-Id`: never the same for another event of any log.
  std::function<std::string(const std::string& of)> stable_id;
};
/// Publishes into a JetStream stream, one burst in flight. After a failure one event at a time is tried until
/// one is taken. What the stream took behind an event that failed is not sent again.
deliver_actor spawn_nats(caf::actor_system& system, stage_options options, nats_options nats);

}  // namespace sluice::deliver
