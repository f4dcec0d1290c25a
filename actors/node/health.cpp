// The shape is the contract's; a member is added only when there is something to say.
#include "actors/node/health.hpp"

#include <string_view>

#include "messages/json_string.hpp"

namespace sluice::node {
namespace {

std::string_view name_of(subscription::standing now) {
  switch (now) {
    case subscription::standing::unknown:
      return "unknown";
    case subscription::standing::active:
      return "active";
    case subscription::standing::repairing:
      return "repairing";
    case subscription::standing::failing:
      return "failing";
  }
  return "unknown";
}

}  // namespace

net::http::response health(const std::vector<std::string>& reasons,
                           const subscription::status* subscription) {
  if (reasons.empty()) {
    net::http::response r;
    r.body = R"({"status":"healthy","subscription":)";
    if (subscription == nullptr || subscription->id.empty()) {
      r.body += "null";
    } else {
      append_json_string(r.body, subscription->id);
    }
    if (subscription != nullptr && subscription->now != subscription::standing::active) {
      r.body += R"(,"subscription_status":)";
      append_json_string(r.body, name_of(subscription->now));
    }
    r.body += '}';
    return r;
  }
  auto r = net::http::problem(503, "unhealthy", reasons.front());
  r.body.pop_back();  // the document's closing brace
  r.body += R"(,"reasons":)";
  for (const auto& reason : reasons) {
    r.body += &reason == &reasons.front() ? '[' : ',';
    append_json_string(r.body, reason);
  }
  r.body += "]}";
  return r;
}

}  // namespace sluice::node
