// The load generator behind `sluice bench` and the ledger of the system tests. It shares no code with the
// node's own HTTP parts, so that it is an independent judge of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "benchmarks/load/batch_maker.hpp"
#include "benchmarks/load/histogram.hpp"
#include "benchmarks/load/ledger.hpp"
#include "benchmarks/load/target.hpp"
#include "messages/result.hpp"

namespace sluice::load {

/// Upper bound of `sender_options::connections`.
inline constexpr std::size_t connections_max = 10'000;

struct sender_options {
  target to;
  std::size_t connections = 64;  ///< kept alive, one request under way on each
  batch_options batches;         ///< connection number i sends the stream `batches.stream` + i
  double rate =
      0;  ///< batches a second over all connections (open loop); 0: each connection sends as it is answered
  std::chrono::milliseconds answer_timeout{30'000};  ///< then the connection counts as lost
  std::chrono::milliseconds reopen_for{10'000};      ///< how long a batch outlives lost connections; then it
                                                     ///< failed, and its connection is given up
  std::chrono::milliseconds drain{15'000};  ///< how long answers are waited for after the end of a run
  unsigned retries_max = 100;               ///< answers 429 or 503 to one batch; then it failed
};

/// What one run did. A batch ends as acknowledged, failed or unfinished.
struct outcome {
  double seconds = 0;                  ///< from the start of the run to its last answer
  std::uint64_t requests = 0;          ///< begun, those sent again included
  std::uint64_t batches_acked = 0;     ///< answered 2xx
  std::uint64_t batches_repeated = 0;  ///< of the batches made: sent again unchanged on purpose
  std::uint64_t events_acked = 0;
  std::uint64_t bytes_sent = 0;          ///< heads and bodies; counted at the end of a run
  std::map<int, std::uint64_t> answers;  ///< by status code
  std::uint64_t retried = 0;             ///< sent again after 429 or 503
  std::uint64_t lost = 0;  ///< connections that ended with a request under way, which was then sent again
  std::uint64_t failed =
      0;  ///< batches given up: refused with another status, or a bound on retries was reached
  std::uint64_t unfinished = 0;  ///< batches without an answer when the wait for the last ones ended
  std::uint64_t unsent = 0;      ///< of an open loop or a fixed number: never begun
  std::uint64_t accepted = 0;    ///< sums of what the answers state
  std::uint64_t duplicates = 0;
  std::uint64_t dropped = 0;
  std::uint64_t quarantined = 0;
  /// Nanoseconds from when a batch should have been sent until its 2xx, waits and repetitions included. An
  /// open loop's unsent batches stand in it with the time they had waited.
  histogram latency;
};

struct run_options {
  std::chrono::nanoseconds duration{
      std::chrono::seconds(10)};  ///< of sending; the last answers come after it
  std::uint64_t batches = 0;      ///< not 0: end after this many batches (split evenly over the connections)
                                  ///< instead of after `duration`
  const std::atomic<int>* stop = nullptr;        ///< 1: begin nothing new, wait for answers; 2: end at once
  std::function<void(const outcome&)> progress;  ///< called about four times a second, on the thread of `run`
};

/// Sends batches over keep-alive HTTP/1.1 connections from the calling thread. 429 and 503 are honoured: the
/// same bytes again after Retry-After (1 s when it is missing, 30 s at most). A lost connection is opened
/// again and the batch on it sent again. Any other status but 2xx fails the batch. Memory: a prepared body,
/// an answer and a read for each connection.
class sender {
 public:
  /// Connects once, to learn that somebody listens; the other connections are opened by the first run. `book`
  /// may be null and must outlive the sender. unreachable, or io when the system has no descriptors left.
  static result<sender> open(const sender_options& options, ledger* book);

  sender(sender&&) noexcept;
  sender& operator=(sender&&) noexcept;
  ~sender();

  /// Connections and streams go on from one run to the next, so a first run can warm up. The error arm: the
  /// ledger cannot be written, or epoll failed. What the target does wrong stands in the outcome.
  result<outcome> run(const run_options& options);

 private:
  class engine;
  explicit sender(std::unique_ptr<engine> made) noexcept;
  std::unique_ptr<engine> engine_;
};

}  // namespace sluice::load
