// In an isolation the batch is a copy, for the rest must stay whole until it is known who leaves.
#include "actors/deliver/hand.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::deliver {

hand::hand(std::size_t events, std::size_t bytes) : events_(events), bytes_(bytes) {
  SLUICE_ASSERT(events >= 1);
}

std::int64_t hand::oldest_received_ms() const noexcept {
  return !batch_.empty()     ? batch_.front().waiting_since_ms()
         : !rest_.empty()    ? rest_.front().waiting_since_ms()
         : !waiting_.empty() ? waiting_.front().waiting_since_ms()
                             : 0;
}

bool hand::wants(std::size_t offered) const noexcept {
  if (waiting_.size() < offered) return true;
  return waiting_.size() < events_ && waiting_bytes_ < bytes_;
}

void hand::take(dead_letter event, instant now) {
  if (waiting_.empty()) since_ = now;
  waiting_bytes_ += event.event.size();
  waiting_.push_back(std::move(event));
}

std::optional<instant> hand::gathers_since() const noexcept {
  if (isolation_ || waiting_.empty() || !wants()) return std::nullopt;
  return since_;
}

bool hand::form() {
  SLUICE_ASSERT(batch_.empty());
  if (isolation_) {
    const auto [begin, end] = isolation_->next();
    batch_.assign(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(end - begin));
    return true;
  }
  std::size_t events = 0, bytes = 0;
  while (events < std::min(waiting_.size(), events_)) {
    bytes += waiting_[events].event.size();
    if (events > 0 && bytes > bytes_) break;
    ++events;
  }
  form_of_waiting(events);
  return events > 0;
}

bool hand::form_offered(std::size_t events) {
  SLUICE_ASSERT(batch_.empty() && !isolation_);
  if (waiting_.size() < events) return false;
  form_of_waiting(events);
  return true;
}

std::vector<dead_letter> hand::delivered() {
  auto gone = leave();
  if (isolation_) isolation_->delivered();
  end_isolation();
  return gone;
}

std::vector<dead_letter> hand::condemned() {
  if (batch_.size() == 1) {
    auto gone = leave();
    if (isolation_) isolation_->condemned();
    end_isolation();
    return gone;
  }
  if (isolation_) {
    isolation_->condemned();
    batch_.clear();
  } else {
    rest_.assign(std::make_move_iterator(batch_.begin()), std::make_move_iterator(batch_.end()));
    batch_.clear();
    isolation_.emplace(rest_.size());
  }
  return {};
}

std::vector<dead_letter> hand::give_up(const std::function<bool(const dead_letter&)>& wanted) {
  const bool none = batch_.empty();
  if (empty() || !wanted(none ? (rest_.empty() ? waiting_ : rest_).front() : batch_.front())) return {};
  auto gone = leave();
  isolation_.reset();
  while (!rest_.empty()) {
    put_back(std::move(rest_.back()));
    rest_.pop_back();
  }
  if (none) {
    form_of_waiting(static_cast<std::size_t>(std::ranges::find_if_not(waiting_, wanted) - waiting_.begin()));
    return leave();
  }
  const auto kept = static_cast<std::size_t>(std::ranges::find_if_not(gone, wanted) - gone.begin());
  while (gone.size() > kept) {
    put_back(std::move(gone.back()));
    gone.pop_back();
  }
  return gone;
}

void hand::form_of_waiting(std::size_t events) {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(events);
  batch_.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  for (const auto& e : batch_) waiting_bytes_ -= e.event.size();
}

void hand::end_isolation() {
  if (isolation_ && isolation_->done()) isolation_.reset();
}

void hand::put_back(dead_letter event) {
  waiting_bytes_ += event.event.size();
  waiting_.push_front(std::move(event));
}

std::vector<dead_letter> hand::leave() {
  if (isolation_) rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(batch_.size()));
  return std::exchange(batch_, {});
}

}  // namespace sluice::deliver
