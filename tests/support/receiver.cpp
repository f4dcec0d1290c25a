// Threads and blocking sockets: slow is fine here, clever is not.
#include "tests/support/receiver.hpp"

#include <algorithm>

#include "tests/support/json_scan.hpp"

namespace sluice::testing {
namespace {

constexpr std::size_t connections_max = 256;
constexpr milliseconds idle{120'000};

delivery read_delivery(tcp_socket& from, std::string& buffer) {
  http_message message = read_message(from, buffer, idle, false);
  delivery what;
  what.at = steady::now();
  what.arrived_ns = from.last_arrival_ns();
  const std::size_t first = message.start.find(' ') + 1;
  what.target = message.start.substr(first, message.start.rfind(' ') - first);
  what.webhook_id = field_of(message.fields, "webhook-id");
  what.fields = std::move(message.fields);
  what.body = std::move(message.body);
  if (!what.body.empty()) {
    for (const auto event : json::events(what.body)) what.ids.push_back(json::text_of(event, "id"));
  }
  return what;
}

}  // namespace

receiver::receiver() : port_(free_port()), policy_([](const delivery&, std::size_t) { return reply{}; }) {}

receiver::~receiver() { stop(); }

void receiver::start() {
  listener_ = tcp_socket::listen(port_);
  listener_.note_arrivals();
  acceptor_ = std::thread([this] { accept_all(); });
}

void receiver::stop() {
  if (!acceptor_.joinable()) return;
  {
    const std::lock_guard lock(guard_);
    stopping_ = true;
    for (connection& each : connections_) each.socket.shutdown();
  }
  changed_.notify_all();
  listener_.shutdown();
  acceptor_.join();
  listener_.close();
  reap(true);
  const std::lock_guard lock(guard_);
  stopping_ = false;
}

void receiver::answer_with(policy how) {
  const std::lock_guard lock(guard_);
  policy_ = std::move(how);
}

void receiver::accept_all() {
  for (;;) {
    tcp_socket peer = listener_.accept();
    if (!peer) return;  // shut down by `stop`
    reap(false);
    const std::lock_guard lock(guard_);
    if (stopping_ || connections_.size() >= connections_max) continue;
    connection& added = connections_.emplace_back();
    added.socket = std::move(peer);
    added.number = accepted_++;
    added.served_by = std::thread([this, &added] { serve(added); });
  }
}

void receiver::reap(bool all) {
  std::list<connection> ended;
  {
    const std::lock_guard lock(guard_);
    for (auto at = connections_.begin(); at != connections_.end();) {
      const auto next = std::next(at);
      if (all || at->over) ended.splice(ended.end(), connections_, at);
      at = next;
    }
  }
  for (connection& each : ended) each.served_by.join();
}

void receiver::serve(connection& with) {
  std::string buffer;
  try {
    while (serve_one(with, buffer)) {
    }
  } catch (const std::runtime_error&) {
    // The peer went away or sends no HTTP: its request is not noted, and the test misses it.
  }
  const std::lock_guard lock(guard_);
  with.socket.shutdown();
  with.over = true;
}

bool receiver::serve_one(connection& with, std::string& buffer) {
  delivery what = read_delivery(with.socket, buffer);
  what.connection = with.number;
  const bool peers_last = same_name(field_of(what.fields, "connection"), "close");
  std::size_t number = 0;
  const reply how = note(std::move(what), number);
  if (how.how == reply::manner::hang) {
    with.socket.readable(idle);  // the peer's end, or ours by `stop`
    return false;
  }
  if (!pause(how.delay)) return false;
  send_reply(with, how, number);
  const bool last = peers_last || same_name(field_of(how.fields, "connection"), "close");
  return how.how == reply::manner::answer && !last;
}

reply receiver::note(delivery what, std::size_t& number) {
  const std::lock_guard lock(guard_);
  number = deliveries_.size();
  deliveries_.push_back(std::move(what));
  const reply how = policy_(deliveries_.back(), number);
  changed_.notify_all();
  return how;
}

void receiver::send_reply(connection& with, const reply& how, std::size_t number) {
  std::string text =
      "HTTP/1.1 " + std::to_string(how.status) + " Noted\r\nContent-Type: application/json\r\n";
  text += "Content-Length: " + std::to_string(how.body.size()) + "\r\n";
  for (const auto& [name, value] : how.fields) text += name + ": " + value + "\r\n";
  text += "\r\n";
  if (how.how == reply::manner::cut) {
    with.socket.send(text + how.body.substr(0, how.body.size() / 2), idle);
    with.socket.reset_on_close();
    return;
  }
  if (how.how == reply::manner::trickle) {
    for (const char each : text + how.body) {
      if (!pause(how.delay)) return;
      with.socket.send(std::string_view(&each, 1), idle);
    }
    return;
  }
  if (how.how == reply::manner::flood) {
    with.socket.send(
        "HTTP/1.1 " + std::to_string(how.status) + " Noted\r\nContent-Length: 10000000000\r\n\r\n", idle);
    for (const std::string piece(1 << 16, 'x'); pause(milliseconds(1));) with.socket.send(piece, idle);
    return;
  }
  {
    // Noted before the last byte leaves, so that whoever saw the answer finds it here.
    const std::lock_guard lock(guard_);
    deliveries_[number].answered = how.status;
    if (how.status / 100 == 2)
      settled_.insert(deliveries_[number].ids.begin(), deliveries_[number].ids.end());
  }
  changed_.notify_all();
  with.socket.send(text + how.body, idle);
}

bool receiver::pause(milliseconds time) {
  if (time.count() == 0) return true;
  std::unique_lock lock(guard_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

std::size_t receiver::connections() const {
  const std::lock_guard lock(guard_);
  return accepted_;
}

std::vector<delivery> receiver::deliveries() const {
  const std::lock_guard lock(guard_);
  return {deliveries_.begin(), deliveries_.end()};
}

std::vector<std::string> receiver::received() const {
  const std::lock_guard lock(guard_);
  std::vector<std::string> all;
  for (const delivery& each : deliveries_) {
    if (each.answered / 100 == 2) all.insert(all.end(), each.ids.begin(), each.ids.end());
  }
  return all;
}

bool receiver::wait_for_events(std::size_t count, milliseconds patience) const {
  std::unique_lock lock(guard_);
  return changed_.wait_for(lock, patience, [&] { return settled_.size() >= count; });
}

bool receiver::wait_for_requests(std::size_t count, milliseconds patience) const {
  std::unique_lock lock(guard_);
  return changed_.wait_for(lock, patience, [&] { return deliveries_.size() >= count; });
}

std::size_t receiver::fastest_second() const {
  return fastest_second([](const delivery& d) { return d.at.time_since_epoch(); });
}

std::size_t receiver::fastest_second_at_the_socket() const {
  return fastest_second([](const delivery& d) {
    if (d.arrived_ns == 0) throw std::runtime_error("the kernel did not note when a request arrived");
    return std::chrono::nanoseconds(d.arrived_ns);
  });
}

std::size_t receiver::fastest_second(
    const std::function<std::chrono::nanoseconds(const delivery&)>& when) const {
  const std::lock_guard lock(guard_);
  std::vector<std::pair<std::chrono::nanoseconds, std::size_t>> arrivals;
  for (const delivery& each : deliveries_) arrivals.emplace_back(when(each), each.ids.size());
  std::ranges::sort(arrivals);
  std::size_t most = 0, within = 0, oldest = 0;
  for (const auto& [at, events] : arrivals) {
    within += events;
    while (arrivals[oldest].first + std::chrono::seconds(1) <= at) within -= arrivals[oldest++].second;
    most = std::max(most, within);
  }
  return most;
}

receiver::policy scripted(std::vector<reply> replies) {
  return [replies = std::move(replies), next = std::size_t{0}](const delivery&, std::size_t) mutable {
    return replies[std::min(next++, replies.size() - 1)];
  };
}

}  // namespace sluice::testing
