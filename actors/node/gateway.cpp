#include "actors/node/gateway.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string_view>
#include <utility>

#include "actors/node/health.hpp"

namespace sluice::node {

using net::http::method;
using net::http::problem;
using net::http::response;

namespace {

constexpr std::string_view events_path = "/v1/events";

response unavailable(std::string_view error, std::string_view detail) {
  auto r = problem(503, error, detail);
  r.fields.emplace_back("Retry-After", "1");
  return r;
}

std::string_view media_type(std::string_view content_type) noexcept {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return type;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool takes_media_type(std::string_view content_type) noexcept {
  const auto type = media_type(content_type);
  static constexpr std::string_view taken[] = {"application/json", "application/cloudevents+json",
                                               "application/cloudevents-batch+json"};
  return type.empty() || std::ranges::any_of(taken, [&](auto t) { return equal_ignoring_case(type, t); });
}

response text(int status, std::string body) {
  response r;
  r.status = status;
  r.content_type = "text/plain; charset=utf-8";
  r.body = std::move(body);
  return r;
}

}  // namespace

response to_response(const result<receipt>& said) {
  if (said) {
    char body[160];
    const int n =
        std::snprintf(body, sizeof body,
                      R"({"status":"accepted","accepted":%u,"duplicates":%u,"dropped":%u,"quarantined":%u})",
                      said->accepted, said->duplicates, said->dropped, said->quarantined);
    response r;
    r.body.assign(body, static_cast<std::size_t>(n));
    return r;
  }
  const auto& e = said.error();
  const auto detail = to_string(e);
  switch (e.code) {
    case errc::not_json:
    case errc::not_a_batch:
    case errc::bad_request:
      return problem(400, "invalid payload", detail);
    case errc::too_large:
      return problem(413, "too large", detail);
    case errc::unsupported:
      return problem(415, "unsupported", detail);
    case errc::not_durable:
      return problem(500, "checkpoint persistence failed", detail);
    case errc::overloaded: {
      auto r = problem(429, "in-flight limit reached", detail);
      r.fields.emplace_back("Retry-After", "1");
      return r;
    }
    default:
      return unavailable(to_string(e.code), detail);
  }
}

/// One listener's view of the gateway.
class gateway::endpoint : public net::http::handler {
 public:
  endpoint(gateway& of, bool events, bool admin) : of_(of), events_(events), admin_(admin) {}
  std::unique_ptr<response> refuse(const net::http::head_view& head) override {
    return of_.refuse(head, events_, admin_);
  }
  void handle(net::http::request&& what, net::http::exchange&& to) override {
    of_.handle(std::move(what), std::move(to));
  }
  void handled() override { of_.wake_ingest(); }

 private:
  gateway& of_;
  const bool events_, admin_;
};

/// A batch under way: holds the body and its lease until the answer is given.
class gateway::inbound_request : public inbound {
 public:
  inbound_request(gateway& of, net::http::request&& what, net::http::exchange&& to)
      : of_(of), what_(std::move(what)), to_(std::move(to)), start_(std::chrono::steady_clock::now()) {
    of_.under_way_.fetch_add(1, std::memory_order_relaxed);
  }
  ~inbound_request() override { of_.under_way_.fetch_sub(1, std::memory_order_release); }

  std::string_view body() const noexcept override { return what_.body(); }

  void answer(const result<receipt>& said) noexcept override {
    auto r = to_response(said);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    of_.options_.edge->answered(r.status, took.count());
    to_.respond(std::move(r));
  }

