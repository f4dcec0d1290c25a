// The organisation's side of the node: clients of its two hosts, and what the subscription stage is given.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/node/config/config.hpp"
#include "actors/subscription/actor.hpp"
#include "net/http/client.hpp"
#include "net/runtime.hpp"

namespace sluice::node {

class genesys {
 public:
  /// Reads the authorities. `shown` holds the id that the log knows; everything given outlives this.
  static result<std::unique_ptr<genesys>> make(const config::genesys_options& from, net::runtime& io,
                                               subscription::board& shown);

  /// For a stage, or the successor of one that died. `keep` writes the id to the log.
  subscription::actor_options options(std::function<void(std::string id)> keep) const;

 private:
  explicit genesys(subscription::board& shown) : shown_(shown) {}

  subscription::board& shown_;
  subscription::settings settings_;
  std::shared_ptr<net::http::client> login_, api_;
};

}  // namespace sluice::node
