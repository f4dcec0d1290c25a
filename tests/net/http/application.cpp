// The application that the server's tests ask.
#include "tests/net/http/application.hpp"

#include <stdexcept>
#include <utility>

namespace sluice::net::http::testing_support {

application::~application() {
  for (auto& one : others_) one.join();
}

std::unique_ptr<response> application::refuse(const head_view& head) {
  {
    const std::lock_guard hold(lock_);
    seen_.emplace_back(head.target);
  }
  const auto path = head.target.substr(0, head.target.find('?'));
  for (const std::string_view known :
       {"/echo", "/held", "/dropped", "/hung", "/elsewhere", "/large", "/last", "/empty"}) {
    if (path != known) continue;
    if (head.content_type == "text/plain")
      return std::make_unique<response>(problem(415, "unsupported", "only application/json is taken"));
    if (head.field("authorization") == "wrong")
      return std::make_unique<response>(problem(401, "unauthorized", "the credentials are wrong"));
    return {};
  }
  return std::make_unique<response>(problem(404, "not_found", "no such path"));
}

response application::echo(const request& what) {
  response r;
  r.content_type = "application/octet-stream";
  r.body = what.body();
  for (const auto& [name, value] : what.fields) r.fields.emplace_back("X-Seen", name + "=" + value);
  return r;
}

void application::handle(request&& what, exchange&& to) {
  const auto path = what.path();
  if (path == "/elsewhere") return answer_elsewhere(std::move(what), std::move(to));
  if (path == "/held") {
    const std::lock_guard hold(lock_);
    held_.push_back({std::move(what), std::move(to)});
    changed_.notify_all();
    return;
  }
  if (path == "/dropped") return;
  if (path == "/hung") return to.hang_up();
  response r = echo(what);
  if (path == "/large") r.body.assign(32 * 1024 * 1024, 'x');
  if (path == "/empty") r.status = 204;
  r.close = path == "/last";
  to.respond(std::move(r));
}

void application::answer_elsewhere(request&& what, exchange&& to) {
  const int now = ++at_once_;
  for (int most = most_at_once_; now > most && !most_at_once_.compare_exchange_weak(most, now);) {
  }
  auto work = [this, mine = std::make_shared<held_request>(held_request{std::move(what), std::move(to)})] {
    --at_once_;
    mine->to.respond(echo(mine->what));
  };
  const std::lock_guard hold(lock_);
  others_.emplace_back(std::move(work));
}

std::size_t application::wait_for_held(std::size_t wanted) {
  std::unique_lock hold(lock_);
  changed_.wait_for(hold, std::chrono::seconds(20), [&] { return held_.size() >= wanted; });
  return held_.size();
}

void application::release() {
  std::vector<held_request> all;
  {
    const std::lock_guard hold(lock_);
    all = std::exchange(held_, {});
  }
  for (auto& one : all) {
    one.what.held.release();
    one.to.respond(echo(one.what));
  }
}

std::vector<exchange> application::take_exchanges() {
  const std::lock_guard hold(lock_);
  std::vector<exchange> all;
  for (auto& one : held_) all.push_back(std::move(one.to));
  held_.clear();
  return all;
}

std::vector<std::string> application::seen_targets() {
  const std::lock_guard hold(lock_);
  return seen_;
}

node::node(const std::function<void(server_options&)>& change, std::size_t budget_bytes, unsigned threads)
    : budget(budget_bytes), loops(threads) {
  server_options options;
  options.port = 0;
  if (change) change(options);
  auto made = server::listen(loops, std::move(options), budget, app);
  if (!made) throw std::runtime_error(to_string(made.error()));
  on_air = std::move(*made);
  on_air->start();
}

node::~node() { on_air.reset(); }

bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace sluice::net::http::testing_support
