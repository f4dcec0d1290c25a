// What senders know, kept outside the node. An event is offered, then perhaps acknowledged; between the two
// it is pending: it may be delivered or not, but once. An acknowledged one is delivered exactly once, an
// unknown one never.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/support/deadline.hpp"

namespace sluice::testing {

/// What comparing a ledger with what one destination got has shown.
struct verdict {
  std::size_t delivered = 0;  ///< different events
  std::size_t lost = 0;       ///< acknowledged, not delivered
  std::size_t doubled = 0;    ///< delivered more than once
  std::size_t unoffered = 0;  ///< delivered, but never sent, or meant for elsewhere
  std::string story;          ///< of the first offender; empty when there is none
  bool clean() const noexcept { return lost == 0 && doubled == 0 && unoffered == 0; }
};
std::ostream& operator<<(std::ostream& out, const verdict& v);

/// Thread-safe. Its size is the test's own load.
class ledger {
 public:
  /// Noted before each attempt to send; `destination` is where the event belongs, empty where no rule wants
  /// it.
  void offered(const std::string& id, std::string_view destination, std::string_view batch);
  void acknowledged(const std::string& id);  ///< noted after the answer 200 was read

  std::size_t offered_count() const;
  std::size_t acknowledged_count() const;
  std::size_t acknowledged_count(std::string_view destination) const;
  bool is_acknowledged(const std::string& id) const;

  /// `delivered`: the ids that the destination got, in order, with every repeat.
  verdict judge(std::string_view destination, const std::vector<std::string>& delivered) const;

 private:
  struct entry {
    std::string destination;
    std::string batch;
    unsigned attempts = 0;
    steady::duration first_offer{};
    steady::duration answer{};
    bool acknowledged = false;
  };

  std::string tell(const std::string& id, std::string_view what) const;

  const steady::time_point begin_ = steady::now();
  mutable std::mutex guard_;
  std::unordered_map<std::string, entry> entries_;                // guarded by guard_
  std::map<std::string, std::size_t, std::less<>> acknowledged_;  // by destination; guarded by guard_
};

}  // namespace sluice::testing
