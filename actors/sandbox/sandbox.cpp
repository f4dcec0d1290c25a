#include "actors/sandbox/sandbox.hpp"

#include <utility>

#include "actors/sandbox/cloud_server.hpp"
#include "actors/sandbox/loopback.hpp"
#include "net/runtime.hpp"

namespace sluice::sandbox {
namespace {

constexpr unsigned io_threads = 2;
constexpr std::size_t in_flight_bytes = 256 * 1024 * 1024;

cloud_options cloud_of(const sandbox_options& o, const clockwork& clock) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch() - clock.now();
  return {o.clients,     o.token_lifetime, o.rate_limit,
          o.refuses_put, o.seed,           wall_clock(std::chrono::floor<std::chrono::milliseconds>(wall))};
}

}  // namespace

struct sandbox::impl {
  explicit impl(sandbox_options o)
      : options(std::move(o)),
        sky(cloud_of(options, clock)),
        desk(sky, clock,
             {[](json&) {},
              [](std::string_view) -> result<void> { return fail(errc::not_found, "nothing is sent here"); }},
             options.said) {}

  const sandbox_options options;
  net::byte_budget budget{in_flight_bytes};
  clockwork clock;
  guarded<cloud> sky;
  cloud_server desk;
  net::runtime loops{io_threads};
  std::unique_ptr<net::http::server> on_air;
};

result<std::unique_ptr<sandbox>> sandbox::start(sandbox_options options) {
  if (!is_loopback(options.address))
    return fail(errc::wrong_use,
                "the sandbox listens on loopback only, as 127.0.0.1 or [::1]: its control API asks nobody "
                "who they are",
                options.address);
  auto made = std::make_unique<impl>(std::move(options));
  net::http::server_options listening;
  listening.address = made->options.address;
  listening.port = made->options.port;
  listening.keep = {"authorization"};
  auto opened = net::http::server::listen(made->loops, std::move(listening), made->budget, made->desk);
  if (!opened) return fail(opened.error());
  made->on_air = std::move(*opened);
  made->on_air->start();
  return std::unique_ptr<sandbox>(new sandbox(std::move(made)));
}

sandbox::sandbox(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

sandbox::~sandbox() {
  impl_->on_air.reset();
  impl_->clock.stop();
}

std::uint16_t sandbox::port() const noexcept { return impl_->on_air->port(); }

std::string sandbox::url() const {
  const bool v6 = impl_->options.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + impl_->options.address + "]" : impl_->options.address) + ":" +
         std::to_string(port());
}

}  // namespace sluice::sandbox
