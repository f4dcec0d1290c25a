// The timestamps of the events that are sent, written at the cost of three digits as long as the second is
// the same.
#pragma once

#include <array>
#include <chrono>
#include <ctime>
#include <string_view>

#include "benchmarks/load/batch_maker.hpp"

namespace sluice::load {

/// RFC 3339 in UTC with milliseconds: `2026-01-15T10:30:00.000Z`. A time before 1970 is written as its
/// beginning.
class timestamp {
 public:
  void set(std::chrono::system_clock::time_point now);
  std::string_view text() const noexcept { return {text_.data(), timestamp_bytes}; }

 private:
  std::array<char, timestamp_bytes + 1> text_{"1970-01-01T00:00:00.000Z"};
  std::time_t second_ = 0;
};

}  // namespace sluice::load
