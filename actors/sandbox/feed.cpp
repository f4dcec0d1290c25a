#include "actors/sandbox/feed.hpp"

#include <algorithm>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::uint64_t own_stream = 1ULL << 33;

}  // namespace

feed::feed(const feed_options& options, std::uint64_t stream, instant now)
    : options_(options),
      pacer_({}, now),
      maker_(options.batches, stream),
      random_(options.batches.seed, own_stream + stream) {
  SLUICE_ASSERT(options_.connections >= 1);
}

void feed::serve(std::vector<std::string> sources, bool sends, pace how, instant now) {
  sources_ = std::move(sources);
  sends_ = sends;
  if (!sends) how.rate = 0;
  how.at_once = options_.batches.events;
  if (how != pacer_.how()) pacer_.set(how, now);
}

std::optional<shipment> feed::next(instant now, std::chrono::milliseconds wall, std::uint64_t& left) {
  if (!sends_ || in_flight_ >= options_.connections) return std::nullopt;
  const auto due = std::ranges::find_if(
      batches_, [&](const auto& known) { return !known.second.flying && known.second.due <= now; });
  if (due != batches_.end()) return ship(due);

  if (batches_.size() >= waiting_max || sources_.empty()) return std::nullopt;
  const std::size_t most = std::min<std::uint64_t>(options_.batches.events, left);
  const bool full = most > 0 && pacer_.due(now) >= most;
  if (!full && !(ends(left) && maker_.has_leftovers())) return std::nullopt;
  std::size_t fresh = full ? most : 0;
  auto made = maker_.next(fresh, sources_, wall);
  const std::size_t taken = (full ? most : 0) - fresh;
  pacer_.take(taken);
  left -= taken;
  counts_.offered += taken;
  if (!made) return std::nullopt;
  counts_.malformed += made->malformed ? 1U : 0U;
  counts_.duplicates += made->events.size() - first_sent(*made);
  const auto placed = batches_.emplace(++tickets_, parcel{std::move(*made), 0, now, now, false});
  return ship(placed.first);
}

std::optional<shipment> feed::ship(parcels::iterator which) {
  parcel& p = which->second;
  p.flying = true;
  ++p.attempts;
  ++in_flight_;
  ++counts_.requests;
  counts_.retries += p.attempts > 1 ? 1U : 0U;
  return shipment{which->first, p.what.body};
}

/// No fresh event will come soon: what was put off goes out.
bool feed::ends(std::uint64_t left) const noexcept { return left == 0 || pacer_.how().rate == 0; }

std::uint64_t feed::first_sent(const batch& what) const {
  return static_cast<std::uint64_t>(std::ranges::count(what.events, false, &batch::entry::repeated));
}

void feed::ended(std::uint64_t ticket, int status, std::string_view retry_after, instant now,
                 owed_events& owed) {
  const auto found = batches_.find(ticket);
  if (found == batches_.end()) return;  // abandoned
  SLUICE_ASSERT(found->second.flying);
  parcel& p = found->second;
  p.flying = false;
  --in_flight_;
  ++counts_.answers[status];
  const fate what = fate_of(status);
  if (what == fate::again) {
    const auto wait =
        wait_before_retry(options_.retry, p.attempts, now - p.made, retry_after, random_.fraction());
    if (wait) {
      p.due = now + *wait;
      return;
    }
  }
  if (what == fate::acknowledged) {
    for (const auto& event : p.what.events) owed.acknowledge(event.what, event.of);
    counts_.acknowledged += first_sent(p.what);
  } else {
    counts_.lost += first_sent(p.what);
    counts_.malformed_refused += p.what.malformed && status / 100 == 4 ? 1U : 0U;
  }
  batches_.erase(found);
}

void feed::abandon() {
  counts_.abandoned = counts_.offered - counts_.acknowledged - counts_.lost;
  batches_.clear();
  in_flight_ = 0;
  sends_ = false;
  sources_.clear();
}

instant feed::wakes(instant now, std::uint64_t left) const {
  if (!sends_ || in_flight_ >= options_.connections) return instant::max();
  instant earliest = instant::max();
  for (const auto& [ticket, p] : batches_)
    if (!p.flying) earliest = std::min(earliest, p.due);
  if (batches_.size() >= waiting_max || sources_.empty()) return earliest;
  if (ends(left)) return maker_.has_leftovers() ? now : earliest;
  return std::min(earliest, pacer_.when(std::min<std::uint64_t>(options_.batches.events, left), now));
}

bool feed::idle() const noexcept { return batches_.empty() && !maker_.has_leftovers(); }

sent_counts feed::counts() const {
  sent_counts all = counts_;
  all.forgone = pacer_.forgone();
  return all;
}

}  // namespace sluice::sandbox
