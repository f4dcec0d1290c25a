// The calendar is asked once a second.
#include "benchmarks/load/timestamp.hpp"

#include <algorithm>

#include "messages/assert.hpp"

namespace sluice::load {

void timestamp::set(std::chrono::system_clock::time_point now) {
  const auto since =
      std::max<long long>(std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count(), 0);
  const auto second = static_cast<std::time_t>(since / 1000);
  if (second != second_) {
    std::tm utc{};
    ::gmtime_r(&second, &utc);
    const std::size_t size = std::strftime(text_.data(), text_.size(), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
    SLUICE_ASSERT(size == timestamp_bytes);
    second_ = second;
  }
  const auto rest = static_cast<int>(since % 1000);
  text_[20] = static_cast<char>('0' + rest / 100);
  text_[21] = static_cast<char>('0' + rest / 10 % 10);
  text_[22] = static_cast<char>('0' + rest % 10);
}

}  // namespace sluice::load
