// What the kinds of events say: field names and types as the platform documents them, values invented.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "actors/sandbox/dice.hpp"
#include "actors/sandbox/json.hpp"

namespace sluice::sandbox {

/// The topic that AWS names in `detail-type`, as `v2.conversations.{id}.transcription`; a source without a
/// model is its own.
std::string topic_of(std::string_view source);

/// The `data` of an event.
json body_of(std::string_view source, const std::string& conversation, std::chrono::milliseconds wall,
             dice& random);

}  // namespace sluice::sandbox
