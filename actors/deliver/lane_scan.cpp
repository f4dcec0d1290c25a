#include "actors/deliver/lane_scan.hpp"

#include <algorithm>
#include <vector>

#include "actors/checkpoint/log_state.hpp"

namespace sluice::deliver {
namespace {

class scan : public checkpoint::record_visitor {
 public:
  scan(target lane, position after, const std::function<bool(const lane_event&)>& take)
      : lane_(lane), after_(after), take_(take) {}

  void on_batch(const checkpoint::batch_view& batch) override { look(batch, {}); }
  void on_rewritten(const checkpoint::rewritten_view& view) override { look(view.batch, view.before); }
  bool stopped() const noexcept { return stopped_; }

 private:
  void look(const checkpoint::batch_view& batch, std::span<const checkpoint::rewritten_event> before) {
    if (stopped_ || batch.entries.empty() || batch.first + batch.entries.size() - 1 <= after_) return;
    const bool quarantined = lane_.destination == checkpoint::dead_letters_id;
    if (quarantined ? batch.head.quarantined == 0 : !sets_with_lane(batch)) return;
    for (std::size_t i = 0; i < batch.entries.size() && !stopped_; ++i) {
      const auto& e = batch.entries[i];
      const bool ours = quarantined ? e.quarantined() : e.targets != 0 && in_set_[e.targets] != 0;
      const position at = batch.first + i;
      if (!ours || at <= after_) continue;
      stopped_ = !take_({at, batch.head.received_ms, batch.slice(e), batch.id(e), batch.source(e),
                         batch.region(e), &e, before.empty() ? nullptr : &before[i]});
    }
  }

  bool sets_with_lane(const checkpoint::batch_view& batch) {
    batch.read_targets(sets_);
    in_set_.assign(sets_.size(), 0);
    bool any = false;
    for (std::size_t set = 1; set < sets_.size(); ++set) {
      in_set_[set] = std::ranges::find(sets_[set], lane_) != sets_[set].end();
      any |= in_set_[set] != 0;
    }
    return any;
  }

  const target lane_;
  const position after_;
  const std::function<bool(const lane_event&)>& take_;
  target_sets sets_;
  std::vector<std::uint8_t> in_set_;
  bool stopped_ = false;
};

}  // namespace

result<bool> scan_lane(const checkpoint::committed_group& group, destination_id destination, lane_id lane,
                       position after, const std::function<bool(const lane_event&)>& take) {
  const auto& header = group.header();
  if (header.events == 0 || header.first_position + header.events - 1 <= after) return true;
  if (!group.may_hold({destination, lane})) return true;
  scan visitor({destination, lane}, after, take);
  if (auto done = checkpoint::visit_records(header, group.content(), visitor); !done)
    return fail(done.error());
  return !visitor.stopped();
}

}  // namespace sluice::deliver
