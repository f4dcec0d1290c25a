// How an attempt of an HTTP client ended, for the actor that asked for it.
#pragma once

#include "net/http/client.hpp"

namespace sluice {

struct attempt_result {
  net::http::attempt what;
};

}  // namespace sluice
