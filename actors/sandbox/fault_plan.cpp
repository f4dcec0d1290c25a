#include "actors/sandbox/fault_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "actors/sandbox/json.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::array<std::string_view, 8> members{"method",      "path", "times",    "status",
                                                  "retry_after", "body", "delay_ms", "lose_answer"};
constexpr std::int64_t delay_ms_max = 600'000;
constexpr std::int64_t retry_after_max = 86'400;

tl::unexpected<error> wrong(std::string place, std::string detail) {
  return fail(errc::bad_request, std::move(detail), std::move(place));
}

/// `otherwise` when the member is not there.
result<std::int64_t> whole(const json& from, const char* name, std::int64_t low, std::int64_t high,
                           std::int64_t otherwise) {
  const json* const found = member(from, name);
  if (found == nullptr) return otherwise;
  if (!found->is_number_integer() || *found < low || *found > high)
    return wrong(name, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return found->get<std::int64_t>();
}

}  // namespace

result<fault> parse_fault(std::string_view text) {
  const auto body = parse_json(text);
  if (!body || !body->is_object()) return wrong("body", "must be a JSON object");
  for (const auto& [name, value] : body->items())
    if (std::ranges::find(members, name) == members.end())
      return wrong(name,
                   "is not known; a fault has method, path, times, status, retry_after, body, "
                   "delay_ms and lose_answer");
  fault made;
  made.method = text_of(*body, "method");
  made.path = text_of(*body, "path");
  if (!made.path.starts_with('/')) return wrong("path", "must be the beginning of a path");
  const auto times = whole(*body, "times", 1, fault::times_max, 1);
  const auto status = whole(*body, "status", 200, 599, 0);
  const auto delay = whole(*body, "delay_ms", 1, delay_ms_max, 0);
  const auto retry_after = whole(*body, "retry_after", 0, retry_after_max, -1);
  for (const auto* number : {&times, &status, &delay, &retry_after})
    if (!*number) return fail(number->error());
  const json* const loses = member(*body, "lose_answer");
  if (loses != nullptr && !loses->is_boolean()) return wrong("lose_answer", "must be true or false");
  made.times = static_cast<std::size_t>(*times);
  made.status = static_cast<int>(*status);
  made.delay = std::chrono::milliseconds(*delay);
  made.loses_answer = loses != nullptr && loses->get<bool>();
  if (*retry_after >= 0) made.retry_after = std::chrono::seconds(*retry_after);
  if (const json* const instead = member(*body, "body"))
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
