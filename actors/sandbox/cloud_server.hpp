// The cloud and its control API behind one listener.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/sandbox/clockwork.hpp"
#include "actors/sandbox/cloud.hpp"
#include "actors/sandbox/guarded.hpp"
#include "net/http/server.hpp"

namespace sluice::sandbox {

/// What the control API reaches of the rest of the sandbox. Thread-safe.
struct control_hooks {
  std::function<void(json& state)> add_state;          ///< of the sender and the receivers
  std::function<result<void>(const json& how)> steer;  ///< the sender
};

/// Answers on io threads; delayed answers come from the clock's thread. Thread-safe.
class cloud_server final : public net::http::handler {
 public:
  /// `said` gets one line a call, for people. All outlive it.
  cloud_server(guarded<cloud>& of, clockwork& clock, control_hooks hooks,
               std::function<void(const std::string&)> said);

  std::unique_ptr<net::http::response> refuse(const net::http::head_view& head) override;
  void handle(net::http::request&& what, net::http::exchange&& to) override;

 private:
  using response = net::http::response;

  response control(const net::http::request& what);
  response state();
  response steer(const json& how);
  response add_fault(const json& from);
  response set_status(std::string_view id, const json& wanted);

  guarded<cloud>& cloud_;
  clockwork& clock_;
  control_hooks hooks_;
  std::function<void(const std::string&)> said_;
};

}  // namespace sluice::sandbox
