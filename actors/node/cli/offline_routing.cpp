// The same decoder and router as in the node; explanations beside them must come to the same decision.
#include "actors/node/cli/offline_routing.hpp"

#include <algorithm>

#include "actors/node/cli/show.hpp"
#include "actors/node/config/rules.hpp"
#include "messages/assert.hpp"

namespace sluice::cli {
namespace {

std::shared_ptr<const route::rule_set> rules_of(const config::config& of) {
  auto rules = config::compile_rules(of);
  SLUICE_ASSERT(rules.has_value());
  return std::move(*rules);
}

std::string padded(std::string_view text) { return std::string(text).append(body_padding, '\0'); }

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

// Identities are not looked at here, so any key serves.
offline_routing::offline_routing(const config::config& of)
    : config_(of),
      rules_(rules_of(of)),
      router_(rules_),
      decoder_(decode::decode_limits{.max_events = of.ingest.max_events},
               decode::identity_key(decode::identity_key::secret{})) {}

result<std::vector<routed_event>> offline_routing::route(std::string_view json) {
  std::string body = padded(json);
  decoded events;
  auto read = decoder_.decode({body.data(), json.size()}, events);
  const auto start = json.find_first_not_of(" \t\r\n");
  if (!read && read.error().code == errc::not_a_batch && start != std::string_view::npos &&
      json[start] == '{') {
    // One plain event is no batch to the node, but a fair question here.
    const std::string alone = std::string("[").append(json).append("]");
    body = padded(alone);
    const auto why = read.error();
    read = decoder_.decode({body.data(), alone.size()}, events);
    if (!read) return fail(why);
  }
  if (!read) return fail(read.error());
  target_sets targets;
  if (const auto counts = router_.apply(events, targets); !counts) return fail(counts.error());
  std::vector<routed_event> all;
  for (std::size_t i = 0; i < events.entries.size(); ++i) {
    const event_entry& entry = events.entries[i];
    routed_event one;
    one.why = static_cast<quarantine>(entry.why);
    if (!entry.quarantined()) {
      const event_text& text = events.texts[i];
      one.id = text.id;
      one.source = text.source;
      one.decision = rules_->explain(text.source, std::span<const metadata_member>(events.metadata)
                                                      .subspan(text.metadata_first, text.metadata_count));
      SLUICE_ASSERT(one.decision.rule == entry.rule);
      SLUICE_ASSERT(std::ranges::equal(one.decision.targets, targets[entry.targets]));
      for (const target to : one.decision.targets)
        one.to.push_back(config_.destinations[to.destination].name);
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<error> run_tests(const config::config& of) {
  offline_routing routing(of);
  std::vector<error> failures;
  for (std::size_t i = 0; i < of.tests.size(); ++i) {
    const config::routing_test& test = of.tests[i];
    const auto fails = [&](std::string what) {
      failures.push_back({errc::invalid_config, what.append("; expected ").append(list_of_names(test.to)),
                          std::string(test.place).append(": tests[").append(std::to_string(i)).append("]")});
    };
    const auto routed = routing.route(std::string("[").append(test.event).append("]"));
    if (!routed) {
      fails(to_string(routed.error()));
      continue;
    }
    SLUICE_ASSERT(routed->size() == 1);
    const routed_event& event = routed->front();
    if (event.why != quarantine::none) {
      fails(std::string("the event is quarantined: ").append(to_string(event.why)));
    } else if (sorted(event.to) != sorted(test.to)) {
      fails(std::string("the event goes to ").append(list_of_names(event.to)));
    }
  }
  return failures;
}

}  // namespace sluice::cli
