// What a receiver is told: where it listens, which shapes it takes, how it fails.
#pragma once

#include <chrono>
#include <cstdint>

#include "actors/sandbox/received_body.hpp"

namespace sluice::sandbox {

/// How it answers.
struct receiver_manner {
  double fail = 0;                     ///< share of requests that are answered with `status`
  int status = 503;                    ///< 400 to 599
  double hang = 0;                     ///< share of requests that get no answer
  std::chrono::milliseconds delay{0};  ///< before every answer
  friend bool operator==(const receiver_manner&, const receiver_manner&) = default;
};

struct receiver_options {
  std::uint16_t port = 0;  ///< 0: any free one
  accepted_shape shape = accepted_shape::any;
  receiver_manner manner;
};

}  // namespace sluice::sandbox
