#include "actors/sandbox/scenario_player.hpp"

namespace sluice::sandbox {
namespace {

const char* name_of(wait_step::goal what) {
  switch (what) {
    case wait_step::goal::subscriptions:
      return "subscriptions";
    case wait_step::goal::acknowledged:
      return "acknowledged";
    case wait_step::goal::sent:
      return "sent";
    case wait_step::goal::settled:
      return "settled";
    case wait_step::goal::drained:
      return "drained";
    case wait_step::goal::quiet:
      return "quiet";
  }
  return "";
}

}  // namespace

bool scenario_player::play(instant now) {
  while (next_ < steps_.size()) {
    if (!began_) {
      began_ = now;
      requests_seen_ = stage_.requests_received();
      requests_changed_ = now;
    }
    if (!std::visit([&](const auto& s) { return done(s, now); }, steps_[next_])) return true;
    began_.reset();
    ++next_;
  }
  return false;
}

bool scenario_player::done(const wait_step& s, instant now) {
  if (reached(s, now)) return true;
  if (now - *began_ < s.patience) return false;
  const std::string count = s.count > 0 ? " " + std::to_string(s.count) : "";
  complaints_.push_back("steps[" + std::to_string(next_) + "]: waited " + std::to_string(s.patience.count()) +
                        " s in vain for " + name_of(s.what) + count);
  return true;
}

bool scenario_player::reached(const wait_step& s, instant now) {
  switch (s.what) {
    case wait_step::goal::subscriptions:
      return stage_.active_subscriptions() >= s.count;
    case wait_step::goal::acknowledged:
      return stage_.acknowledged() >= s.count;
    case wait_step::goal::sent:
      return stage_.all_sent();
    case wait_step::goal::settled:
      return stage_.settled();
    case wait_step::goal::drained:
      return stage_.drained();
    case wait_step::goal::quiet:
      return quiet(now);
  }
  return true;
}

bool scenario_player::quiet(instant now) {
  const std::uint64_t requests = stage_.requests_received();
  if (requests != requests_seen_) {
    requests_seen_ = requests;
    requests_changed_ = now;
  }
  return now - requests_changed_ >= quiet_time;
}

bool scenario_player::done(const sleep_step& s, instant now) { return now - *began_ >= s.time; }

bool scenario_player::done(const steering& s, instant) {
  stage_.steer(s);
  return true;
}

bool scenario_player::done(const fault& s, instant) {
  if (!stage_.add_fault(s))
    complaints_.push_back("steps[" + std::to_string(next_) + "]: too many faults wait");
  return true;
}

bool scenario_player::done(const drop_step& s, instant) {
  if (stage_.drop_subscriptions(s.name) == 0)
    complaints_.push_back("steps[" + std::to_string(next_) + "]: there is no subscription to drop");
  return true;
}

bool scenario_player::done(const receiver_step& s, instant) {
  stage_.behave(s.number, s.manner);
  return true;
}

}  // namespace sluice::sandbox
