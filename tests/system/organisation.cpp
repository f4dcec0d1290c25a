#include "tests/system/organisation.hpp"

#include <sstream>
#include <stdexcept>

#include "tests/support/json_scan.hpp"

namespace sluice::testing {
namespace {

std::string number_or_zero(std::string_view object, std::string_view key) {
  return std::string(json::find(object, key).value_or("0"));
}

/// The key of a line `  key: value`.
std::string_view key_of(std::string_view line) { return line.substr(0, line.find(':')); }

}  // namespace

std::string organisation_node(const std::vector<std::string>& more) {
  std::vector<std::string> lines{
      "login_url: \"{cloud}\"",
      "base_url: \"{cloud}\"",
      "ca: \"{ca}\"",
      "client_id: sandbox-client",
      "client_secret: sandbox-secret",
      "check_interval: 1s",
      "subscription: { name: " + std::string(subscription_name) +
          R"(, endpoint: "http://127.0.0.1:{port}/v1/events", sources: [ "conversation:transcript", "interaction:analytics" ] })",
  };
  for (const std::string& line : more) {
    std::erase_if(lines, [&](const std::string& known) { return key_of(known) == key_of(line); });
    if (!line.ends_with(':')) lines.push_back(line);
  }
  std::string text = file_node() + "genesys:\n";
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

std::map<std::string, std::string> addresses_of(const sandbox& cloud) {
  return {{"cloud", cloud.url()}, {"ca", cloud.authority()}};
}

health_report health_of(const node& there) {
  const http_answer said = get(there.port(), "/health");
  return {said.status, json::text_of(said.body, "subscription"),
          json::text_of(said.body, "subscription_status")};
}

bool becomes_active(const node& there, milliseconds patience) {
  return wait_until(
      [&] {
        const health_report now = health_of(there);
        return now.status == 200 && !now.subscription.empty() && now.subscription_status.empty();
      },
      patience);
}

std::vector<subscription_row> subscriptions_of(const sandbox& cloud) {
  std::vector<subscription_row> all;
  const std::string state = cloud.state();
  for (const auto one : json::elements(json::find(state, "subscriptions").value())) {
    all.push_back({json::text_of(one, "id"), json::text_of(one, "name"),
                   json::text_of(json::find(one, "destination").value(), "endpoint"),
                   json::text_of(one, "status")});
  }
  return all;
}

int calls_of(const sandbox& cloud, std::string_view method, std::string_view path) {
  int sum = 0;
  const std::string state = cloud.state();
  for (const auto one : json::elements(json::find(state, "api_calls").value())) {
    if (json::text_of(one, "method") == method && (path.empty() || json::text_of(one, "path") == path))
      sum += std::stoi(number_or_zero(one, "count"));
  }
  return sum;
}

std::uint64_t sent_of(const sandbox& cloud, std::string_view what) {
  std::uint64_t sum = 0;
  const std::string state = cloud.state();
  for (const auto feed : json::elements(json::find(state, "sender").value()))
    sum += std::stoull(number_or_zero(feed, what));
  return sum;
}

std::vector<std::string> subscription_lines(const node& there) {
  std::vector<std::string> all;
  std::istringstream lines(there.errors());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('{') || !line.ends_with('}')) continue;
    if (json::text_of(line, "stage") == "subscription") all.push_back(json::text_of(line, "message"));
  }
  return all;
}

}  // namespace sluice::testing
