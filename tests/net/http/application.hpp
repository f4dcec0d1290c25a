// A small application behind a real server on a free port, whose behaviour follows from the path that is
// asked for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/http/server.hpp"

namespace sluice::net::http::testing_support {

/// `/echo` gives the body back · `/held` keeps request and exchange until `release` · `/dropped` drops the
/// exchange ·
/// `/hung` hangs up ·
/// `/elsewhere` answers from another thread · `/large` answers 32 MiB · `/last` asks to close · `/empty`
/// answers 204 · any other path, and the media type text/plain, are refused on the head.
class application final : public handler {
 public:
  ~application() override;

  std::unique_ptr<response> refuse(const head_view& head) override;
  void handle(request&& what, exchange&& to) override;

  /// Waits, at most 20 s, until that many requests are held; their number.
  std::size_t wait_for_held(std::size_t wanted);
  /// Answers the held requests with their bodies, their leases given back before.
  void release();
  std::vector<exchange> take_exchanges();  ///< of the held ones, whose leases are given back
  std::vector<std::string> seen_targets();
  int most_at_once() const noexcept { return most_at_once_; }

 private:
  struct held_request {
    request what;
    exchange to;
  };
  static response echo(const request& what);
  void answer_elsewhere(request&& what, exchange&& to);

  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<held_request> held_;
  std::vector<std::string> seen_;
  std::vector<std::thread> others_;
  std::atomic<int> at_once_ = 0, most_at_once_ = 0;
};

/// Runtime, budget, application and server, taken down in the right order.
struct node {
  explicit node(const std::function<void(server_options&)>& change = {},
                std::size_t budget_bytes = 64 * 1024 * 1024, unsigned threads = 2);
  ~node();

  std::uint16_t port() const { return on_air->port(); }

  byte_budget budget;
  application app;
  runtime loops;
  std::unique_ptr<server> on_air;
};

/// Whether `holds` becomes true within 20 s.
bool eventually(const std::function<bool()>& holds);

}  // namespace sluice::net::http::testing_support
