// How a burst into a stream ended, for the actor that asked for it.
#pragma once

#include "net/nats/message.hpp"

namespace sluice {

struct burst_result {
  net::nats::burst_end what;
};

}  // namespace sluice
