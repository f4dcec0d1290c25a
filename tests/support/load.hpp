// Senders as patient as real ones: each batch is sent again, the same, until it is answered 200, through lost
// connections, refusals and restarts of the node, and everything is written into a ledger.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/batches.hpp"
#include "tests/support/http_peer.hpp"
#include "tests/support/ledger.hpp"

namespace sluice::testing {

struct load_options {
  std::uint16_t port = 0;
  unsigned senders = 6;
  std::size_t events_min = 1, events_max = 40;  ///< in a batch, drawn
  std::size_t text_bytes = 80;                  ///< of filling in an event
  double repeat_share =
      0.2;  ///< of the requests: a batch that some sender has sent before, acknowledged or not
  double echo_share = 0.1;         ///< of the batches: one event stands in it twice
  milliseconds pause{2};           ///< of a sender between two batches
  milliseconds back_off{20};       ///< after a refusal or a lost connection
  milliseconds answer_in{20'000};  ///< else the connection is given up and the batch sent again
  std::uint64_t seed = 1;
};

/// What the senders met.
struct load_report {
  std::map<int, std::uint64_t> answers;  ///< by status
  std::uint64_t connections_lost = 0;
  std::uint64_t unanswered = 0;         ///< batches that were pending when their sender gave up
  std::vector<std::string> complaints;  ///< the first 20 answers that the contract does not allow
};

/// Runs from construction to `finish`.
class load {
 public:
  load(load_options options, ledger& book);
  ~load();  ///< gives up at once

  /// No new batches; waits up to `patience` for those under way to be acknowledged. Call it once.
  load_report finish(milliseconds patience);

 private:
  class sender;

  /// A batch to send again, from those that were sent lately (at most 64 are kept); null when there is none.
  std::shared_ptr<const made_batch> earlier(std::mt19937_64& random);
  void remember(std::shared_ptr<const made_batch> sent);

  const load_options options_;
  ledger& book_;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> give_up_ = false;
  std::mutex watch_guard_;
  std::condition_variable watched_;
  bool all_joined_ = false;  // guarded by watch_guard_
  std::mutex guard_;
  std::deque<std::shared_ptr<const made_batch>> sent_;  // guarded by guard_
  std::vector<std::unique_ptr<sender>> senders_;
};

}  // namespace sluice::testing
