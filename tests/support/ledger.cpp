// The three states of an event as its senders know it, and the comparison with what a destination got.
#include "tests/support/ledger.hpp"

#include <ostream>
#include <sstream>

namespace sluice::testing {
namespace {

double seconds(steady::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::ostream& operator<<(std::ostream& out, const verdict& v) {
  out << v.delivered << " delivered, " << v.lost << " lost, " << v.doubled << " doubled, " << v.unoffered
      << " never offered";
  if (!v.story.empty()) out << "; the first: " << v.story;
  return out;
}

void ledger::offered(const std::string& id, std::string_view destination, std::string_view batch) {
  const std::lock_guard lock(guard_);
  entry& e = entries_[id];
  if (e.attempts++ == 0) {
    e.destination = destination;
    e.batch = batch;
    e.first_offer = steady::now() - begin_;
  }
}

void ledger::acknowledged(const std::string& id) {
  const std::lock_guard lock(guard_);
  entry& e = entries_.at(id);
  if (e.acknowledged) return;
  e.acknowledged = true;
  e.answer = steady::now() - begin_;
  ++acknowledged_[e.destination];
}

std::size_t ledger::offered_count() const {
  const std::lock_guard lock(guard_);
  return entries_.size();
}

std::size_t ledger::acknowledged_count() const {
  const std::lock_guard lock(guard_);
  std::size_t sum = 0;
  for (const auto& [destination, count] : acknowledged_) sum += count;
  return sum;
}

std::size_t ledger::acknowledged_count(std::string_view destination) const {
  const std::lock_guard lock(guard_);
  const auto found = acknowledged_.find(destination);
  return found == acknowledged_.end() ? 0 : found->second;
}

bool ledger::is_acknowledged(const std::string& id) const {
  const std::lock_guard lock(guard_);
  const auto found = entries_.find(id);
  return found != entries_.end() && found->second.acknowledged;
}

verdict ledger::judge(std::string_view destination, const std::vector<std::string>& delivered) const {
  const std::lock_guard lock(guard_);
  verdict v;
  const auto offend = [&](std::size_t& count, const std::string& id, std::string_view what) {
    if (v.clean()) v.story = tell(id, what);
    ++count;
  };
  std::unordered_map<std::string, std::size_t> times;
  for (std::size_t i = 0; i < delivered.size(); ++i) {
    const std::string& id = delivered[i];
    if (++times[id] == 2) offend(v.doubled, id, "delivered again as number " + std::to_string(i));
    const auto found = entries_.find(id);
    if (times[id] == 1 && (found == entries_.end() || found->second.destination != destination)) {
      offend(v.unoffered, id,
             "delivered as number " + std::to_string(i) + " to '" + std::string(destination) + "'");
    }
  }
  v.delivered = times.size();
  for (const auto& [id, e] : entries_) {
    if (e.acknowledged && e.destination == destination && !times.contains(id))
      offend(v.lost, id, "not delivered");
  }
  return v;
}

std::string ledger::tell(const std::string& id, std::string_view what) const {
  std::ostringstream story;
  story << "event '" << id << "' " << what;
  const auto found = entries_.find(id);
  if (found == entries_.end()) return story.str() + ", never offered";
  const entry& e = found->second;
  story << "; batch " << e.batch << ", meant for '" << e.destination << "', offered " << e.attempts
        << " times, first at " << seconds(e.first_offer) << " s, ";
  if (e.acknowledged) {
    story << "acknowledged at " << seconds(e.answer) << " s";
  } else {
    story << "never acknowledged";
  }
  return story.str();
}

}  // namespace sluice::testing
