// Two clients, so that a token can be asked for while a call to the API is under way; the organisation may
// have both behind one host.
#include "actors/node/genesys.hpp"

#include <chrono>
#include <utility>

#include "actors/node/config/organisation.hpp"
#include "actors/node/incidents.hpp"
#include "actors/node/random_fraction.hpp"
#include "actors/subscription/connection.hpp"

namespace sluice::node {
namespace {

using namespace std::chrono_literals;

result<std::shared_ptr<net::http::client>> client_of(
    const std::string& origin, const std::shared_ptr<const net::tls::client_context>& authorities,
    net::runtime& io) {
  auto options = subscription::connection_to(origin, authorities);
  if (!options) return fail(options.error());
  return std::make_shared<net::http::client>(io, *std::move(options));
}

/// The stage must not keep a client alive: what the client has under way keeps the stage.
subscription::sender sender_of(const std::shared_ptr<net::http::client>& client) {
  return
      [to = std::weak_ptr(client)](net::http::outgoing what, std::function<void(net::http::attempt)> done) {
        if (const auto there = to.lock()) there->send(std::move(what), std::move(done));
      };
}

}  // namespace

result<std::unique_ptr<genesys>> genesys::make(const config::genesys_options& from, net::runtime& io,
                                               subscription::board& shown) {
  const auto trusted = config::authorities_of(from);
  if (!trusted) return fail(trusted.error());
  std::unique_ptr<genesys> made(new genesys(shown));
  made->settings_ = config::settings_of(from);
  for (const auto& [origin, client] : {std::pair(&made->settings_.hosts.login, &made->login_),
                                       std::pair(&made->settings_.hosts.api, &made->api_)}) {
    auto connected = client_of(*origin, *trusted, io);
    if (!connected) return fail(connected.error());
    *client = std::move(*connected);
  }
  return made;
}

void genesys::recovered(const std::string& id) {
  subscription::status noted;
  noted.id = id;
  shown_.set(std::move(noted));
}

subscription::actor_options genesys::options(std::function<void(std::string id)> keep) const {
  subscription::actor_options options;
  options.what = settings_;
  options.login = sender_of(login_);
  options.api = sender_of(api_);
  options.noted_id = shown_.get().id;
  options.board = &shown_;
  options.note = [keep = std::move(keep)](std::string id) {
    if (!id.empty()) log_info("subscription", "events come through subscription " + id);
    keep(std::move(id));
  };
  options.incident = [](const std::string& what) {
    what.empty() ? log_info("subscription", "goes on") : log_warning("subscription", what);
  };
  options.random = random_fraction();
  options.wall_ms = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  return options;
}

}  // namespace sluice::node
