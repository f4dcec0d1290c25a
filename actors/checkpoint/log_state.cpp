// How committed groups change the state. Live and in recovery the same code runs over the same bytes, so both
// arrive at the same state; a record that contradicts it is damage, never something to make the best of.
#include "actors/checkpoint/log_state.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::checkpoint {

log_state::log_state() {
  destination_state dead_letters;
  dead_letters.id = dead_letters_id;
  dead_letters.name = dead_letters_name;
  dead_letters.lanes.resize(1);
  destinations_.push_back(std::move(dead_letters));
}

namespace {

std::uint64_t& total_of(destination_totals& totals, settlement how) noexcept {
  switch (how) {
    case settlement::delivered:
      return totals.delivered;
    case settlement::dead_lettered:
      return totals.dead_lettered;
    case settlement::discarded:
      return totals.discarded;
    default:
      return totals.dropped_oldest;
  }
}

}  // namespace

/// Remembers the first contradiction and does nothing after it.
class log_state::applier final : public record_visitor {
 public:
  applier(log_state& state, const group_header& header) : state_(state), header_(header) {}

  void on_batch(const batch_view& view) override {
    ++record_;
    event_totals& totals = state_.totals_;
    totals.batches += 1;
    totals.received += std::uint64_t{view.head.events} + view.head.duplicates;
    totals.accepted += view.head.events - view.head.quarantined;
    totals.duplicates += view.head.duplicates;
    totals.quarantined += view.head.quarantined;
    totals.dropped += view.head.dropped;

    view.read_targets(sets_);
    events_of_set_.assign(sets_.size(), 0);
    for (const event_entry& e : view.entries) events_of_set_[e.targets] += e.quarantined() ? 0u : 1u;
    for (std::size_t set = 1; set < sets_.size(); ++set) {
      if (events_of_set_[set] == 0) continue;
      for (const target& to : sets_[set]) {
        if (route(to, events_of_set_[set], view.first))
          state_.destinations_[to.destination].totals.routed += events_of_set_[set];
      }
    }
    if (view.head.quarantined != 0 && route({dead_letters_id, 0}, view.head.quarantined, view.first))
      state_.destinations_[dead_letters_id].totals.routed += view.head.quarantined;
  }

  void on_rewritten(const rewritten_view& view) override {
    ++record_;
    const bool redrive = view.head.kind == rewrite_kind::redrive;
    if (redrive && view.head.events > redrive_events_max) return contradict("too many events are redriven");
    view.batch.read_targets(sets_);
    events_of_set_.assign(sets_.size(), 0);
    for (const event_entry& e : view.batch.entries) ++events_of_set_[e.targets];
    const destination_id of = sets_[1].front().destination;
    if (state_.find(of) == nullptr || of == dead_letters_id)
      return contradict("events are written again for a destination that is not there");
    for (std::size_t set = 1; set < sets_.size(); ++set) {
      if (events_of_set_[set] == 0) continue;
      if (sets_[set].size() != 1 || sets_[set].front().destination != of)
        return contradict("events that are written again have more than one target");
      if (!route(sets_[set].front(), events_of_set_[set], view.batch.first)) return;
    }
    auto& totals = state_.destinations_[of].totals;
    (redrive ? totals.redriven : totals.routed) += view.head.events;
    if (!redrive) return;
    state_.leaving_.clear();
    for (const rewritten_event& e : view.before) {
      if (e.generation == 0) return contradict("a redriven event has not been redriven");
      state_.leaving_.push_back({of, 0, e.generation - 1, e.origin});
    }
  }

  void on_outcome(const outcome_view& view) override {
    ++record_;
    const outcome_head& head = view.head;
    // A range that is empty settles nothing: such an outcome only closes its offer.
    const bool empty = head.how == settlement::passed && head.first == head.last + 1 && head.first > 0;
    if (!empty && !earlier(head.first, head.last)) return;
    lane_state* const lane = lane_at(head.destination, head.lane, head.first - 1);
    if (lane == nullptr) return;
    if (head.events > 0 && head.last <= lane->settled.upto()) return contradict("a cursor would go back");
    if (head.events > head.last - head.first + 1 || head.events > lane->pending) {
      return contradict("more events are settled than there are");
    }
    if (head.how == settlement::passed && head.events != 0) return contradict("events are passed over");
    if (head.offer != 0) {
      if (!lane->open_offer || lane->open_offer->offer != head.offer)
        return contradict("the offer is not open");
      lane->open_offer.reset();
    }
    if (!empty && !lane->settled.settle({head.first, head.last}))
      return contradict("a lane has too many settled ranges");
    if (head.how != settlement::passed) {
      total_of(state_.destinations_[head.destination].totals, head.how) += head.events;
      lane->pending -= head.events;
    }
    if (head.file_length != 0) lane->file_length = head.file_length;
    note_discarded(state_.destinations_[head.destination]);
  }

