#include "actors/node/config/nats_checks.hpp"

#include <algorithm>
#include <string>

#include "actors/node/config/auth_checks.hpp"
#include "actors/node/config/paths.hpp"
#include "actors/node/config/reach_checks.hpp"
#include "actors/node/config/split_checks.hpp"
#include "net/loopback.hpp"
#include "net/nats/address.hpp"
#include "net/nats/credentials.hpp"

namespace sluice::config {
namespace {

std::string server_path(const reader& read, const std::string& member, std::size_t at) {
  const std::string all = in(member, "servers"), item = member_of(all, at);
  return given(read, item) ? item : all;
}

void check_servers(reader& read, const std::string& member, const destination_options& d) {
  const auto& all = d.nats.servers;
  const std::string servers = in(member, "servers");
  const bool wrong = std::ranges::any_of(
      read.errors, [&](const error& e) { return e.place.find(servers) != std::string::npos; });
  if (all.empty() && given(read, servers) && !wrong) read.complain(servers, "is empty; at least one");
  if (all.size() > nats_options::servers_max) {
    read.complain(servers, std::string("has ")
                               .append(std::to_string(all.size()))
                               .append(" addresses; at most ")
                               .append(std::to_string(nats_options::servers_max)));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto address = net::nats::parse_address(all[i]);
    if (!address) continue;  // said as it was read
    const std::string path = server_path(read, member, i);
    check_reach(read, path, address->host, d);
    if (d.nats.proves() && !address->tls && !net::is_loopback(address->host))
      read.complain(path, "would get the credentials unencrypted; tls://, or nats:// on loopback");
  }
}

void check_proof(reader& read, const std::string& member, const nats_options& n) {
  const bool user = given(read, in(member, "user")), password = given(read, in(member, "password"));
  if (user != password) {
    read.complain(in(member, user ? "password" : "user"),
                  "is missing; a user and a password belong together");
  }
  std::string first = user || password ? "user" : "";
  for (const char* const other : {"token", "credentials"}) {
    if (!given(read, in(member, other))) continue;
    if (!first.empty())
      read.complain(in(member, other),
                    std::string("is there beside `").append(first).append("`; one of the two"));
    if (first.empty()) first = other;
  }
  if (n.credentials.empty()) return;
  if (const auto good = net::nats::read_credentials(n.credentials); !good)
    complain_of_file(read, in(member, "credentials"), good.error());
}

}  // namespace

void check_nats(reader& read, destination_options& d) {
  const std::string member = in("destinations", d.name);
  if (d.rate && d.nats.max_in_flight > *d.rate) {
    if (given(read, in(member, "max_in_flight"))) {
      read.complain(in(member, "max_in_flight"),
                    "is larger than the rate; at most what `rate` allows in a second");
    } else {
      d.nats.max_in_flight = *d.rate;
    }
  }
  check_allow(read, d);
  check_servers(read, member, d);
  check_proof(read, member, d.nats);
  check_client_tls(read, d, "tls://", std::ranges::any_of(d.nats.servers, [](const std::string& s) {
                     const auto address = net::nats::parse_address(s);
                     return address && address->tls;
                   }));
  check_requests(read, d);
}

}  // namespace sluice::config
