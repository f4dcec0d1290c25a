// Batches of events that no other sender makes, with the destination that the rules of the tests give each
// event.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

inline constexpr std::string_view warehouse = "analytics-warehouse", dashboard = "realtime-dashboard";

/// The rules that `made_event::destination` follows: the two of the README's example.
inline constexpr std::string_view default_routes = R"(
routes:
  - { source: "^conversation:.*", metadata: { region: us-east-1 }, to: analytics-warehouse }
  - { source: "^interaction:.*", metadata: { priority: high }, to: realtime-dashboard }
)";

struct made_event {
  std::string id;
  std::string_view destination;  ///< `warehouse`, `dashboard` or empty: dropped
  std::string json;
};

struct made_batch {
  std::string name;  ///< for stories
  std::vector<made_event> events;
  std::string body;  ///< `{"events":[…]}`
};

/// Puts `events` into one body.
std::string envelope(const std::vector<made_event>& events);

/// Makes batches for one sender: the same ones for the same seed and sender. Ids grow with their sequence
/// within a sender, and no two senders or seeds share any.
class batch_maker {
 public:
  batch_maker(std::uint64_t seed, unsigned sender, std::size_t text_bytes = 80);

  made_batch next(std::size_t events);
  /// As `next`, every event for the destination given (empty: dropped).
  made_batch next_for(std::string_view destination, std::size_t events);

 private:
  made_event make(std::string_view destination);
  made_batch finish(std::vector<made_event> events);

  std::mt19937_64 random_;
  std::string prefix_;
  std::size_t text_bytes_;
  std::uint64_t sequence_ = 0;
  std::uint64_t number_ = 0;
};

/// A seed that differs from run to run, printed by the test that draws it; SLUICE_SEED in the environment
/// repeats one.
std::uint64_t draw_seed(std::string_view test);

}  // namespace sluice::testing
