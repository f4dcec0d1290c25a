#include "actors/subscription/connection.hpp"

#include <utility>

#include "actors/subscription/answer.hpp"

namespace sluice::subscription {
namespace {

/// A page has 25 subscriptions of up to 100 sources of up to 512 bytes.
constexpr std::size_t answer_bytes_max = 4u << 20;
constexpr std::chrono::seconds answer_time_max{15};

}  // namespace

result<net::http::client_options> connection_to(const std::string& origin,
                                                std::shared_ptr<const net::tls::client_context> authorities) {
  auto url = net::http::parse_url(origin);
  if (!url) return fail(url.error());
  net::http::client_options options;
  options.origin = *std::move(url);
  options.tls = std::move(authorities);
  options.keep = {correlation_field};
  options.request_time = answer_time_max;
  options.body_kept = answer_bytes_max;
  options.body_read = answer_bytes_max;
  return options;
}

}  // namespace sluice::subscription
