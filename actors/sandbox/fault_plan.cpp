#include "actors/sandbox/fault_plan.hpp"

#include <algorithm>
#include <utility>

#include "actors/sandbox/members.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::int64_t delay_ms_max = 600'000;
constexpr std::int64_t retry_after_max = 86'400;

tl::unexpected<error> wrong(std::string place, std::string detail) {
  return fail(errc::bad_request, std::move(detail), std::move(place));
}

}  // namespace

result<fault> parse_fault(const json& from) {
  if (auto good = has_only(
          from, {"method", "path", "times", "status", "retry_after", "body", "delay_ms", "lose_answer"});
      !good)
    return fail(good.error());
  fault made;
  made.method = text_of(from, "method");
  made.path = text_of(from, "path");
  if (!made.path.starts_with('/')) return wrong("path", "must be the beginning of a path");
  const auto times = whole_of(from, "times", 1, fault::times_max, 1);
  const auto status = whole_of(from, "status", 200, 599, 0);
  const auto delay = whole_of(from, "delay_ms", 1, delay_ms_max, 0);
  const auto retry_after = whole_of(from, "retry_after", 0, retry_after_max, -1);
  for (const auto* number : {&times, &status, &delay, &retry_after})
    if (!*number) return fail(number->error());
  const auto loses = flag_of(from, "lose_answer", false);
  if (!loses) return fail(loses.error());
  made.times = static_cast<std::size_t>(*times);
  made.status = static_cast<int>(*status);
  made.delay = std::chrono::milliseconds(*delay);
  made.loses_answer = *loses;
  if (*retry_after >= 0) made.retry_after = std::chrono::seconds(*retry_after);
  if (const json* const instead = member(from, "body"))
    made.body = instead->is_string() ? instead->get<std::string>() : to_text(*instead);
  if (made.status == 0 && made.delay.count() == 0 && !made.loses_answer)
    return wrong("body", "must have status, delay_ms or lose_answer");
  if (made.status != 0 && made.loses_answer)
    return wrong("lose_answer", "does the operation, so it cannot stand beside status");
  if (made.status == 0 && (made.retry_after || made.body))
    return wrong("status", "is missing: retry_after and body belong to one");
  return made;
}

bool fault_plan::add(fault what) {
  if (faults_.size() >= faults_max) return false;
  faults_.push_back(std::move(what));
  return true;
}

std::optional<fault> fault_plan::take(std::string_view method, std::string_view path) {
  const auto found = std::ranges::find_if(faults_, [&](const fault& f) {
    return (f.method.empty() || f.method == method) && path.starts_with(f.path);
  });
  if (found == faults_.end()) return std::nullopt;
  fault due = *found;
  if (--found->times == 0) faults_.erase(found);
  return due;
}

}  // namespace sluice::sandbox
