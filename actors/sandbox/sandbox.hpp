// Everything together: the cloud behind its listener, until it is destroyed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/sandbox/feed.hpp"
#include "actors/sandbox/pacer.hpp"
#include "actors/sandbox/receiver_options.hpp"
#include "actors/sandbox/scenario.hpp"
#include "actors/sandbox/tls_files.hpp"
#include "actors/sandbox/token_issuer.hpp"
#include "actors/sandbox/verdict.hpp"
#include "messages/result.hpp"

namespace sluice::sandbox {

struct sandbox_options {
  std::string address = "127.0.0.1";  ///< a loopback address: it is a toy, and its control API asks nobody
  std::uint16_t port = 9000;          ///< 0: any free one
  std::vector<oauth_client> clients;
  std::chrono::seconds token_lifetime{86'400};
  std::size_t rate_limit = 0;  ///< API calls a minute and token; 0: no limit
  bool refuses_put = false;
  std::uint64_t seed = 1;  ///< of everything that is drawn; feed.batches.seed is it too
  feed_options feed;
  pace speed;                                                        ///< of the sender, for each subscription
  std::uint64_t events = std::numeric_limits<std::uint64_t>::max();  ///< then the sender stops
  std::vector<receiver_options> receivers;
  std::optional<tls_files> tls;          ///< https, with these; the receivers stay http
  std::vector<std::string> authorities;  ///< PEM files, believed beside the system's
  std::optional<scenario> story;         ///< without one it runs until it is destroyed
  std::function<void(const std::string&)> said = [](const std::string&) {};  ///< one line a call, for people
};

/// Runs threads of its own from `start` to its destruction.
class sandbox {
 public:
  static result<std::unique_ptr<sandbox>> start(sandbox_options options);
  ~sandbox();

  std::uint16_t port() const noexcept;
  /// `https://127.0.0.1:9000`
  std::string url() const;
  /// Of the receivers, in the order of the options.
  std::vector<std::uint16_t> receiver_ports() const;
  /// The story has come to its end; false without one.
  bool over() const;
  /// What it came to until now.
  verdict sum_up() const;

  struct impl;

 private:
  explicit sandbox(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::sandbox
