#include "actors/sandbox/sandbox.hpp"

#include <utility>

#include "actors/sandbox/cloud_server.hpp"
#include "actors/sandbox/sender.hpp"
#include "actors/sandbox/theatre.hpp"
#include "net/loopback.hpp"
#include "net/runtime.hpp"

namespace sluice::sandbox {
namespace {

constexpr unsigned io_threads = 2;
constexpr std::size_t in_flight_bytes = 256 * 1024 * 1024;

wall_clock wall_of(const clockwork& clock) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch() - clock.now();
  return wall_clock(std::chrono::floor<std::chrono::milliseconds>(wall));
}

cloud_options cloud_of(const sandbox_options& o, const clockwork& clock) {
  return {o.clients, o.token_lifetime, o.rate_limit, o.refuses_put, o.seed, wall_of(clock)};
}

sender_options sender_of(const sandbox_options& o, const clockwork& clock,
                         std::shared_ptr<const net::tls::client_context> believed) {
  return {o.feed, o.speed, wall_of(clock), o.events, o.story && o.story->starts_paused, std::move(believed)};
}

}  // namespace

struct sandbox::impl {
  impl(sandbox_options o, std::shared_ptr<const net::tls::client_context> believed)
      : options(std::move(o)),
        sky(cloud_of(options, clock)),
        source(sky, clock, loops, sender_of(options, clock, std::move(believed))),
        house(sky, clock, source, receivers, options.story.value_or(scenario{})),
        desk(sky, clock, hooks(), options.said) {}

  control_hooks hooks() {
    return {[this](json& state) { add_state(state); },
            [this](const json& body) -> result<void> {
              const auto how = parse_steering(body);
              if (!how) return fail(how.error());
              source.steer(*how);
              return {};
            }};
  }
  void add_state(json& state) const {
    state["seed"] = options.seed;
    json& sent = state["sender"] = json::array();
    for (const auto& one : source.report()) sent.push_back(to_json(one));
    json& got = state["receivers"] = json::array();
    for (const auto& one : receivers)
      got.push_back({{"port", one->port()}, {"ledger", to_json(one->counts())}});
  }

  const sandbox_options options;
  net::byte_budget budget{in_flight_bytes};
  net::runtime loops{io_threads};
  clockwork clock;
  guarded<cloud> sky;
  sender source;
  std::vector<std::unique_ptr<receiver>> receivers;
  theatre house;
  cloud_server desk;
  std::unique_ptr<net::http::server> on_air;
};

result<std::unique_ptr<sandbox>> sandbox::start(sandbox_options options) {
  if (!net::is_loopback(options.address))
    return fail(errc::wrong_use,
                "the sandbox listens on loopback only, as 127.0.0.1 or [::1]: its control API asks nobody "
                "who they are",
                options.address);
  net::http::server_options listening;
  listening.address = options.address;
  listening.port = options.port;
  listening.keep = {"authorization"};
  if (options.tls) {
    options.authorities.push_back(options.tls->authority);
    auto served = net::tls::server_context::load(options.tls->certificate, options.tls->key);
    if (!served) return fail(served.error());
    listening.tls = std::move(*served);
  }
  auto believed = net::tls::client_context::make(options.authorities);
  if (!believed) return fail(believed.error());
  options.feed.batches.seed = options.seed;
  auto made = std::make_unique<impl>(std::move(options), std::move(*believed));
  for (const auto& wanted : made->options.receivers) {
    auto opened = receiver::open(made->loops, made->budget, made->clock, wanted, made->options.seed,
                                 made->receivers.size() + 1);
    if (!opened) return fail(opened.error());
    made->receivers.push_back(std::move(*opened));
  }
  auto opened = net::http::server::listen(made->loops, std::move(listening), made->budget, made->desk);
  if (!opened) return fail(opened.error());
  made->on_air = std::move(*opened);
  made->on_air->start();
  made->source.start();
  if (made->options.story) made->house.start();
  return std::unique_ptr<sandbox>(new sandbox(std::move(made)));
}

sandbox::sandbox(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

sandbox::~sandbox() {
  impl_->on_air.reset();
  impl_->clock.stop();
}

std::vector<std::uint16_t> sandbox::receiver_ports() const {
  std::vector<std::uint16_t> all;
  for (const auto& one : impl_->receivers) all.push_back(one->port());
  return all;
}

bool sandbox::over() const { return impl_->house.over(); }
verdict sandbox::sum_up() const { return impl_->house.sum_up(); }

std::uint16_t sandbox::port() const noexcept { return impl_->on_air->port(); }

std::string sandbox::url() const {
  const bool v6 = impl_->options.address.find(':') != std::string::npos;
  return (impl_->options.tls ? "https://" : "http://") +
         (v6 ? "[" + impl_->options.address + "]" : impl_->options.address) + ":" + std::to_string(port());
}

}  // namespace sluice::sandbox
