// What stands between HTTP and the pipeline: paths, admission, the answers of the contract.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/checkpoint/board.hpp"
#include "actors/ingest/inbox.hpp"
#include "actors/node/admin/api.hpp"
#include "actors/subscription/board.hpp"
#include "actors/telemetry/edge.hpp"
#include "net/http/server.hpp"

namespace sluice::node {

/// Where the node is in its life.
enum class phase : std::uint8_t { starting, running, stopping };

/// Shared by all listeners of a node. Thread-safe.
class gateway {
 public:
  struct options {
    telemetry::edge* edge = nullptr;
    const checkpoint::board* board = nullptr;
    const subscription::board* subscription = nullptr;  ///< null: the node only listens
    const admin::api* api = nullptr;                    ///< what the admin side serves; outlives the gateway
  };
  explicit gateway(options o);
  ~gateway();

  /// `wake` reaches the ingest actor of now, and `scrape` passes a responder to telemetry. Either may be empty:
  /// batches wait in the inbox then, and a scrape is answered 503.
  void connect_ingest(std::function<void()> wake);
  void connect_scrape(std::function<void(std::function<void(std::string)>)> scrape);
  void enter(phase p) noexcept { phase_.store(p); }
  phase now() const noexcept { return phase_.load(); }
  /// Why /health is 503 besides the phase; empty: nothing.
  void unhealthy(std::string why);

  ingest::inbox& inbox() noexcept { return inbox_; }
  /// Requests handed to the pipeline and not answered.
  std::uint64_t under_way() const noexcept { return under_way_.load(); }

  /// The handlers of the listeners; they live as long as the gateway.
  net::http::handler& ingestion(bool with_admin);
  net::http::handler& admin();

 private:
  class endpoint;
  class inbound_request;
  std::unique_ptr<net::http::response> refuse(const net::http::head_view& head, bool events,
                                              bool admin) const;
  net::http::response not_running() const;
  void handle(net::http::request&& what, net::http::exchange&& to);
  void wake_ingest();
  void take_batch(net::http::request&& what, net::http::exchange&& to);
  net::http::response health() const;

  options options_;
  std::atomic<phase> phase_ = phase::starting;
  std::atomic<std::uint64_t> under_way_ = 0;
  ingest::inbox inbox_;
  std::atomic<bool> wake_owed_ = false;  // the inbox was empty before what is in it
  mutable std::mutex mutex_;             // the handles below change when a stage is restarted
  std::shared_ptr<const std::function<void()>> wake_;
  std::shared_ptr<const std::function<void(std::function<void(std::string)>)>> scrape_;
  std::string unhealthy_;
  std::vector<std::unique_ptr<endpoint>> endpoints_;
};

/// The answer of the contract's table to what the pipeline said.
net::http::response to_response(const result<receipt>& said);

}  // namespace sluice::node
