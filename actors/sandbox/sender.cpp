#include "actors/sandbox/sender.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::chrono::milliseconds look_again{20};  ///< for subscriptions that came, went or changed
constexpr std::chrono::milliseconds shortest_wait{1};
constexpr std::chrono::milliseconds answer_time{5'000};  ///< AWS waits no longer

net::http::outgoing request_of(const shipment& what, shape how) {
  net::http::outgoing out;
  out.content_type = "application/json; charset=utf-8";
  if (how == shape::eventbridge) {
    out.fields = {{"User-Agent", "Amazon/EventBridge/ApiDestinations"},
                  {"Range", "bytes=0-1048575"},
                  {"Accept-Encoding", "gzip,deflate"},
                  {"Connection", "close"}};
  }
  out.body = what.body;
  return out;
}

}  // namespace

sender::sender(guarded<cloud>& of, clockwork& clock, net::runtime& loops, sender_options options)
    : cloud_(of),
      clock_(clock),
      loops_(loops),
      options_(std::move(options)),
      left_(options_.events),
      paused_(options_.paused),
      pace_(options_.speed) {}

sender::~sender() = default;

void sender::start() {
  const std::lock_guard held(lock_);
  turn_at(clock_.now());
}

/// Under the lock. An earlier turn that was scheduled for later becomes void.
void sender::turn_at(instant when) {
  if (when >= turn_due_) return;
  turn_due_ = when;
  clock_.at(when, [this, mine = ++turns_] {
    {
      const std::lock_guard held(lock_);
      if (mine != turns_) return;
      turn_due_ = instant::max();
    }
    turn();
  });
}

void sender::turn() {
  auto changed = cloud_.with([this](cloud& c) -> std::optional<std::vector<subscription>> {
    const auto& store = c.subscriptions();
    if (std::exchange(seen_revision_, store.revision()) == store.revision()) return std::nullopt;
    return std::vector<subscription>(store.all().begin(), store.all().end());
  });
  std::vector<link> gone;  // ends after the lock: a client's end waits for its io thread
  const std::lock_guard held(lock_);
  const instant now = clock_.now();
  if (changed) follow(*changed, now, gone);
  instant wake = now + look_again;
  for (auto& [id, one] : channels_) wake = std::min(wake, fill(one, now));
  turn_at(std::max(wake, now + shortest_wait));
}

/// Makes the channels what the subscriptions are now.
void sender::follow(const std::vector<subscription>& wanted, instant now, std::vector<link>& gone) {
  const auto drop_links = [&](channel& of) {
    for (link& one : of.links) {
      if (one.ticket != 0) of.core.ended(one.ticket, 0, {}, now, owed_);
      gone.push_back(std::move(one));
    }
    of.links.clear();
  };
  for (auto at = channels_.begin(); at != channels_.end();) {
    const bool stays = std::ranges::find(wanted, at->first, &subscription::id) != wanted.end();
    if (!stays) {
      drop_links(at->second);
      bury(at->second);
    }
    at = stays ? std::next(at) : channels_.erase(at);
  }
  for (const subscription& one : wanted) {
    auto at = channels_.find(one.id);
    if (at == channels_.end())
      at = channels_.emplace(one.id, channel{one, feed(options_.feed, ++streams_, now)}).first;
    channel& here = at->second;
    if (here.what.endpoint != one.endpoint) drop_links(here);
    here.what = one;
    here.core.serve(one.sources, one.active && !paused_, pace_, now);
  }
}

/// Keeps what was sent to a subscription that is gone.
void sender::bury(channel& ended) {
  ended.core.abandon();
  past_.push_back({ended.what.id, ended.what.name, ended.what.endpoint, true, ended.core.counts(), 0, 0});
  if (past_.size() > past_max) past_.pop_front();
}

/// Sends what is due; the time at which there may be more.
instant sender::fill(channel& one, instant now) {
  const auto wall = options_.clock.at(now);
  while (const auto due = one.core.next(now, wall, left_)) post(one, *due);
  return one.core.wakes(now, left_);
}

sender::link& sender::free_link(channel& one) {
  const auto found = std::ranges::find(one.links, std::uint64_t{0}, &link::ticket);
  if (found != one.links.end()) return *found;
  SLUICE_ASSERT(one.links.size() < options_.feed.connections);
  net::http::client_options to;
  to.origin = net::http::parse_url(one.what.endpoint).value();  // was read when the subscription was made
  to.tls = options_.tls;
  to.connect_time = to.request_time = answer_time;
  return one.links.emplace_back(link{++links_, std::make_unique<net::http::client>(loops_, std::move(to))});
}

void sender::post(channel& one, const shipment& what) {
  link& by = free_link(one);
  by.ticket = what.ticket;
  by.client->send(request_of(what, options_.feed.batches.how),
                  [this, id = one.what.id, number = by.number](const net::http::attempt& how) {
                    clock_.soon([this, id, number, status = how ? how->status : 0,
                                 retry_after = how ? how->retry_after : std::string()] {
                      ended(id, number, status, retry_after);
                    });
                  });
}

void sender::ended(const std::string& id, std::uint64_t link_number, int status,
                   const std::string& retry_after) {
  const std::lock_guard held(lock_);
  const auto at = channels_.find(id);
  if (at == channels_.end()) return;
  auto& links = at->second.links;
  const auto by = std::ranges::find(links, link_number, &link::number);
  if (by == links.end()) return;  // of an endpoint that the subscription has no more
  const instant now = clock_.now();
  at->second.core.ended(std::exchange(by->ticket, 0), status, retry_after, now, owed_);
  turn_at(std::max(fill(at->second, now), now + shortest_wait));
}

void sender::steer(const steering& how) {
  const std::lock_guard held(lock_);
  paused_ = how.paused.value_or(paused_);
  pace_ = how.applied_to(pace_);
  const instant now = clock_.now();
  for (auto& [id, one] : channels_) one.core.serve(one.what.sources, one.what.active && !paused_, pace_, now);
  turn_at(now);
}

std::vector<feed_report> sender::report() const {
  const std::lock_guard held(lock_);
  std::vector<feed_report> all(past_.begin(), past_.end());
  for (const auto& [id, one] : channels_)
    all.push_back({id, one.what.name, one.what.endpoint, false, one.core.counts(), one.core.in_flight(),
                   one.core.waiting()});
  return all;
}

bool sender::finished() const {
  const std::lock_guard held(lock_);
  return left_ == 0 && idle_locked();
}

bool sender::idle() const {
  const std::lock_guard held(lock_);
  return idle_locked();
}

bool sender::idle_locked() const {
  return std::ranges::all_of(channels_, [](const auto& one) { return one.second.core.idle(); });
}

}  // namespace sluice::sandbox
