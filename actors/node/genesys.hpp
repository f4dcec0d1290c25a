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
  /// Reads the authorities and makes clients on `io`; nothing is sent yet. Both others outlive this.
  static result<std::unique_ptr<genesys>> make(const config::genesys_options& from, net::runtime& io,
                                               subscription::board& shown);

  /// Shows the id that the log knows until the stage knows better.
  void recovered(const std::string& id);

  /// For a stage, or the successor of one that died. `keep` writes the id to the log.
  subscription::actor_options options(std::function<void(std::string id)> keep) const;

 private:
  explicit genesys(subscription::board& shown) : shown_(shown) {}

  subscription::board& shown_;
  subscription::settings settings_;
  std::shared_ptr<net::http::client> login_, api_;
};

}  // namespace sluice::node
