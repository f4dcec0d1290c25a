// Faults on request: what the API is to do wrong the next so many times.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "actors/sandbox/json.hpp"
#include "messages/result.hpp"

namespace sluice::sandbox {

struct fault {
  static constexpr std::size_t times_max = 1'000'000;

  std::string method = {};  ///< empty: any
  std::string path = {};    ///< prefix of the paths it concerns
  std::size_t times = 1;    ///< calls that it spoils
  int status = 0;           ///< answered instead of doing it; 0: it is done
  std::optional<std::chrono::seconds> retry_after = {};
  std::optional<std::string> body = {};  ///< instead of the status's usual one
  std::chrono::milliseconds delay{0};    ///< before the answer
  bool loses_answer = false;             ///< done, but the connection ends without an answer
};

/// Of the control API: `{"method","path","times","status","retry_after","body","delay_ms","lose_answer"}`; at
/// least one of status, delay_ms and lose_answer. The error's place is the member that is wrong.
result<fault> parse_fault(const json& from);

/// Pure, not thread-safe.
class fault_plan {
 public:
  static constexpr std::size_t faults_max = 1000;

  /// False when there are `faults_max`.
  bool add(fault what);
  void clear() noexcept { faults_.clear(); }
  /// The first fault that concerns this call; it is used up by one.
  std::optional<fault> take(std::string_view method, std::string_view path);
  std::size_t size() const noexcept { return faults_.size(); }

 private:
  std::deque<fault> faults_;
};

}  // namespace sluice::sandbox
