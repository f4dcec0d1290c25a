#include "actors/node/cli/sandbox_texts.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/node/config/units.hpp"
#include "actors/sandbox/cloud.hpp"

namespace sluice::cli {
namespace {

constexpr std::chrono::milliseconds delay_max{600'000};
constexpr double factor_max = 1000;
constexpr std::int64_t burst_seconds_max = 86'400;

std::vector<std::string> parts(const std::string& text, char between) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(between, at), text.size());
    all.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

template <class T>
std::optional<T> number(std::string_view text, T low, T high) {
  T value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high))
    return std::nullopt;
  return value;
}

/// Sets one of the receiver's keys; what is wrong, or nothing.
std::optional<std::string> set(sandbox::receiver_options& of, std::string_view key,
                               const std::string& value) {
  auto& manner = of.manner;
  if (key == "fail" || key == "hang" || key == "condemn") {
    const auto share = number(value, 0.0, 1.0);
    if (!share) return std::string(key) + " is a share from 0 to 1";
    (key == "fail" ? manner.fail : key == "hang" ? manner.hang : manner.condemn) = *share;
  } else if (key == "sign") {
    auto secret = net::signature::secret::parse(value);
    if (!secret) return "sign is a secret that " + secret.error().detail;
    of.secret = *std::move(secret);
  } else if (key == "status") {
    const auto status = number(value, 400, 599);
    if (!status) return "status is from 400 to 599";
    manner.status = *status;
  } else if (key == "delay") {
    const auto delay = config::parse_duration(value);
    if (!delay || *delay > delay_max)
      return "delay is at most 10m (" + std::string(config::duration_units) + ")";
    manner.delay = *delay;
  } else {
    return "there is no " + std::string(key) +
           ", but fail, status, hang, condemn, delay, sign, bare and envelope";
  }
  return std::nullopt;
}

}  // namespace

result<sandbox::oauth_client> parse_client(const std::string& text) {
  const std::size_t first = std::min(text.find(':'), text.size());
  const std::size_t second = std::min(text.find(':', std::min(first + 1, text.size())), text.size());
  sandbox::oauth_client who;
  who.id = text.substr(0, first);
  if (first < text.size()) who.secret = text.substr(first + 1, second - first - 1);
  if (who.id.empty() || who.secret.empty())
    return fail(errc::wrong_use, "a client is ID:SECRET or ID:SECRET:SCOPE+SCOPE", "--client");
  if (second == text.size()) {
    who.scopes = {std::string(sandbox::read_scope), std::string(sandbox::write_scope)};
    return who;
  }
  for (auto& scope : parts(text.substr(second + 1), '+'))
    if (!scope.empty()) who.scopes.push_back(std::move(scope));
  return who;
}

result<sandbox::receiver_options> parse_receiver(const std::string& text) {
  const auto all = parts(text, ',');
  const auto port = number<std::uint16_t>(all.front(), 0, 65'535);
  if (!port) return fail(errc::wrong_use, "begins with a port from 0 to 65535", "--receiver");
  sandbox::receiver_options made;
  made.port = *port;
  bool says_status = false, says_fail = false;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const std::string& one = all[i];
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string key = one.substr(0, equals);
    if (one == "bare" || one == "envelope") {
      made.shape = one == "bare" ? sandbox::accepted_shape::bare : sandbox::accepted_shape::envelope;
      continue;
    }
    says_status = says_status || key == "status";
    says_fail = says_fail || key == "fail";
    if (const auto why = set(made, key, one.substr(std::min(equals + 1, one.size()))))
      return fail(errc::wrong_use, *why, "--receiver");
  }
  if (says_status && !says_fail) made.manner.fail = 1;
  return made;
}

result<burst> parse_burst(const std::string& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto factor = number(std::string_view(text).substr(0, slash), 1.0, factor_max);
  const auto every = number(std::string_view(text).substr(std::min(slash + 1, text.size())), std::int64_t{2},
                            burst_seconds_max);
  if (!factor || !every)
    return fail(errc::wrong_use, "is FACTOR/SECONDS, from 1 to 1000 and from 2 to 86400, as 5/30", "--burst");
  return burst{*factor, std::chrono::seconds(*every)};
}

}  // namespace sluice::cli
