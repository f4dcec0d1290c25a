#include "actors/node/config/reach_checks.hpp"

#include <optional>
#include <vector>

#include "actors/node/config/paths.hpp"
#include "net/address_guard/address_guard.hpp"

namespace sluice::config {
namespace {

std::vector<net::ip_address> known_addresses(const std::string& host) {
  std::vector<std::string> texts{host};
  if (host == "localhost" || host.ends_with(".localhost")) texts = {"127.0.0.1", "::1"};  // RFC 6761
  std::vector<net::ip_address> all;
  for (const std::string& text : texts)
    if (const auto address = net::ip_address::parse(text)) all.push_back(*address);
  return all;
}

}  // namespace

void check_allow(reader& read, const destination_options& d) {
  if (d.allow.size() <= destination_options::allow_max) return;
  read.complain(in(in("destinations", d.name), "allow"),
                std::string("has ")
                    .append(std::to_string(d.allow.size()))
                    .append(" ranges; at most ")
                    .append(std::to_string(destination_options::allow_max)));
}

void check_reach(reader& read, const std::string& path, const std::string& host,
                 const destination_options& d) {
  const net::address_guard guard(d.allow);
  std::optional<net::network> closed;
  for (const net::ip_address& address : known_addresses(host)) {
    const auto range = guard.closed_range(address);
    if (!range) return;
    if (!closed) closed = range;
  }
  if (!closed) return;
  const auto from = read.origins().find(path);
  const bool hidden = from != read.origins().end() && from->second.hidden;
  read.complain(path, std::string("leads to ")
                          .append(hidden ? "an address" : host)
                          .append(" that is not a public one; `allow: [")
                          .append(hidden ? "RANGE" : closed->text())
                          .append("]` opens it"));
}

}  // namespace sluice::config
