// One reader for digits and unit serves sizes and durations; addresses are judged by the system's own parser.
#include "actors/node/config/units.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "net/loopback.hpp"

namespace sluice::config {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};
// Ascending, so that printing finds the largest that divides.
constexpr std::array<unit, 5> sizes = {
    {{"B", 1}, {"KiB", kib}, {"MiB", mib}, {"GiB", gib}, {"TiB", 1024 * gib}}};
constexpr std::array<unit, 5> durations = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

parsed<std::uint64_t> parse_with_unit(std::string_view text, std::span<const unit> units,
                                      std::string_view what, std::uint64_t max) {
  const auto not_one = [&] { return tl::unexpected(std::string("is not a ").append(what)); };
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc::result_out_of_range) return tl::unexpected(std::string("is too large"));
  if (problem != std::errc()) return not_one();
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest.empty()) return tl::unexpected(std::string("has no unit"));
  for (const unit& u : units) {
    if (rest != u.name) continue;
    if (number > max / u.factor) return tl::unexpected(std::string("is too large"));
    return number * u.factor;
  }
  return not_one();
}

std::string print_with_unit(std::uint64_t value, std::span<const unit> units) {
  const unit* best = &units.front();
  for (const unit& u : units) {
    if (value != 0 && value % u.factor == 0) best = &u;
  }
  return std::to_string(value / best->factor).append(best->name);
}

}  // namespace

parsed<std::uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, sizes, "size", std::numeric_limits<std::int64_t>::max());
}
std::string print_size(std::uint64_t bytes) { return print_with_unit(bytes, sizes); }

parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  // A hundred years: far from every overflow of what is computed with it.
  constexpr std::uint64_t max = 36'500ULL * 86'400'000ULL;
  return parse_with_unit(text, durations, "duration", max).map([](std::uint64_t ms) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
  });
}
std::string print_duration(std::chrono::milliseconds time) {
  return print_with_unit(static_cast<std::uint64_t>(time.count()), durations);
}

parsed<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc::result_out_of_range) return tl::unexpected(std::string("is too large"));
  if (problem != std::errc() || end != text.data() + text.size())
    return tl::unexpected(std::string("is not a whole number"));
  return number;
}

parsed<endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return tl::unexpected(std::string("has no port"));
  std::string_view host = text.substr(0, colon);
  const auto port = parse_count(text.substr(colon + 1));
  if (!port || *port > 65'535 || text.size() - colon > 6)
    return tl::unexpected(std::string("has no port from 0 to 65535"));
  if (host == "localhost") host = "127.0.0.1";
  const bool v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (v6) host = host.substr(1, host.size() - 2);
  endpoint at{std::string(host), static_cast<std::uint16_t>(*port)};
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(v6 ? AF_INET6 : AF_INET, at.address.c_str(), bytes.data()) != 1 ||
      at.address.find('\0') != std::string::npos) {
    return tl::unexpected(std::string("has no numeric address before the port"));
  }
  return at;
}

std::string print_endpoint(const endpoint& at) {
  const std::string port = std::to_string(at.port);
  if (at.address.find(':') == std::string::npos) return std::string(at.address).append(":").append(port);
  return std::string("[").append(at.address).append("]:").append(port);
}

bool is_loopback(const endpoint& at) { return net::is_loopback(at.address); }

}  // namespace sluice::config
