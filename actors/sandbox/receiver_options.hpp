// What a receiver is told: where it listens, which shapes it takes, how it fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "actors/sandbox/received_body.hpp"
#include "net/signature/standard_webhooks.hpp"

namespace sluice::sandbox {

/// How it answers.
struct receiver_manner {
  double fail = 0;                     ///< share of requests that are answered with `status`
  int status = 503;                    ///< 400 to 599
  double hang = 0;                     ///< share of requests that get no answer
  std::chrono::milliseconds delay{0};  ///< before every answer
  double condemn = 0;             ///< share of events that it never takes: a request with one is answered 422
  std::uint32_t retry_after = 0;  ///< seconds that a failure's answer asks for; 0: does not say
  friend bool operator==(const receiver_manner&, const receiver_manner&) = default;
};

struct receiver_options {
  std::uint16_t port = 0;  ///< 0: any free one
  accepted_shape shape = accepted_shape::any;
  std::optional<net::signature::secret> secret = {};  ///< requests that it did not sign are answered 401
  receiver_manner manner;
};

}  // namespace sluice::sandbox
