// How an attempt of an HTTP client ended, for the actor that asked for it.
#pragma once

#include <cstdint>

#include "net/http/client.hpp"

namespace sluice {

struct attempt_result {
  net::http::attempt what;
  std::uint64_t number = 0;  ///< of the attempt, where the actor counts them
};

}  // namespace sluice