 private:
  gateway& of_;
  net::http::request what_;
  net::http::exchange to_;
  const std::chrono::steady_clock::time_point start_;
};

gateway::gateway(options o) : options_(o) {}
gateway::~gateway() = default;

net::http::handler& gateway::ingestion(bool with_admin) {
  endpoints_.push_back(std::make_unique<endpoint>(*this, true, with_admin));
  return *endpoints_.back();
}

net::http::handler& gateway::admin() {
  endpoints_.push_back(std::make_unique<endpoint>(*this, false, true));
  return *endpoints_.back();
}

void gateway::connect_ingest(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = wake ? std::make_shared<const std::function<void()>>(std::move(wake)) : nullptr;
}

void gateway::connect_scrape(std::function<void(std::function<void(std::string)>)> scrape) {
  using passer = std::function<void(std::function<void(std::string)>)>;
  const std::lock_guard lock(mutex_);
  scrape_ = scrape ? std::make_shared<const passer>(std::move(scrape)) : nullptr;
}

void gateway::unhealthy(std::string why) {
  const std::lock_guard lock(mutex_);
  unhealthy_ = std::move(why);
}

std::unique_ptr<response> gateway::refuse(const net::http::head_view& head, bool events, bool admin) const {
  const auto refused = [this](response r) {
    options_.edge->answered(r.status, 0);
    return std::make_unique<response>(std::move(r));
  };
  const auto path = head.target.substr(0, head.target.find('?'));
  if (events && path == events_path) {
    if (head.method != method::post) {
      auto r = problem(405, "method not allowed", "events are sent with POST");
      r.fields.emplace_back("Allow", "POST");
      return refused(std::move(r));
    }
    if (now() != phase::running) return refused(not_running());
    if (!takes_media_type(head.content_type)) {
      return refused(problem(415, "unsupported media type", "allowed: application/json"));
    }
    if (!head.content_encoding.empty() && !equal_ignoring_case(head.content_encoding, "identity")) {
      auto r = problem(415, "unsupported content coding", "allowed: identity");
      r.fields.emplace_back("Accept-Encoding", "identity");
      return refused(std::move(r));
    }
    return nullptr;
  }
  if (admin && admin::api::serves(path)) return options_.api->refuse(head);
  const bool known =
      path == "/health" || path == "/livez" || path == "/readyz" || (admin && path == "/metrics");
  if (!known) return std::make_unique<response>(problem(404, "not found", "no such path here"));
  if (head.method != method::get && head.method != method::head) {
    auto r = problem(405, "method not allowed", "this path is read with GET");
    r.fields.emplace_back("Allow", "GET, HEAD");
    return std::make_unique<response>(std::move(r));
  }
  if (path == "/metrics") return options_.api->who_may().refuse_stranger(head);
  return nullptr;
}

response gateway::not_running() const {
  return now() == phase::stopping ? unavailable("stopping", "the node is stopping")
                                  : unavailable("starting", "the node is recovering its log");
}

void gateway::handle(net::http::request&& what, net::http::exchange&& to) {
  const auto path = what.path();
  if (path == events_path) return take_batch(std::move(what), std::move(to));
  if (admin::api::serves(path)) return options_.api->handle(std::move(what), std::move(to));
  if (path == "/health") return to.respond(health());
  if (path == "/livez") return to.respond(text(200, "alive\n"));
  if (path == "/readyz") {
    return to.respond(now() == phase::running ? text(200, "ready\n") : text(503, "not ready\n"));
  }
  std::shared_ptr<const std::function<void(std::function<void(std::string)>)>> scrape;
  {
    const std::lock_guard lock(mutex_);
    scrape = scrape_;
  }
  if (!scrape) return to.respond(not_running());
  auto shared = std::make_shared<net::http::exchange>(std::move(to));
  (*scrape)([shared](std::string metrics) {
    response r;
    r.content_type = "text/plain; version=0.0.4; charset=utf-8";
    r.body = std::move(metrics);
    shared->respond(std::move(r));
  });
}

void gateway::take_batch(net::http::request&& what, net::http::exchange&& to) {
  auto taken =
      std::make_unique<batch>(std::make_unique<inbound_request>(*this, std::move(what), std::move(to)));
  if (inbox_.push(std::move(taken))) wake_owed_.store(true, std::memory_order_relaxed);
}

// One wake-up for all requests that were ready together: a group is formed of what is there.
void gateway::wake_ingest() {
  if (!wake_owed_.load(std::memory_order_relaxed) || !wake_owed_.exchange(false)) return;
  std::shared_ptr<const std::function<void()>> wake;
  {
    const std::lock_guard lock(mutex_);
    wake = wake_;
  }
  if (wake) (*wake)();
}

response gateway::health() const {
  std::vector<std::string> reasons;
  if (now() == phase::starting) reasons.emplace_back("starting");
  if (now() == phase::stopping) reasons.emplace_back("stopping");
  {
    const std::lock_guard lock(mutex_);
    if (!unhealthy_.empty()) reasons.push_back(unhealthy_);
  }
  if (auto checkpoint = options_.board->get().unhealthy; !checkpoint.empty())
    reasons.push_back(std::move(checkpoint));
  if (options_.subscription == nullptr) return node::health(reasons, nullptr);
  const auto subscription = options_.subscription->get();
  return node::health(reasons, &subscription);
}

}  // namespace sluice::node
