// How each destination's delivery is made from the configuration.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "actors/deliver/actors.hpp"
#include "actors/deliver/authorization.hpp"
#include "actors/deliver/request_maker.hpp"
#include "actors/deliver/subject_template.hpp"
#include "actors/node/backfill.hpp"
#include "actors/node/config/bounds.hpp"
#include "actors/node/config/rules.hpp"
#include "actors/node/incidents.hpp"
#include "actors/node/parts.hpp"
#include "actors/node/random_fraction.hpp"
#include "messages/assert.hpp"
#include "net/base64.hpp"
#include "net/nats/publisher.hpp"

namespace sluice::node {
namespace {

using clock = std::chrono::steady_clock;

deliver::request_form form_of(const config::webhook_options& from) {
  deliver::request_form form;
  form.format = from.format;
  form.type = from.type;
  form.fields = from.headers;
  for (const std::string& text : from.sign) {
    auto secret = net::signature::secret::parse(text);
    SLUICE_ASSERT(secret.has_value());  // the configuration was checked
    form.secrets.push_back(*std::move(secret));
  }
  if (const auto& auth = from.auth; !auth.bearer.empty()) {
    form.fields.emplace_back("Authorization", "Bearer " + auth.bearer);
  } else if (!auth.user.empty()) {
    form.fields.emplace_back("Authorization", "Basic " + net::to_base64(auth.user + ":" + auth.password));
  } else if (!auth.api_key_header.empty()) {
    form.fields.emplace_back(auth.api_key_header, auth.api_key);
  }
  return form;
}

/// What the lanes of an HTTP destination have in common.
struct shared_by_lanes {
  std::shared_ptr<const net::tls::client_context> tls;
  std::shared_ptr<deliver::token_source> tokens;  // null: none are needed
};

result<std::shared_ptr<net::http::client>> client_to(const std::string& url,
                                                     const config::destination_options& d,
                                                     std::shared_ptr<const net::tls::client_context> tls,
                                                     net::runtime& io) {
  auto origin = net::http::parse_url(url);
  if (!origin) return fail(origin.error());
  net::http::client_options options;
  options.origin = std::move(*origin);
  options.tls = std::move(tls);
  options.guard.emplace(d.allow);
  options.connect_time = options.request_time = d.timeout;
  return std::make_shared<net::http::client>(io, std::move(options));
}

deliver::sender sender_of(std::shared_ptr<net::http::client> client) {
  return
      [client = std::move(client)](net::http::outgoing what, std::function<void(net::http::attempt)> done) {
        client->send(std::move(what), std::move(done));
      };
}

result<shared_by_lanes> shared_of(const config::destination_options& d, net::runtime& io) {
  const config::client_tls_options& files = d.tls;
  std::vector<std::string> authorities;
  if (!files.ca.empty()) authorities.push_back(files.ca);
  auto tls = net::tls::client_context::make(authorities, {files.certificate, files.key});
  if (!tls) return fail(tls.error());
  shared_by_lanes made{*std::move(tls), nullptr};
  const config::auth_options& auth = d.webhook.auth;
  if (auth.token_url.empty()) return made;
  auto client = client_to(auth.token_url, d, made.tls, io);
  if (!client) return fail(client.error());
  deliver::token_source::options options;
  options.tokens.who = auth.client;
  options.tokens.target = {};  // the URL's own
  options.tokens.keys = "destinations." + d.name + ".auth.oauth2.";
  options.fetch = sender_of(*std::move(client));
  made.tokens = deliver::token_source::make(std::move(options));
  return made;
}

/// A header's value that is shorter is a word, no secret, and would be found in any text.
constexpr std::size_t hidden_header_bytes = 8;

/// Everything that a receiver is shown and must not be seen in what it says.
net::oauth2::redactor secrets_of(const config::webhook_options& from) {
  net::oauth2::redactor secrets;
  for (const std::string& one :
       {from.auth.bearer, from.auth.password, from.auth.api_key, from.auth.client.client_secret})
    secrets.hide(one);
  if (!from.auth.user.empty()) secrets.hide(from.auth.user + ":" + from.auth.password);
  for (const std::string& one : from.sign) secrets.hide(one);
  for (const auto& [name, value] : from.headers)
    if (value.size() >= hidden_header_bytes) secrets.hide(value);
  return secrets;
}

deliver::sender sender_of(std::shared_ptr<net::http::client> client, const config::destination_options& d,
                          std::shared_ptr<deliver::token_source> tokens) {
  auto to = deliver::discreet(sender_of(std::move(client)), secrets_of(d.webhook));
  return tokens ? deliver::authorized(std::move(to), std::move(tokens)) : to;
}

result<std::unique_ptr<net::nats::publisher>> publisher_of(const config::destination_options& d) {
  net::nats::publisher_options options;
  for (const std::string& text : d.nats.servers) {
    auto address = net::nats::parse_address(text);
    if (!address) return fail(address.error());
    options.servers.push_back(*std::move(address));
  }
  options.guard.emplace(d.allow);
  options.stream = d.nats.stream;
  options.user = d.nats.user;
  options.password = d.nats.password;
  options.token = d.nats.token;
  options.credentials = d.nats.credentials;
  options.ca = d.tls.ca;
  options.certificate = d.tls.certificate;
  options.key = d.tls.key;
  options.timeout = d.timeout;
  return std::make_unique<net::nats::publisher>(std::move(options));
}

/// For each lane what it tells its incidents: one for all that send to the same endpoint.
std::vector<std::shared_ptr<lane_incidents>> incidents_of(const std::vector<served_lane>& lanes) {
  std::vector<std::shared_ptr<lane_incidents>> all;
  std::map<std::pair<destination_id, std::size_t>, std::shared_ptr<lane_incidents>> by_endpoint;
  for (const served_lane& l : lanes) {
    auto& one = by_endpoint[{l.lane->destination, l.endpoint}];
    if (!one) {
      one = std::make_shared<lane_incidents>([label = l.endpoint_label()](const std::string& what) {
        what.empty() ? log_info("deliver", label + ": goes on") : log_warning("deliver", label + ": " + what);
      });
    }
    all.push_back(one);
  }
  return all;
}

}  // namespace

checkpoint::when_full when_full(config::backlog_full from) {
  switch (from) {
    case config::backlog_full::dead_letter:
      return checkpoint::when_full::dead_letter;
    case config::backlog_full::reject:
      return checkpoint::when_full::reject;
    case config::backlog_full::drop_oldest:
      return checkpoint::when_full::drop_oldest;
  }
  return checkpoint::when_full::dead_letter;
}

result<void> application::parts::backfill_new(checkpoint::segment_log::moment now) {
  for (const auto& d : configured.destinations) {
    const auto* const known = state.find(d.name);
    if (known->backfill_upto == 0) continue;
    log_info("deliver", "destination " + d.name + " is new: looking for events of before that it gets");
    const auto copied = backfill(known->id, {log.get(), &state, key.get(), rules, event_split, now});
    if (!copied) {
      return fail(copied.error().code, "from: oldest: " + copied.error().detail, "destinations." + d.name);
    }
    log_info("deliver", "destination " + d.name + " gets " + std::to_string(*copied) + " events of before");
  }
  return {};
}

result<void> application::parts::make_deliveries() {
  const checkpoint::segment_log::moment now{state.running_ms(), wall_ms()};
  if (auto declared = declare_destinations(configured, *log, state, *files, now); !declared) return declared;
  for (const auto& d : state.destinations()) {
    const bool named =
        d.id == checkpoint::dead_letters_id ||
        std::ranges::any_of(configured.destinations, [&](const auto& c) { return c.name == d.name; });
    if (!named && d.totals.pending() > 0) {
      log_warning("deliver", "destination " + d.name + " is not configured any more; " +
                                 std::to_string(d.totals.pending()) +
                                 " events of it are kept until it comes back or is discarded");
    }
  }
  const auto number_of = [this](std::string_view name) { return state.find(name)->id; };
  auto compiled = config::compile_rules(configured, number_of);
  if (!compiled) return fail(compiled.error());
  rules = std::move(*compiled);
  event_split = config::make_split(configured, number_of);
  if (auto copied = backfill_new(now); !copied) return copied;
  auto made = make_lanes(configured, *log, state, recovered.clean, clock::now().time_since_epoch());
  if (!made) return fail(made.error());
  lanes = std::move(*made);
  troubles = incidents_of(lanes);
  senders.resize(lanes.size());
  publishers.resize(lanes.size());
  std::map<std::string_view, shared_by_lanes> by_name;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (lanes[i].of == nullptr || !lanes[i].of->over_network()) continue;
    const auto& d = *lanes[i].of;
    if (d.kind == config::destination_kind::nats) {
      auto publisher = publisher_of(d);
      if (!publisher) return fail(publisher.error());
      publishers[i] = *std::move(publisher);
      continue;
    }
    auto& shared = by_name[d.name];
    if (!shared.tls) {
      auto common = shared_of(d, *io);
      if (!common) return fail(common.error());
      shared = std::move(*common);
    }
    auto client = client_to(d.endpoint_url(lanes[i].endpoint), d, shared.tls, *io);
    if (!client) return fail(client.error());
    senders[i] = sender_of(*std::move(client), d, shared.tokens);
  }
  audited->upto = state.audited().upto;
  audited->file_length = state.audited().file_length;
  return {};
}

