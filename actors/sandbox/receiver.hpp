// A webhook receiver that keeps a ledger and fails as it is told to: the systems behind the node.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/sandbox/clockwork.hpp"
#include "actors/sandbox/dice.hpp"
#include "actors/sandbox/guarded.hpp"
#include "actors/sandbox/received_ledger.hpp"
#include "actors/sandbox/receiver_options.hpp"
#include "messages/result.hpp"
#include "net/http/server.hpp"

namespace sluice::sandbox {

/// `POST` on any path takes events, `GET /ledger` shows what came. Answers on io threads and on the clock's.
/// Thread-safe.
class receiver final : public net::http::handler {
 public:
  /// Requests that hang at a time; beyond it the oldest connection is closed without an answer.
  static constexpr std::size_t hung_max = 256;

  /// Listens on 127.0.0.1. All outlive it; `number` (from 1) tells its draws from those of others.
  static result<std::unique_ptr<receiver>> open(net::runtime& loops, net::byte_budget& budget,
                                                clockwork& clock, receiver_options options,
                                                std::uint64_t seed, std::uint64_t number);
  ~receiver() override;

  std::uint16_t port() const noexcept { return on_air_->port(); }
  void behave(const receiver_manner& how);
  receiver_manner manner();
  received_counts counts();
  /// Runs `what(const received_ledger&)`.
  template <class F>
  auto with_ledger(F&& what) {
    return inside_.with([&](state& s) { return what(std::as_const(s.ledger)); });
  }

  std::unique_ptr<net::http::response> refuse(const net::http::head_view& head) override;
  void handle(net::http::request&& what, net::http::exchange&& to) override;

 private:
  struct state {
    state(const receiver_manner& how, std::uint64_t seed, std::uint64_t number)
        : manner(how), random(seed, (1ULL << 34) + number) {}
    receiver_manner manner;
    dice random;
    received_ledger ledger;
    std::deque<net::http::exchange> hung;
  };

  receiver(clockwork& clock, const receiver_options& options, std::uint64_t seed, std::uint64_t number);
  void take(const net::http::request& what, net::http::exchange&& to);
  static bool condemn(state& s, const std::vector<received_event>& events);

  clockwork& clock_;
  const accepted_shape shape_;
  const std::optional<net::signature::secret> secret_;
  guarded<state> inside_;
  std::unique_ptr<net::http::server> on_air_;
};

}  // namespace sluice::sandbox
