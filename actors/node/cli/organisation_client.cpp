#include "actors/node/cli/organisation_client.hpp"

#include <chrono>
#include <future>
#include <iostream>
#include <random>
#include <thread>

#include "actors/node/config/organisation.hpp"
#include "actors/subscription/answer.hpp"
#include "actors/subscription/connection.hpp"

namespace sluice::cli {

result<std::unique_ptr<organisation_client>> organisation_client::make(const config::genesys_options& from) {
  const auto trusted = config::authorities_of(from);
  if (!trusted) return fail(trusted.error());
  const subscription::settings what = config::settings_of(from);
  auto login = subscription::connection_to(what.hosts.login, *trusted);
  if (!login) return fail(login.error());
  auto api = subscription::connection_to(what.hosts.api, *trusted);
  if (!api) return fail(api.error());
  return std::unique_ptr<organisation_client>(
      new organisation_client(what, *std::move(login), *std::move(api)));
}

organisation_client::organisation_client(const subscription::settings& what, net::http::client_options login,
                                         net::http::client_options api)
    : login_(io_, std::move(login)),
      api_host_(io_, std::move(api)),
      outside_([engine = std::mt19937_64(std::random_device()())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(engine);
      }),
      tokens_(subscription::tokens_for(what.credentials)),
      api_(outside_, tokens_, what.hosts) {}

subscription::moment organisation_client::now() {
  using namespace std::chrono;
  return {steady_clock::now().time_since_epoch(),
          duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

// The client bounds every attempt in time.
net::http::attempt organisation_client::perform(subscription::send_step what) {
  auto ended = std::make_shared<std::promise<net::http::attempt>>();
  auto answer = ended->get_future();
  net::http::client& to = what.to == subscription::host::login ? login_ : api_host_;
  to.send(std::move(what.what), [ended](net::http::attempt how) { ended->set_value(std::move(how)); });
  return answer.get();
}

void organisation_client::pass(const subscription::wait_step& what) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(what.time);
  if (seconds.count() >= 1)
    std::cerr << "waiting " << seconds.count() << " s before the next attempt" << std::endl;
  std::this_thread::sleep_for(what.time);
}

}  // namespace sluice::cli
