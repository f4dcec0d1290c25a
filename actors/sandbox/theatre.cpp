#include "actors/sandbox/theatre.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::sandbox {
namespace {

constexpr std::chrono::milliseconds look_again{100};

}  // namespace

theatre::theatre(guarded<cloud>& of, clockwork& clock, sender& source,
                 const std::vector<std::unique_ptr<receiver>>& receivers, scenario story)
    : cloud_(of),
      clock_(clock),
      sender_(source),
      receivers_(receivers),
      story_(std::move(story)),
      player_(story_, *this) {}

void theatre::start() {
  clock_.soon([this] { play(); });
}

void theatre::play() {
  const instant now = clock_.now();
  const bool goes_on = player_.play(now);
  {
    const std::lock_guard held(lock_);
    over_ = !goes_on;
    complaints_ = player_.complaints();
  }
  if (goes_on) clock_.at(now + look_again, [this] { play(); });
}

bool theatre::over() const {
  const std::lock_guard held(lock_);
  return over_;
}

verdict theatre::sum_up() const {
  verdict made;
  made.feeds = sender_.report();
  for (const auto& one : receivers_) made.receivers.push_back({one->port(), one->counts()});
  for (const auto& by : story_.receivers) made.receivers[by.number - 1].compared = compared(by);
  {
    const std::lock_guard held(lock_);
    made.complaints = complaints_;
    if (!over_) made.complaints.emplace_back("the story was ended before its last step");
  }
  judge(story_, made);
  return made;
}

comparison theatre::compared(const receiver_expectation& by) const {
  return sender_.with_owed([&](const owed_events& owed) {
    return receivers_[by.number - 1]->with_ledger(
        [&](const received_ledger& got) { return compare(owed, got, by.gets); });
  });
}

void theatre::steer(const steering& how) { sender_.steer(how); }

bool theatre::add_fault(const fault& what) {
  return cloud_.with([&](cloud& c) { return c.faults().add(what); });
}

std::size_t theatre::drop_subscriptions(const std::string& name) {
  return cloud_.with([&](cloud& c) {
    std::vector<std::string> ids;
    for (const auto& one : c.subscriptions().all())
      if (name.empty() || one.name == name) ids.push_back(one.id);
    for (const auto& id : ids) c.subscriptions().remove(id);
    return ids.size();
  });
}

void theatre::behave(std::size_t number, const receiver_manner& how) { receivers_[number - 1]->behave(how); }

std::uint64_t theatre::active_subscriptions() {
  return cloud_.with([](cloud& c) {
    return static_cast<std::uint64_t>(
        std::ranges::count(c.subscriptions().all(), true, &subscription::active));
  });
}

std::uint64_t theatre::acknowledged() {
  std::uint64_t all = 0;
  for (const auto& one : sender_.report()) all += one.counts.acknowledged;
  return all;
}

bool theatre::all_sent() { return sender_.finished(); }
bool theatre::settled() { return sender_.idle(); }

bool theatre::drained() {
  return std::ranges::all_of(story_.receivers, [&](const auto& by) { return compared(by).missing == 0; });
}

std::uint64_t theatre::requests_received() {
  std::uint64_t all = 0;
  for (const auto& one : receivers_) all += one->counts().requests;
  return all;
}

}  // namespace sluice::sandbox
