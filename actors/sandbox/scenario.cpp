#include "actors/sandbox/scenario.hpp"

#include <array>
#include <utility>

#include "actors/sandbox/members.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::int64_t patience_s_max = 86'400;
constexpr std::int64_t sleep_ms_max = 86'400'000;
constexpr std::int64_t count_max = 1'000'000'000'000;
constexpr std::int64_t receiver_delay_ms_max = 600'000;
constexpr std::int64_t receiver_retry_after_max = 3600;
constexpr std::chrono::hours for_ever{24 * 365};

tl::unexpected<error> at(std::string_view place, const error& e) {
  return fail(e.code, e.detail, std::string(place) + "." + e.place);
}

struct goal_name {
  const char* name;
  wait_step::goal what;
  bool counts;
};
constexpr std::array<goal_name, 6> goals{{{"subscriptions", wait_step::goal::subscriptions, true},
                                          {"acknowledged", wait_step::goal::acknowledged, true},
                                          {"sent", wait_step::goal::sent, false},
                                          {"settled", wait_step::goal::settled, false},
                                          {"drained", wait_step::goal::drained, false},
                                          {"quiet", wait_step::goal::quiet, false}}};

/// `{"acknowledged": 1000, "within_s": 60}` or `{"settled": true}`
result<step> read_wait(const json& from) {
  if (auto good = has_only(
          from, {"subscriptions", "acknowledged", "sent", "settled", "drained", "quiet", "within_s"});
      !good)
    return fail(good.error());
  const auto patience = whole_of(from, "within_s", 1, patience_s_max, 60);
  if (!patience) return fail(patience.error());
  wait_step made;
  made.patience = std::chrono::seconds(*patience);
  int found = 0;
  for (const goal_name& one : goals) {
    if (!from.contains(one.name)) continue;
    ++found;
    made.what = one.what;
    if (!one.counts) {
      if (from[one.name] != true) return fail(errc::bad_request, "must be true", one.name);
      continue;
    }
    const auto count = whole_of(from, one.name, 1, count_max, 1);
    if (!count) return fail(count.error());
    made.count = static_cast<std::uint64_t>(*count);
  }
  if (found != 1)
    return fail(errc::bad_request,
                "needs one of subscriptions, acknowledged, sent, settled, drained and quiet", "goal");
  return made;
}

result<step> read_sleep(const json& from) {
  if (!from.is_number_integer() || from < 1 || from > sleep_ms_max)
    return fail(errc::bad_request, "must be a whole number from 1 to 86400000", "sleep_ms");
  return sleep_step{std::chrono::milliseconds(from.get<std::int64_t>())};
}

result<step> read_send(const json& from) {
  auto made = parse_steering(from);
  if (!made) return fail(made.error());
  if (!made->paused) made->paused = false;
  return *made;
}

result<step> read_pause(const json& from) {
  if (!from.is_boolean()) return fail(errc::bad_request, "must be true or false", "pause");
  return steering{.paused = from.get<bool>()};
}

result<step> read_fault(const json& from) {
  auto made = parse_fault(from);
  if (!made) return fail(made.error());
  return *made;
}

result<step> read_drop(const json& from) {
  if (!from.is_string() || from.get<std::string>().empty())
    return fail(errc::bad_request, "must be the name of a subscription, or *", "drop_subscription");
  const auto name = from.get<std::string>();
  return drop_step{name == "*" ? "" : name};
}

/// `{"number": 1, "fail": 0.5, "status": 500, "retry_after": 2, "hang": 0.01, "condemn": 0.001, "delay_ms":
/// 50}`; what is not said is healthy.
result<step> read_receiver(const json& from, std::size_t receivers) {
  if (auto good = has_only(from, {"number", "fail", "status", "retry_after", "hang", "condemn", "delay_ms"});
      !good)
    return fail(good.error());
  const auto number = whole_of(from, "number", 1, static_cast<std::int64_t>(receivers), 0);
  const auto status = whole_of(from, "status", 400, 599, 503);
  const auto delay = whole_of(from, "delay_ms", 0, receiver_delay_ms_max, 0);
  const auto retry_after = whole_of(from, "retry_after", 0, receiver_retry_after_max, 0);
  for (const auto* one : {&number, &status, &delay, &retry_after})
    if (!*one) return fail(one->error());
  if (*number == 0) return fail(errc::bad_request, "is missing", "number");
  const auto share = number_of(from, "fail", 0, 1, from.contains("status") ? 1 : 0);
  const auto hang = number_of(from, "hang", 0, 1, 0), condemn = number_of(from, "condemn", 0, 1, 0);
  for (const auto* one : {&share, &hang, &condemn})
    if (!*one) return fail(one->error());
  return receiver_step{static_cast<std::size_t>(*number),
                       {.fail = *share,
                        .status = static_cast<int>(*status),
                        .hang = *hang,
                        .delay = std::chrono::milliseconds(*delay),
                        .condemn = *condemn,
                        .retry_after = static_cast<std::uint32_t>(*retry_after)}};
}

