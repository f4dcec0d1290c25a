// Runs tasks of the subscription stage to their end on the calling thread: the command line's side of what an
// actor does in the node.
#pragma once

#include <memory>
#include <utility>
#include <variant>

#include "actors/node/config/config.hpp"
#include "actors/subscription/api.hpp"
#include "actors/subscription/outside.hpp"
#include "actors/subscription/task.hpp"
#include "net/http/client.hpp"
#include "net/runtime.hpp"

namespace sluice::cli {

/// Of one thread. Waits of a second and more are told on standard error, so that nobody takes patience for a
/// hang.
class organisation_client {
 public:
  /// Reads the authorities; connects with the first request.
  static result<std::unique_ptr<organisation_client>> make(const config::genesys_options& from);

  subscription::api& api() noexcept { return api_; }

  template <class T>
  T run(subscription::task<T> what) {
    subscription::process<T> under_way(outside_, std::move(what));
    subscription::step next = under_way.start(now());
    for (;;) {
      if (auto* const send = std::get_if<subscription::send_step>(&next)) {
        net::http::attempt ended = perform(std::move(*send));
        next = under_way.answered(std::move(ended), now());
      } else if (const auto* const wait = std::get_if<subscription::wait_step>(&next)) {
        pass(*wait);
        next = under_way.woken(now());
      } else {
        return under_way.take();
      }
    }
  }

 private:
  organisation_client(const subscription::settings& what, net::http::client_options login,
                      net::http::client_options api);

  static subscription::moment now();
  net::http::attempt perform(subscription::send_step what);
  static void pass(const subscription::wait_step& what);

  net::runtime io_{1};
  net::http::client login_, api_host_;
  subscription::outside outside_;
  net::oauth2::token_cache tokens_;
  subscription::api api_;
};

}  // namespace sluice::cli
