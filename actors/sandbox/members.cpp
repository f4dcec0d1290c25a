#include "actors/sandbox/members.hpp"

#include <algorithm>
#include <cstdio>

namespace sluice::sandbox {
namespace {

std::string written(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

result<void> has_only(const json& value, std::initializer_list<std::string_view> names) {
  if (!value.is_object()) return fail(errc::bad_request, "must be a JSON object", "body");
  for (const auto& [name, ignored] : value.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    std::string known;
    for (const auto& one : names) known.append(known.empty() ? "" : ", ").append(one);
    return fail(errc::bad_request, "is not known here; there are " + known, name);
  }
  return {};
}

result<std::int64_t> whole_of(const json& from, const char* name, std::int64_t low, std::int64_t high,
                              std::int64_t otherwise) {
  const json* const found = member(from, name);
  if (found == nullptr) return otherwise;
  if (!found->is_number_integer() || *found < low || *found > high)
    return fail(errc::bad_request,
                "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high), name);
  return found->get<std::int64_t>();
}

result<double> number_of(const json& from, const char* name, double low, double high, double otherwise) {
  const json* const found = member(from, name);
  if (found == nullptr) return otherwise;
  if (!found->is_number() || *found < low || *found > high)
    return fail(errc::bad_request, "must be a number from " + written(low) + " to " + written(high), name);
  return found->get<double>();
}

result<bool> flag_of(const json& from, const char* name, bool otherwise) {
  const json* const found = member(from, name);
  if (found == nullptr) return otherwise;
  if (!found->is_boolean()) return fail(errc::bad_request, "must be true or false", name);
  return found->get<bool>();
}

}  // namespace sluice::sandbox
