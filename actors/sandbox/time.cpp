#include "actors/sandbox/time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace sluice::sandbox {

std::string rfc3339(std::chrono::milliseconds since_epoch) {
  const auto second = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t whole = second.count();
  std::tm utc{};
  ::gmtime_r(&whole, &utc);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                                 utc.tm_sec, static_cast<int>((since_epoch - second).count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace sluice::sandbox