  void on_offer(const offer_head& offer) override {
    ++record_;
    if (!earlier(offer.first, offer.last)) return;
    lane_state* const lane = lane_at(offer.destination, offer.lane, offer.first - 1);
    if (lane == nullptr) return;
    if (lane->open_offer) return contradict("an offer of the lane is open");
    if (offer.offer != lane->last_offer + 1)
      return contradict("the offer's number does not follow the last one");
    lane->last_offer = offer.offer;
    lane->open_offer = offer;
  }

  void on_control(const control_view& view) override {
    ++record_;
    switch (view.head.kind) {
      case control_kind::destination_added:
        return add(view);
      case control_kind::destination_removed:
        return remove(view);
      case control_kind::file_attached: {
        lane_state* const lane = lane_at(view.head.destination, 0, 0);
        if (lane == nullptr) return;
        lane->file_attached = true;
        lane->file_length = view.head.value;
        return;
      }
      case control_kind::destination_paused:
      case control_kind::destination_resumed:
        return pause(view);
      case control_kind::destination_discarded:
        return discard(view);
      case control_kind::backfilled:
        return backfilled(view);
      case control_kind::letters_discarded:
        if (view.head.destination >= state_.destinations_.size())
          contradict("dead letters are discarded of a destination that never was");
        return;
      case control_kind::subscription_noted:
        if (view.name.size() > subscription_bytes_max) return contradict("a subscription's id is too long");
        state_.subscription_ = view.name;
    }
  }

  void on_audited(const audited_head& audited) override {
    ++record_;
    if (audited.upto < state_.audited_.upto || audited.upto >= header_.number) {
      return contradict("the audit's progress would go back, or is ahead of the log");
    }
    state_.audited_ = audited;
  }

  void on_other(const raw_record& record) override {
    ++record_;
    if (static_cast<std::uint16_t>(record.header.type) < skippable_record)
      contradict("the record does not belong into the log");
  }

  std::optional<error> take_error() noexcept { return std::move(failed_); }

 private:
  /// The lane is owed so many events more, from `first` on. False, and the error noted, when it cannot be.
  bool route(const target& to, std::uint64_t events, position first) {
    lane_state* const lane = lane_at(to.destination, to.lane, first - 1);
    if (lane == nullptr) return false;
    if (lane->idle()) lane->settled = settled_ranges(std::max(lane->settled.upto(), first - 1));
    if (lane->settled.upto() >= first) {
      contradict("an event is routed to a lane that has passed it");
      return false;
    }
    lane->pending += events;
    return true;
  }

  /// The lane, made when it is new: nothing up to `before` was for it. Null, and the error noted, when it
  /// cannot be.
  lane_state* lane_at(destination_id destination, lane_id lane, position before) {
    if (failed_) return nullptr;
    if (destination >= state_.destinations_.size()) {
      contradict("destination " + std::to_string(destination) + " is unknown");
      return nullptr;
    }
    if (lane >= lanes_max) {
      contradict("a destination would have more than " + std::to_string(lanes_max) + " lanes");
      return nullptr;
    }
    auto& lanes = state_.destinations_[destination].lanes;
    while (lanes.size() <= lane) lanes.emplace_back().settled = settled_ranges(before);
    return &lanes[lane];
  }

  /// Ranges of outcomes and offers lie before this group.
  bool earlier(position first, position last) {
    if (first == 0 || last < first || last >= header_.first_position) {
      contradict("a range that is not of earlier events");
    }
    return !failed_;
  }

  void add(const control_view& view) {
    const auto& all = state_.destinations_;
    if (view.head.destination != all.size()) return contradict("a new destination's number is not the next");
    if (view.name.empty() || view.name.size() > destination_name_bytes_max ||
        state_.find(view.name) != nullptr) {
      return contradict("a new destination's name is no name, or in use");
    }
    if (view.head.at >= header_.first_position + header_.events)
      return contradict("a destination starts ahead of the log");
    destination_state& made = state_.destinations_.emplace_back();
    made.id = view.head.destination;
    made.name = view.name;
    made.lanes.resize(1);
    made.lanes[0].settled = settled_ranges(view.head.at);
    if (view.head.value == 1) made.backfill_upto = view.head.at;
  }

  void backfilled(const control_view& view) {
    auto* const d = ordered(view);
    if (d == nullptr) return;
    if (view.head.at <= d->backfilled || view.head.at > d->backfill_upto)
      return contradict("a backfill would go back, or further than it is owed");
    d->backfilled = view.head.at;
    if (d->backfilled == d->backfill_upto) d->backfilled = d->backfill_upto = 0;
  }