deliver::stage_options application::parts::delivery_options(std::size_t i, const checkpoint_actor& to) {
  deliver::stage_options options;
  options.lane = lanes[i].lane;
  options.feed = &log->feed();
  options.checkpoint = to;
  options.letters = letters.get();
  options.name_events = std::ranges::any_of(configured.audit.events, [](config::audit_event e) {
    return e == config::audit_event::delivered || e == config::audit_event::dead_lettered;
  });
  options.incident = [told = troubles[i], lane = lanes[i].lane->number](
                         const std::string&, const std::string& what) { told->tell(lane, what); };
  troubles[i]->forget(lanes[i].lane->number);
  return options;
}

deliver::http_options application::parts::http_delivery(std::size_t i) {
  const auto& d = *lanes[i].of;
  deliver::http_options http;
  http.make_request = [maker = std::make_shared<deliver::request_maker>(form_of(d.webhook))](
                          const std::string& id, const std::vector<std::string_view>& events) {
    return maker->make(id, events, wall_ms() / 1000);
  };
  http.post = senders[i];
  http.batch = d.batch;
  http.batch_bytes = d.batch_bytes;
  http.linger = d.linger;
  http.timeout = d.timeout;
  http.counts_arrival = d.rate_counts == config::rate_counts::arrival;
  http.retry = retry_of(d);
  http.retry_for = d.retry.give_up_after;
  http.random = random_fraction();
  http.stable_id = [this](const std::string& of) { return stable_id(of); };
  return http;
}

