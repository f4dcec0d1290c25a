// The inside of the sender: engine.cpp has the loop, exchange.cpp what happens on one connection.
#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "benchmarks/load/link.hpp"
#include "benchmarks/load/sender.hpp"
#include "benchmarks/load/timestamp.hpp"

namespace sluice::load {

/// A link, the stream of batches that goes over it, and where the two stand.
struct connection {
  connection(int epoll, std::uint64_t tag, const batch_options& batches)
      : socket(epoll, tag), maker(batches) {}

  link socket;
  batch_maker maker;
  std::string head;
  bool has_batch = false;  ///< made and neither acknowledged nor failed
  bool under_way = false;  ///< its request was begun on this socket and is not answered
  bool is_idle = false;    ///< stands in the queue of an open loop
  bool given_up = false;
  bool was_answered = false;  ///< since it was opened
  std::uint64_t quota = 0;
  unsigned retries = 0;
  std::chrono::steady_clock::time_point due;
  std::chrono::steady_clock::time_point retry_at;
  std::chrono::steady_clock::time_point dial_at;
  std::chrono::steady_clock::time_point limit;  ///< of the answer, or of connecting
  std::optional<std::chrono::steady_clock::time_point> down_since;
};

/// The loop and its bookkeeping. Connections are small state machines that `advance` moves on; timers are
/// looked at in one sweep, since only faults need them.
class sender::engine {
 public:
  engine(const sender_options& options, ledger* book) : options_(options), book_(book) {}
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  ~engine();

  result<void> open();
  result<outcome> run(const run_options& options);

 private:
  using clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::milliseconds;

  void prepare_run();
  bool step();
  void dispatch(const epoll_event& event);
  void advance(connection& c);
  void make_batch(connection& c, clock::time_point due);
  void transmit(connection& c);
  void read(connection& c);
  void take_answer(connection& c, const answer& a, bool ended);
  void acknowledge(connection& c, const answer& a);
  void settle(connection& c);
  void lose(connection& c);
  void give_up(connection& c);
  void sweep();
  void pace();
  void sleep_until_due();
  clock::time_point due_of(std::uint64_t number) const;
  void finish_run();
  void note(const result<void>& written) {
    if (!written && !fault_) fault_ = written.error();
  }
  void sweep_in(milliseconds pause) { sweep_at_ = std::min(sweep_at_, now_ + pause); }

  sender_options options_;
  ledger* book_;
  int epoll_ = -1;
  int pacer_ = -1;
  peer_address peer_;
  std::deque<connection> connections_;  // at most connections_max; a deque, since a link stays where it is

  run_options run_;
  outcome outcome_;
  std::optional<error> fault_;
  std::deque<connection*> idle_;  // at most one entry a connection
  std::size_t batches_open_ = 0;
  std::uint64_t quota_left_ = 0;
  std::uint64_t paced_ = 0;  // batches of the open loop begun in this run
  bool stopping_ = false;
  timestamp stamp_;
  clock::time_point now_;
  clock::time_point began_;
  clock::time_point stopped_;
  clock::time_point sweep_at_;
  clock::time_point progress_at_;
};

}  // namespace sluice::load
