// The composition root: builds every part from a configuration, wires them, starts and ends them in order.
#pragma once

#include <functional>
#include <memory>

#include "actors/node/config/config.hpp"
#include "messages/result.hpp"

namespace sluice::node {

/// A node. One thread calls its members.
class application {
 public:
  /// Binds the listeners, answers 503 on them while the log recovers, then runs. On an error nothing is left
  /// running. `ended` is called once, from any thread, when the node cannot go on: it must only post.
  static result<std::unique_ptr<application>> start(const config::config& from,
                                                    std::function<void(const std::string& why)> ended);
  ~application();

  /// Takes nothing new, answers what is under way, lets deliveries end their attempts, writes the cursors;
  /// all within shutdown.timeout. False when something had to be left (nothing that was answered is lost).
  bool stop();

 private:
  struct parts;
  explicit application(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
};

}  // namespace sluice::node
