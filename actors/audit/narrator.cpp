#include "actors/audit/narrator.hpp"

#include <utility>

namespace sluice::audit {

using checkpoint::control_kind;
using checkpoint::settlement;

class narrator::teller : public checkpoint::record_visitor {
 public:
  teller(narrator& of, std::int64_t wall_ms, std::string& to) : of_(of), wall_ms_(wall_ms), to_(to) {}

  void on_batch(const checkpoint::batch_view& batch) override {
    batch.read_targets(of_.sets_);
    line what;
    what.at_ms = batch.head.received_ms;
    for (const auto& e : batch.entries) {
      what.id = batch.id(e);
      what.source = batch.source(e);
      what.region = batch.region(e);
      what.destination = what.reason = {};
      if (e.quarantined()) {
        what.action = "quarantined";
        what.reason = to_string(static_cast<quarantine>(e.why));
        if (of_.which_.quarantined) of_.lines_.append(to_, what);
      } else if (e.targets == 0) {
        what.action = "dropped";
        if (of_.which_.dropped) of_.lines_.append(to_, what);
      } else if (of_.which_.routed) {
        what.action = "routed";
        for (const auto& t : of_.sets_[e.targets]) {
          what.destination = of_.names_[t.destination];
          of_.lines_.append(to_, what);
        }
      }
    }
  }

  // What an operator had redriven is told whatever `actions` says.
  void on_rewritten(const checkpoint::rewritten_view& view) override {
    const bool redriven = view.head.kind == checkpoint::rewrite_kind::redrive;
    if (!redriven && !of_.which_.routed) return;
    view.batch.read_targets(of_.sets_);
    line what;
    what.at_ms = view.batch.head.received_ms;
    what.action = redriven ? "redriven" : "routed";
    what.who = view.who;
    for (const auto& e : view.batch.entries) {
      what.id = view.batch.id(e);
      what.source = view.batch.source(e);
      what.region = view.batch.region(e);
      what.destination = of_.names_[of_.sets_[e.targets].front().destination];
      of_.lines_.append(to_, what);
    }
  }

  void on_outcome(const checkpoint::outcome_view& outcome) override {
    const auto how = outcome.head.how;
    if (how == settlement::passed) return;
    if (how == settlement::delivered ? !of_.which_.delivered : !of_.which_.dead_lettered) return;
    line what;
    what.at_ms = outcome.head.wall_ms;
    what.action = how == settlement::delivered       ? "delivered"
                  : how == settlement::dead_lettered ? "dead_lettered"
                  : how == settlement::discarded     ? "discarded"
                                                     : "dropped_oldest";
    what.destination = of_.names_[outcome.head.destination];
    what.reason = outcome.reason;
    outcome.for_each_name([&](const checkpoint::named_event& e) {
      what.id = e.id;
      what.source = e.source;
      what.region = e.region;
      of_.lines_.append(to_, what);
    });
  }

  void on_control(const checkpoint::control_view& control) override {
    switch (control.head.kind) {
      case control_kind::destination_added:
        of_.names_[control.head.destination] = std::string(control.name);
        return;
      case control_kind::destination_paused:
        return act("pause", control);
      case control_kind::destination_resumed:
        return act("resume", control);
      case control_kind::destination_discarded:
        return act("discard", control);
      case control_kind::letters_discarded:
        return act("discard_dead_letters", control, std::to_string(control.head.value) + " dead letters");
      case control_kind::backfilled:
      case control_kind::destination_removed:
      case control_kind::file_attached:
      case control_kind::subscription_noted:
        return;
    }
  }

 private:
  // What an operator did is told whatever `actions` says.
  void act(std::string_view action, const checkpoint::control_view& control, std::string_view reason = {}) {
    line what;
    what.at_ms = wall_ms_;
    what.action = action;
    what.destination = of_.names_[control.head.destination];
    what.reason = reason;
    what.who = control.name;
    of_.lines_.append(to_, what);
  }

  narrator& of_;
  const std::int64_t wall_ms_;  // when the group was written
  std::string& to_;
};

narrator::narrator(actions which, std::map<destination_id, std::string> names)
    : which_(which), names_(std::move(names)) {}

result<void> narrator::tell(const checkpoint::committed_group& group, std::string& to) {
  teller visitor(*this, group.header().wall_ms, to);
  return checkpoint::visit_records(group.header(), group.content(), visitor);
}

}  // namespace sluice::audit