deliver::nats_options application::parts::nats_delivery(std::size_t i) {
  const auto& d = *lanes[i].of;
  auto subject = deliver::subject_template::parse(d.nats.subject);
  SLUICE_ASSERT(subject.has_value());  // the configuration was checked
  deliver::nats_options nats;
  nats.publish = [to = publishers[i].get()](std::vector<net::nats::message> burst,
                                            std::function<void(net::nats::burst_end)> done) {
    to->publish(std::move(burst), std::move(done));
  };
  nats.subject = *std::move(subject);
  nats.max_in_flight = d.nats.max_in_flight;
  nats.burst_bytes = config::cost::burst_bytes;
  nats.retry = retry_of(d);
  nats.retry_for = d.retry.give_up_after;
  nats.random = random_fraction();
  nats.stable_id = [this](const std::string& of) { return stable_id(of); };
  return nats;
}

std::string application::parts::stable_id(const std::string& of) const {
  const auto hash = key->bytes_identity(of);
  char text[48];
  std::snprintf(text, sizeof text, "msg_%016llx%016llx", static_cast<unsigned long long>(hash.high),
                static_cast<unsigned long long>(hash.low));
  return text;
}

std::function<deliver_actor(const checkpoint_actor&)> application::parts::delivery(std::size_t i) {
  return [this, i](const checkpoint_actor& to) {
    auto options = delivery_options(i, to);
    if (lanes[i].lane->destination == checkpoint::dead_letters_id)
      return deliver::spawn_dead_letters(*actors, std::move(options));
    if (lanes[i].of == nullptr) return deliver::spawn_kept(*actors, std::move(options));
    const auto& d = *lanes[i].of;
    switch (d.kind) {
      case config::destination_kind::discard:
        return deliver::spawn_discard(*actors, std::move(options));
      case config::destination_kind::file:
        return deliver::spawn_file(*actors, std::move(options), {files.get(), d.path, retry_of(d)});
      case config::destination_kind::nats:
        return deliver::spawn_nats(*actors, std::move(options), nats_delivery(i));
      case config::destination_kind::http:
        break;
    }
    return deliver::spawn_http(*actors, std::move(options), http_delivery(i));
  };
}

}  // namespace sluice::node
