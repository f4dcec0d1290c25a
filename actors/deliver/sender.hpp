// What carries a destination's requests. Each part that a request passes wraps the next one.
#pragma once

#include <functional>

#include "net/http/client.hpp"

namespace sluice::deliver {

/// Sends one request; `done` is called once, on any thread. Callable on any thread.
using sender = std::function<void(net::http::outgoing what, std::function<void(net::http::attempt)> done)>;

}  // namespace sluice::deliver
