// Keys of the Genesys section. What a region, a host or a subscription may be is the subscription stage's to
// say.
#include "actors/node/config/key_makers.hpp"
#include "actors/subscription/region.hpp"
#include "actors/subscription/specification.hpp"
#include "messages/event.hpp"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// The section that is there as soon as one of its keys is.
genesys_options& section_of(const cursor& c) {
  if (!c.all.genesys) c.all.genesys.emplace();
  return *c.all.genesys;
}

value_type<std::string> region() {
  return {subscription::known_regions(),
          [](std::string_view text) -> parsed<std::string> {
            if (!subscription::find_hosts(text))
              return tl::unexpected(std::string("is no region of Genesys Cloud"));
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

value_type<std::string> origin() {
  return {"https://HOST[:PORT], or http:// on loopback",
          [](std::string_view text) -> parsed<std::string> {
            if (auto wrong = subscription::wrong_origin(text); !wrong.empty())
              return tl::unexpected(std::move(wrong));
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

std::vector<key> organisation_keys() {
  return {
      leaf(
          "genesys.region", region(), [](const cursor& c) -> auto& { return section_of(c).region; },
          "Region of the organisation, or its domain: it decides about both hosts."),
      leaf(
          "genesys.login_url", origin(), [](const cursor& c) -> auto& { return section_of(c).login_url; },
          "Host that gives tokens, instead of the region's."),
      leaf(
          "genesys.base_url", origin(), [](const cursor& c) -> auto& { return section_of(c).base_url; },
          "Host of the API, instead of the region's."),
      leaf(
          "genesys.ca", path_text(), [](const cursor& c) -> auto& { return section_of(c).ca; },
          "PEM file of one more authority to trust, beside the system's."),
      required(leaf(
          "genesys.client_id", text_up_to(256, 1, "an OAuth client's id"),
          [](const cursor& c) -> auto& { return section_of(c).credentials.client_id; },
          "OAuth client of the kind `client credentials`.")),
      secret(required(leaf(
          "genesys.client_secret", text_up_to(1024, 1, "an OAuth client's secret"),
          [](const cursor& c) -> auto& { return section_of(c).credentials.client_secret; },
          "Its secret; never shown."))),
      leaf(
          "genesys.scope", text_up_to(1024, 0, "OAuth scopes with a blank between them,"),
          [](const cursor& c) -> auto& { return section_of(c).credentials.scope; },
          "Scopes to ask for; what the client may do is what counts."),
      leaf(
          "genesys.check_interval", duration_between(seconds(1), hours(1)),
          [](const cursor& c) -> auto& { return section_of(c).check_interval; },
          "How often the subscription is looked at."),
  };
}

std::vector<key> subscription_keys() {
  using namespace subscription;
  return {
      required(leaf(
          "genesys.subscription.name", text_up_to(name_bytes_max, 1, "a name"),
          [](const cursor& c) -> auto& { return section_of(c).subscription.name; },
          "Its name, by which it is found and taken up again.")),
      required(leaf(
          "genesys.subscription.endpoint", text_up_to(2048, 1, "an https URL, or http on loopback,"),
          [](const cursor& c) -> auto& { return section_of(c).subscription.endpoint; },
          "Where events are to be sent: this node, as the sender reaches it.")),
      required(list_of(
          "genesys.subscription.sources", text_up_to(source_bytes_max, 1, "a kind of events"),
          [](const cursor& c) -> auto& { return section_of(c).subscription.sources; },
          "Sources whose events it shall bring.")),
      leaf(
          "genesys.subscription.retention_days", count_between<std::uint32_t>(1, retention_days_max),
          [](const cursor& c) -> auto& { return section_of(c).subscription.retention_days; },
          "How long the sender keeps what it could not send."),
      leaf(
          "genesys.subscription.max_events_per_second",
          count_between<std::uint32_t>(1, events_per_second_max),
          [](const cursor& c) -> auto& { return section_of(c).subscription.max_events_per_second; },
          "Most events that it is planned to bring in a second."),
  };
}

}  // namespace

std::vector<key> genesys_keys() {
  std::vector<key> all = organisation_keys();
  std::ranges::move(subscription_keys(), std::back_inserter(all));
  return all;
}

}  // namespace sluice::config