  void remove(const control_view& view) {
    const destination_state* const known = state_.find(view.name);
    if (known == nullptr || known->id != view.head.destination || known->id == dead_letters_id) {
      return contradict("the destination to remove is not there");
    }
    destination_state& gone = state_.destinations_[view.head.destination];
    gone.removed = true;
    gone.backfilled = gone.backfill_upto = 0;
  }

  /// The destination that a record is about; null, and the error noted, when it is none.
  destination_state* ordered(const control_view& view) {
    const auto id = view.head.destination;
    if (failed_) return nullptr;
    if (state_.find(id) == nullptr || id == dead_letters_id) {
      contradict("a record is about a destination that is not there");
      return nullptr;
    }
    return &state_.destinations_[id];
  }

  void pause(const control_view& view) {
    if (auto* const d = ordered(view)) d->paused = view.head.kind == control_kind::destination_paused;
  }

  void discard(const control_view& view) {
    auto* const d = ordered(view);
    if (d == nullptr) return;
    if (view.head.at == 0 || view.head.at >= header_.first_position)
      return contradict("what is to be discarded is not of earlier events");
    d->discard_upto = std::max(d->discard_upto, view.head.at);
    note_discarded(*d);
  }

  static void note_discarded(destination_state& d) {
    if (d.discard_upto != 0 && d.needed_from(destination_need::nothing) > d.discard_upto) d.discard_upto = 0;
  }

  std::string place() const {
    return "group " + std::to_string(header_.number) + ", record " + std::to_string(record_ - 1);
  }
  void contradict(std::string what) {
    if (!failed_) failed_ = error{errc::corrupt, std::move(what), place(), 0};
  }

  log_state& state_;
  const group_header& header_;
  std::uint32_t record_ = 0;
  std::optional<error> failed_;
  target_sets sets_;
  std::vector<std::uint32_t> events_of_set_;
};

result<void> log_state::apply(const group_header& header, std::span<const std::byte> content) {
  const std::string place = "group " + std::to_string(header.number);
  if (header.number < next_group_) return fail(errc::corrupt, "the group was there before", place);
  if (header.first_position != next_position_)
    return fail(errc::corrupt, "the group does not follow the last event", place);
  if (header.running_ms < running_ms_) return fail(errc::corrupt, "running time would go back", place);
  applier visitor(*this, header);
  if (auto read = visit_records(header, content, visitor); !read) return read;
  if (auto failed = visitor.take_error()) return fail(std::move(*failed));
  next_position_ += header.events;
  next_group_ = header.number + 1;
  running_ms_ = header.running_ms;
  return {};
}

const destination_state* log_state::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find_if(
      destinations_, [name](const destination_state& d) { return !d.removed && d.name == name; });
  return found == destinations_.end() ? nullptr : &*found;
}

const destination_state* log_state::find(destination_id id) const noexcept {
  return id < destinations_.size() && !destinations_[id].removed ? &destinations_[id] : nullptr;
}

destination_id log_state::next_destination() const noexcept {
  SLUICE_ASSERT(destinations_.size() <= std::numeric_limits<destination_id>::max());
  return static_cast<destination_id>(destinations_.size());
}

position lane_state::needed_from(position none) const noexcept {
  if (idle()) return none;
  const position behind = settled.upto() + 1;
  return open_offer ? std::min(behind, open_offer->first) : behind;
}

position destination_state::needed_from(position none) const noexcept {
  position needed = none;
  for (const lane_state& lane : lanes) needed = std::min(needed, lane.needed_from(none));
  return needed;
}

bool destination_state::is_settled(lane_id lane, position at) const noexcept {
  return lane >= lanes.size() || lanes[lane].idle() || lanes[lane].settled.is_settled(at);
}

position log_state::needed_from() const noexcept {
  position needed = next_position_;
  for (const destination_state& d : destinations_) {
    needed = d.needed_from(needed);
    if (d.backfill_upto != 0) needed = std::min(needed, d.backfilled + 1);
  }
  return needed;
}

std::vector<destination_need> log_state::needs() const {
  std::vector<destination_need> out;
  for (const destination_state& d : destinations_) {
    const position from = d.needed_from(destination_need::nothing);
    if (from == destination_need::nothing) continue;
    destination_need& need = out.emplace_back(destination_need{d.id, from, {}});
    need.lanes.reserve(d.lanes.size());
    for (const lane_state& lane : d.lanes) need.lanes.push_back(lane.needed_from(destination_need::nothing));
  }
  return out;
}

std::vector<std::uint64_t> log_state::routed_events() const {
  std::vector<std::uint64_t> out;
  out.reserve(destinations_.size());
  for (const destination_state& d : destinations_) out.push_back(d.totals.routed + d.totals.redriven);
  return out;
}

}  // namespace sluice::checkpoint