/// An object of one member, which says what kind of step it is.
result<step> read_step(const json& from, std::size_t receivers) {
  if (auto good =
          has_only(from, {"wait", "sleep_ms", "send", "pause", "fault", "drop_subscription", "receiver"});
      !good)
    return fail(good.error());
  if (from.size() != 1) return fail(errc::bad_request, "must have one member", "step");
  const std::string& kind = from.begin().key();
  const json& value = from.begin().value();
  result<step> made = kind == "wait"                ? read_wait(value)
                      : kind == "sleep_ms"          ? read_sleep(value)
                      : kind == "send"              ? read_send(value)
                      : kind == "pause"             ? read_pause(value)
                      : kind == "fault"             ? read_fault(value)
                      : kind == "drop_subscription" ? read_drop(value)
                                                    : read_receiver(value, receivers);
  if (!made && made.error().place != kind) return at(kind, made.error());
  return made;
}

/// The most that is allowed of something; nothing where it is not said.
result<std::optional<std::uint64_t>> most_of(const json& from, const char* name) {
  const auto most = whole_of(from, name, 0, count_max, -1);
  if (!most) return fail(most.error());
  return *most < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(*most));
}

result<receiver_expectation> read_expectation(const json& from, std::size_t receivers) {
  if (auto good = has_only(from, {"number", "gets", "missing", "condemned", "refused", "unexpected",
                                  "doubled", "repeated", "inversions", "fastest_second"});
      !good)
    return fail(good.error());
  receiver_expectation made;
  const auto number = whole_of(from, "number", 1, static_cast<std::int64_t>(receivers), 0);
  if (!number) return fail(number.error());
  if (*number == 0) return fail(errc::bad_request, "is missing", "number");
  made.number = static_cast<std::size_t>(*number);
  const json gets = from.value("gets", json::object());
  if (auto good = has_only(gets, {"source_prefix", "region", "priority"}); !good)
    return at("gets", good.error());
  made.gets = {text_of(gets, "source_prefix"), text_of(gets, "region"), text_of(gets, "priority")};
  const auto missing = most_of(from, "missing"), condemned = most_of(from, "condemned"),
             refused = most_of(from, "refused"), unexpected = most_of(from, "unexpected"),
             doubled = most_of(from, "doubled"), repeated = most_of(from, "repeated"),
             inversions = most_of(from, "inversions"), fastest = most_of(from, "fastest_second");
  for (const auto* one :
       {&missing, &condemned, &refused, &unexpected, &doubled, &repeated, &inversions, &fastest})
    if (!*one) return fail(one->error());
  made.missing = missing->value_or(0);
  made.condemned = *condemned;
  made.refused = *refused;
  made.unexpected = *unexpected;
  made.doubled = *doubled;
  made.repeated = *repeated;
  made.inversions = *inversions;
  made.fastest_second = *fastest;
  return made;
}

result<void> read_expectations(const json& from, std::size_t receivers, scenario& into) {
  if (auto good = has_only(from, {"lost", "acknowledged_min", "receivers"}); !good) return fail(good.error());
  const auto lost = most_of(from, "lost"), acknowledged = most_of(from, "acknowledged_min");
  for (const auto* one : {&lost, &acknowledged})
    if (!*one) return fail(one->error());
  into.lost = *lost;
  into.acknowledged_min = *acknowledged;
  const json listed = from.value("receivers", json::array());
  if (!listed.is_array()) return fail(errc::bad_request, "must be an array", "receivers");
  for (const json& one : listed) {
    auto made = read_expectation(one, receivers);
    if (!made) return at("receivers[" + std::to_string(into.receivers.size()) + "]", made.error());
    into.receivers.push_back(std::move(*made));
  }
  return {};
}

}  // namespace

result<scenario> parse_scenario(std::string_view text, std::size_t receivers) {
  const auto whole = parse_json(text);
  if (!whole) return fail(errc::not_json, "is no JSON");
  if (auto good = has_only(*whole, {"about", "steps", "expect"}); !good) return fail(good.error());
  const json* const steps = member(*whole, "steps");
  if (steps == nullptr || !steps->is_array() || steps->empty() || steps->size() > scenario::steps_max)
    return fail(errc::bad_request, "must be an array of 1 to 1000 steps", "steps");
  scenario made;
  for (const json& one : *steps) {
    auto read = read_step(one, receivers);
    if (!read) return at("steps[" + std::to_string(made.steps.size()) + "]", read.error());
    made.steps.push_back(std::move(*read));
  }
  const auto expected = read_expectations(whole->value("expect", json::object()), receivers, made);
  if (!expected) return at("expect", expected.error());
  return made;
}

scenario for_a_time(std::chrono::seconds time) {
  scenario made = for_all_events();
  made.steps = {sleep_step{time}, steering{.rate = 0},
                wait_step{wait_step::goal::settled, 0, std::chrono::seconds(60)},
                wait_step{wait_step::goal::quiet, 0, std::chrono::seconds(60)}};
  return made;
}

scenario for_all_events() {
  scenario made;
  made.starts_paused = false;
  made.lost = 0;
  made.acknowledged_min = 1;
  made.steps = {wait_step{wait_step::goal::sent, 0, for_ever},
                wait_step{wait_step::goal::quiet, 0, std::chrono::seconds(60)}};
  return made;
}

}  // namespace sluice::sandbox
