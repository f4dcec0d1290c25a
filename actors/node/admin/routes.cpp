#include "actors/node/admin/routes.hpp"

#include <algorithm>
#include <utility>

#include "actors/node/config/nearest.hpp"
#include "messages/assert.hpp"

namespace sluice::node::admin {

using net::http::method;
using net::http::problem;
using net::http::response;

namespace {

bool is_any(const std::string& segment) noexcept { return segment.starts_with('{'); }

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) noexcept {
  return std::ranges::equal(pattern, path, [](const std::string& wanted, const std::string& given) {
    return is_any(wanted) ? !given.empty() : wanted == given;
  });
}

bool answers(method has, method asked) noexcept {
  return has == asked || (has == method::get && asked == method::head);
}

std::unique_ptr<response> refusal(response r) { return std::make_unique<response>(std::move(r)); }

}  // namespace

void route_table::add(method verb, std::string_view pattern, handler what) {
  auto parsed = parse_target(pattern);
  SLUICE_ASSERT(parsed.has_value());
  routes_.push_back({verb, std::string(pattern), std::move(parsed->segments), std::move(what)});
}

std::unique_ptr<response> route_table::refuse(method verb, std::string_view text) const {
  const auto at = parse_target(text);
  if (!at) return refusal(problem(400, "bad request", "the target's percent-encoding cannot be decoded"));
  std::string allowed;
  for (const route& r : routes_) {
    if (!fits(r.segments, at->segments)) continue;
    if (answers(r.verb, verb)) return nullptr;
    if (!allowed.empty()) allowed += ", ";
    allowed += r.verb == method::get ? "GET, HEAD" : to_string(r.verb);
  }
  if (allowed.empty()) {
    std::vector<std::string> known;
    for (const route& r : routes_) known.push_back(r.pattern);
    const auto meant = config::nearest(text.substr(0, text.find('?')), known);
    std::string detail = "no such path here";
    if (!meant.empty()) detail.append("; ").append(meant).append(" is one");
    return refusal(problem(404, "not found", detail));
  }
  auto r = problem(405, "method not allowed", "this path is used with " + allowed);
  r.fields.emplace_back("Allow", std::move(allowed));
  return refusal(std::move(r));
}

const handler* route_table::find(method verb, std::string_view text, request& into) const {
  auto at = parse_target(text);
  if (!at) return nullptr;
  for (const route& r : routes_) {
    if (!fits(r.segments, at->segments) || !answers(r.verb, verb)) continue;
    for (std::size_t i = 0; i < r.segments.size(); ++i) {
      if (is_any(r.segments[i])) into.names.push_back(std::move(at->segments[i]));
    }
    into.query = std::move(at->query);
    return &r.what;
  }
  return nullptr;
}

}  // namespace sluice::node::admin
