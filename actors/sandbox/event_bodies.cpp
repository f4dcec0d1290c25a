#include "actors/sandbox/event_bodies.hpp"

#include <algorithm>
#include <array>

#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {
namespace {

using wall_time = std::chrono::milliseconds;

constexpr std::array<std::string_view, 6> sentences{
    "hi i was charged twice for my january invoice",
    "my internet has been down since nine this morning",
    "i would like to cancel order eight eight four one",
    "thank you for waiting i have your account in front of me",
    "is there anything else i can help you with",
    "could you send the contract to the new address please",
};

/// The members that every `v2.detail.events` topic shares. Their time is a number of milliseconds.
json common_detail(const std::string& conversation, wall_time wall, dice& random) {
  return {{"eventTime", wall.count()},
          {"conversationId", conversation},
          {"participantId", random.uuid()},
          {"sessionId", random.uuid()},
          {"mediaType", "VOICE"},
          {"provider", "Edge"},
          {"direction", random.chance(0.7) ? "INBOUND" : "OUTBOUND"},
          {"ani", "tel:+1415555" + std::to_string(1000 + random.below(9000))},
          {"dnis", "tel:+14155550100"},
          {"divisionId", random.uuid()}};
}

json detail(const std::string& conversation, wall_time wall, dice& random) {
  return common_detail(conversation, wall, random);
}

json acd_start(const std::string& conversation, wall_time wall, dice& random) {
  json body = common_detail(conversation, wall, random);
  body["queueId"] = random.uuid();
  body["routingPriority"] = random.below(10);
  body["requestedRoutingSkillIds"] = {random.uuid(), random.uuid()};
  return body;
}

json user_start(const std::string& conversation, wall_time wall, dice& random) {
  json body = common_detail(conversation, wall, random);
  body["userId"] = random.uuid();
  body["queueId"] = random.uuid();
  return body;
}

json wrap_up(const std::string& conversation, wall_time wall, dice& random) {
  json body = user_start(conversation, wall, random);
  body["wrapupCode"] = random.uuid();
  body["wrapupNotes"] = "Refund issued, ref #" + std::to_string(random.below(10'000));
  body["wrapupDurationMs"] = random.below(60'000);
  return body;
}

json end(const std::string& conversation, wall_time wall, dice& random) {
  json body = common_detail(conversation, wall, random);
  body["disconnectType"] = random.chance(0.8) ? "CLIENT" : "PEER";
  body["interactingDurationMs"] = random.below(600'000);
  return body;
}

json attributes(const std::string& conversation, wall_time wall, dice& random) {
  return {{"conversationId", conversation},
          {"participantId", random.uuid()},
          {"eventTime", wall.count()},
          {"attributes",
           {{"customer.tier", random.chance(0.2) ? "gold" : "standard"},
            {"LLM (AW) question", "How do I pay my bill?"},
            {"note", "quote \" backslash \\ tab\tnewline\n end"}}}};
}

json message(const std::string& conversation, wall_time wall, dice& random) {
  return {{"conversationId", conversation},
          {"channel",
           {{"type", "Private"},
            {"messageId", random.uuid()},
            {"platform", "Open"},
            {"from", {{"nickname", "Zo\u00eb"}, {"idType", "Opaque"}}},
            {"time", rfc3339(wall)}}},
          {"type", "Text"},
          {"text", sentences[random.below(sentences.size())]},
          {"direction", "Inbound"}};
}

json transcript(const std::string& conversation, wall_time wall, dice& random) {
  const auto confidence = static_cast<double>(700 + random.below(300)) / 1000;
  const auto sentence = sentences[random.below(sentences.size())];
  return {{"eventTime", rfc3339(wall)},
          {"conversationId", conversation},
          {"communicationId", random.uuid()},
          {"transcripts",
           {{{"utteranceId", random.uuid()},
             {"isFinal", random.chance(0.9)},
             {"channel", random.chance(0.5) ? "EXTERNAL" : "INTERNAL"},
             {"alternatives",
              {{{"confidence", confidence},
                {"offsetMs", random.below(300'000)},
                {"durationMs", 500 + random.below(4000)},
                {"transcript", sentence}}}},
             {"engineProvider", "GENESYS"}}}},
          {"status", {{"offsetMs", random.below(300'000)}, {"status", "SESSION_ONGOING"}}}};
}

json analytics(const std::string& conversation, wall_time, dice& random) {
  const auto score = static_cast<double>(random.below(200)) / 100 - 1;
  return {{"conversationId", conversation},
          {"metrics",
           {{{"metric", "tHandle"}, {"value", random.below(400'000)}},
            {{"metric", "tTalk"}, {"value", random.below(300'000)}},
            {{"metric", "nTransferred"}, {"value", random.below(3)}}}},
          {"sentiment", {{"score", score}, {"phrases", random.below(9)}}},
          {"topics", {"billing.double_charge", "refund"}}};
}

json presence(const std::string&, wall_time wall, dice& random) {
  return {{"source", "PURECLOUD"},
          {"presenceDefinition",
           {{"id", random.uuid()}, {"systemPresence", random.chance(0.5) ? "BREAK" : "AVAILABLE"}}},
          {"primary", true},
          {"message", ""},
          {"modifiedDate", rfc3339(wall)}};
}

json audit(const std::string&, wall_time wall, dice& random) {
  return {{"id", random.uuid()},
          {"userId", random.uuid()},
          {"serviceName", "Presence"},
          {"eventTime", rfc3339(wall)},
          {"action", "Update"},
          {"entityType", "UserPresence"},
          {"propertyChanges",
           {{{"property", "PRESENCE"}, {"oldValues", {"Break"}}, {"newValues", {"Available"}}}}}};
}

struct kind {
  std::string_view source, topic;
  json (*body)(const std::string& conversation, wall_time wall, dice& random);
};

constexpr std::array<kind, 12> kinds{{
    {"conversation:start", "v2.detail.events.conversation.{id}.customer.start", detail},
    {"conversation:acd.start", "v2.detail.events.conversation.{id}.acd.start", acd_start},
    {"conversation:user.start", "v2.detail.events.conversation.{id}.user.start", user_start},
    {"conversation:acw", "v2.detail.events.conversation.{id}.acw", wrap_up},
    {"conversation:end", "v2.detail.events.conversation.{id}.customer.end", end},
    {"conversation:detail", "v2.detail.events.conversation.{id}.contact", detail},
    {"conversation:attributes", "v2.detail.events.conversation.{id}.attributes", attributes},
    {"conversation:message", "v2.detail.events.conversation.{id}.message", message},
    {"conversation:transcript", "v2.conversations.{id}.transcription", transcript},
    {"interaction:analytics", "v2.analytics.conversation.{id}.metrics", analytics},
    {"user:presence", "v2.users.{id}.presence", presence},
    {"audit:update", "v2.audits.entitytype.{id}.entityid.{id}", audit},
}};

/// By either of its names; null when there is no model of it.
const kind* find_kind(std::string_view source) {
  const auto* const found =
      std::ranges::find_if(kinds, [&](const kind& k) { return k.source == source || k.topic == source; });
  return found == kinds.end() ? nullptr : found;
}

}  // namespace

std::string topic_of(std::string_view source) {
  const kind* const known = find_kind(source);
  return std::string(known == nullptr ? source : known->topic);
}

json body_of(std::string_view source, const std::string& conversation, std::chrono::milliseconds wall,
             dice& random) {
  const kind* const known = find_kind(source);
  return (known == nullptr ? detail : known->body)(conversation, wall, random);
}

}  // namespace sluice::sandbox
