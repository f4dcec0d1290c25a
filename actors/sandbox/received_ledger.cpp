#include "actors/sandbox/received_ledger.hpp"

#include <algorithm>

namespace sluice::sandbox {

void received_ledger::request(std::span<const received_event> events, treatment how,
                              std::string_view webhook_id, std::string_view body, instant now) {
  ++counts_.requests;
  all_.arrive(now, events.size());
  if (how != treatment::hung) answered_.arrive(now, events.size());
  if (how == treatment::failed) ++counts_.failed;
  if (how == treatment::hung) ++counts_.hung;
  if (how != treatment::taken) return;
  counts_.received += events.size();
  const identity same = identity_of(webhook_id, body);
  for (const received_event& event : events) take(event, same);
}

void received_ledger::take(const received_event& event, identity request) {
  if (!events_.insert(event.what, request)) {
    ++(*events_.find(event.what) == request ? counts_.repeated : counts_.doubled);
    return;
  }
  ++counts_.unique;
  if (event.stream == 0 || event.sequence == 0) return;
  const std::pair key(event.stream, event.source);
  if (newest_.size() >= orders_max && !newest_.contains(key)) {
    ++counts_.unordered;
    return;
  }
  std::uint64_t& newest = newest_[key];
  if (event.sequence < newest) ++counts_.inversions;
  newest = std::max(newest, event.sequence);
}

void received_ledger::refuse() {
  ++counts_.requests;
  ++counts_.refused;
}

received_counts received_ledger::counts() const noexcept {
  received_counts all = counts_;
  all.fastest_answered = answered_.fastest();
  all.fastest_all = all_.fastest();
  all.forgotten = events_.forgotten() + condemned_.forgotten();
  all.condemned = condemned_.size();
  return all;
}

json to_json(const received_counts& c) {
  return {{"requests", c.requests},
          {"received", c.received},
          {"unique", c.unique},
          {"repeated", c.repeated},
          {"doubled", c.doubled},
          {"inversions", c.inversions},
          {"fastest_second", {{"answered", c.fastest_answered}, {"all", c.fastest_all}}},
          {"refused", c.refused},
          {"condemned", c.condemned},
          {"failed", c.failed},
          {"hung", c.hung},
          {"forgotten", c.forgotten},
          {"unordered", c.unordered}};
}

}  // namespace sluice::sandbox
