// What a receiver reads out of a request: which events are in it, in which of the shapes that destinations
// get.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/sandbox/identity.hpp"
#include "messages/result.hpp"

namespace sluice::sandbox {

struct received_event {
  identity what = 0;
  std::string source;          ///< as the node sees it
  std::uint64_t stream = 0;    ///< 0: no event of the sandbox's sender
  std::uint64_t sequence = 0;  ///< within stream and source
};

/// Which shapes a receiver takes.
enum class accepted_shape : std::uint8_t { any, envelope, bare };

/// An envelope `{"events":[…]}`, or bare: one event or an array of them. Each event is plain, an AWS
/// EventBridge event or a structured CloudEvent; its source is `detail-type` where it has one and no
/// `specversion`.
result<std::vector<received_event>> read_events(std::string_view body, accepted_shape accepted);

}  // namespace sluice::sandbox
