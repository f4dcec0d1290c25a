#include "actors/sandbox/event_maker.hpp"

#include <array>
#include <utility>

#include "actors/sandbox/event_bodies.hpp"
#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {
namespace {

// Repeated as often as they shall come up: the example rules then match some events and miss others.
constexpr std::array<std::string_view, 5> regions{"us-east-1", "us-east-1", "us-east-1", "eu-west-1",
                                                  "ap-southeast-2"};
constexpr std::array<std::string_view, 6> priorities{"normal", "normal", "normal", "high", "high", "low"};

/// The topic of this one event: the template with its ids.
std::string instance_of(std::string topic, const std::string& id) {
  constexpr std::string_view mark = "{id}";
  for (auto at = topic.find(mark); at != topic.npos; at = topic.find(mark, at + id.size()))
    topic.replace(at, mark.size(), id);
  return topic;
}

}  // namespace

event_maker::event_maker(std::uint64_t seed, std::uint64_t stream)
    : random_(seed, stream), stream_(stream), organization_(dice(seed).uuid()) {
  for (std::size_t i = 0; i < conversations; ++i) conversation_ids_.push_back(random_.uuid());
}

made_event event_maker::make(const std::vector<std::string>& sources, shape how,
                             std::chrono::milliseconds wall) {
  const std::string& source = sources[random_.below(sources.size())];
  std::string& conversation = conversation_ids_[random_.below(conversations)];
  if (random_.chance(0.05)) conversation = random_.uuid();  // that one has ended
  const std::string id = random_.uuid();
  json data = body_of(source, conversation, wall, random_);
  data["stream"] = stream_;
  data["sequence"] = ++sequences_[source];
  const std::string topic = topic_of(source);
  made_event made;
  made.of.region = regions[random_.below(regions.size())];
  if (how == shape::eventbridge) {
    made.of.source = topic;
    const json event = {{"version", "0"},
                        {"id", id},
                        {"detail-type", topic},
                        {"source", "aws.partner/genesys.com/cloud/" + organization_ + "/sluice-sandbox"},
                        {"account", "111122223333"},
                        {"time", rfc3339(wall).substr(0, 19) + "Z"},
                        {"region", made.of.region},
                        {"resources", json::array()},
                        {"detail",
                         {{"topicName", instance_of(topic, conversation)},
                          {"version", "2"},
                          {"timestamp", rfc3339(wall)},
                          {"metadata", {{"CorrelationId", random_.uuid()}}},
                          {"eventBody", std::move(data)}}}};
    made.text = to_text(event);
  } else {
    made.of.source = source;
    made.of.priority = priorities[random_.below(priorities.size())];
    const json event = {{"id", id},
                        {"source", source},
                        {"timestamp", rfc3339(wall)},
                        {"data", std::move(data)},
                        {"metadata",
                         {{"region", made.of.region},
                          {"organizationId", organization_},
                          {"priority", made.of.priority},
                          {"topicName", instance_of(topic, conversation)}}}};
    made.text = to_text(event);
  }
  made.what = identity_of(made.of.source, id);
  return made;
}

}  // namespace sluice::sandbox
