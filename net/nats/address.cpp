#include "net/nats/address.hpp"

#include <utility>

#include "net/origin.hpp"

namespace sluice::net::nats {
namespace {

constexpr std::uint16_t default_port = 4222;
constexpr scheme_pair schemes{"nats", "tls", default_port, default_port};

}  // namespace

result<server_address> parse_address(std::string_view text) {
  auto where = parse_origin(text, schemes);
  if (!where) return fail(std::move(where).error());
  if (!where->rest.empty())
    return fail(errc::bad_request, "nothing may follow the host and port of a NATS server, not even a slash");
  return server_address{where->tls, std::move(where->host), where->port};
}

std::string server_address::authority() const { return authority_text(host, port, default_port); }

}  // namespace sluice::net::nats
