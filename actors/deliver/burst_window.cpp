#include "actors/deliver/burst_window.hpp"

#include <algorithm>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::deliver {

using net::nats::acknowledgement;

burst_window::burst_window(std::size_t events, std::size_t bytes) : events_(events), bytes_(bytes) {
  SLUICE_ASSERT(events >= 1);
}

std::int64_t burst_window::waiting_since_ms() const noexcept {
  return held_.empty() ? 0 : held_.front().event.waiting_since_ms();
}

bool burst_window::wants() const noexcept {
  return held_.size() < 2 * events_ && waiting_ < events_ && waiting_bytes_ < bytes_;
}

void burst_window::take(dead_letter event) {
  ++waiting_;
  waiting_bytes_ += event.event.size();
  held_.push_back({std::move(event)});
}

std::size_t burst_window::next(std::size_t most) const noexcept {
  std::size_t events = 0, bytes = 0;
  most = std::min({most, events_, waiting_});
  for (auto at = held_.begin(); events < most; ++at) {
    if (at->is != state::waits) continue;
    bytes += at->event.event.size();
    if (events > 0 && bytes > bytes_) break;
    ++events;
  }
  return events;
}

std::vector<const dead_letter*> burst_window::begin(std::size_t most) {
  const std::size_t events = next(most);
  SLUICE_ASSERT(events >= 1);
  std::vector<const dead_letter*> burst;
  burst.reserve(events);
  for (auto at = held_.begin(); burst.size() < events; ++at) {
    SLUICE_ASSERT(at->is != state::under_way);
    if (at->is != state::waits) continue;
    at->is = state::under_way;
    ++at->attempts;
    --waiting_;
    waiting_bytes_ -= at->event.event.size();
    burst.push_back(&at->event);
  }
  return burst;
}

void burst_window::ended(std::span<const acknowledgement> answers) {
  for (held& one : held_) {
    if (one.is != state::under_way) continue;
    SLUICE_ASSERT(!answers.empty());
    switch (answers.front().how) {
      case acknowledgement::kind::stored:
        one.is = state::stored;
        std::string().swap(one.event.event);
        break;
      case acknowledgement::kind::refused:
        one.is = state::refused;
        one.event.reason = answers.front().why;
        break;
      case acknowledgement::kind::unknown:
        one.is = state::waits;
        ++waiting_;
        waiting_bytes_ += one.event.event.size();
        break;
    }
    answers = answers.subspan(1);
  }
  SLUICE_ASSERT(answers.empty());
}

std::vector<dead_letter> burst_window::leave_stored() {
  const auto end = std::ranges::find_if(held_, [](const held& h) { return h.is != state::stored; });
  return leave(static_cast<std::size_t>(end - held_.begin()));
}

std::vector<dead_letter> burst_window::leave_refused() {
  const auto end = std::ranges::find_if(held_, [this](const held& h) {
    return h.is != state::refused || h.event.reason != held_.front().event.reason;
  });
  return leave(static_cast<std::size_t>(end - held_.begin()));
}

std::vector<dead_letter> burst_window::give_up(const std::function<bool(const dead_letter&)>& wanted) {
  const auto end = std::ranges::find_if(held_, [&](const held& h) {
    SLUICE_ASSERT(h.is != state::under_way);
    return h.is != state::waits || !wanted(h.event);
  });
  const auto count = static_cast<std::size_t>(end - held_.begin());
  waiting_ -= count;
  for (std::size_t i = 0; i < count; ++i) waiting_bytes_ -= held_[i].event.event.size();
  return leave(count);
}

bool burst_window::front_failed() const noexcept {
  return !held_.empty() && held_.front().is == state::waits && held_.front().attempts > 0;
}

std::vector<dead_letter> burst_window::leave(std::size_t count) {
  std::vector<dead_letter> gone;
  gone.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    gone.push_back(std::move(held_[i].event));
    gone.back().attempts += held_[i].attempts;
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count));
  return gone;
}

}  // namespace sluice::deliver
