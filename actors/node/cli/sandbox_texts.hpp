// The options of `sluice sandbox` that are more than a number.
#pragma once

#include <chrono>
#include <string>

#include "actors/sandbox/receiver.hpp"
#include "actors/sandbox/token_issuer.hpp"
#include "messages/result.hpp"

namespace sluice::cli {

/// `ID:SECRET[:SCOPE+SCOPE…]`; without scopes, both that there are.
result<sandbox::oauth_client> parse_client(const std::string& text);

/// `PORT[,fail=0.1][,status=500][,hang=0.01][,delay=50ms][,bare|,envelope]`. A status alone is the answer to
/// every request.
result<sandbox::receiver_options> parse_receiver(const std::string& text);

/// `FACTOR/SECONDS`: every so many seconds, one second at so many times the rate.
struct burst {
  double factor = 1;
  std::chrono::seconds every{0};
};
result<burst> parse_burst(const std::string& text);

}  // namespace sluice::cli
