// Everything together: the cloud behind its listener, until it is destroyed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/sandbox/token_issuer.hpp"
#include "messages/result.hpp"

namespace sluice::sandbox {

struct sandbox_options {
  std::string address = "127.0.0.1";  ///< a loopback address: it is a toy, and its control API asks nobody
  std::uint16_t port = 9000;          ///< 0: any free one
  std::vector<oauth_client> clients;
  std::chrono::seconds token_lifetime{86'400};
  std::size_t rate_limit = 0;  ///< API calls a minute and token; 0: no limit
  bool refuses_put = false;
  std::uint64_t seed = 1;
  std::function<void(const std::string&)> said = [](const std::string&) {};  ///< one line a call, for people
};

/// Runs threads of its own from `start` to its destruction.
class sandbox {
 public:
  static result<std::unique_ptr<sandbox>> start(sandbox_options options);
  ~sandbox();

  std::uint16_t port() const noexcept;
  /// `http://127.0.0.1:9000`
  std::string url() const;

  struct impl;

 private:
  explicit sandbox(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::sandbox
