// Bins of 1000 events a second each. Two simple ways to fill a number of them are tried before one more is
// taken: the largest source to the emptiest bin (even), and to the first where it fits (tight).
#include "actors/subscription/plan.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "actors/subscription/specification.hpp"
#include "messages/assert.hpp"

namespace sluice::subscription {
namespace {

constexpr std::uint32_t usable_by_endpoint = 952;  // 1000 / (1 + 0.05 s)

constexpr std::size_t suffix_bytes_max = std::string_view("-1000").size();
static_assert(plan_options::sources_max <= 1000);

struct share {
  std::string source;
  std::uint32_t rate = 0;
  std::size_t place = 0;  // in the order given
};

struct bin {
  std::uint32_t rate = 0;
  std::vector<share> sources;

  bool fits(const share& one) const {
    return rate + one.rate <= events_per_second_max && sources.size() < sources_max;
  }
  void put(const share& one) {
    rate += one.rate;
    sources.push_back(one);
  }
};
using bins = std::vector<bin>;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

error wrong(std::string place, std::string detail) {
  return {errc::wrong_use, std::move(detail), std::move(place)};
}

std::vector<error> check(const plan_options& given) {
  std::vector<error> all;
  if (given.rate < 1 || given.rate > plan_options::rate_max) {
    all.push_back(wrong("rate", "is " + std::to_string(given.rate) + "; allowed is 1 to " +
                                    std::to_string(plan_options::rate_max)));
  }
  if (given.sources.empty()) all.push_back(wrong("sources", "are none; at least one is needed"));
  if (given.sources.size() > plan_options::sources_max) {
    all.push_back(wrong("sources", "are " + std::to_string(given.sources.size()) + "; allowed are " +
                                       std::to_string(plan_options::sources_max)));
  }
  if (given.base.name.size() + suffix_bytes_max > name_bytes_max) {
    all.push_back(wrong("name", "leaves no room for a number behind it; at most " +
                                    std::to_string(name_bytes_max - suffix_bytes_max) + " bytes"));
  }
  std::set<std::string_view> seen;
  for (const source_rate& one : given.sources)
    if (!seen.insert(one.source).second)
      all.push_back(wrong("sources", "has " + one.source + " twice; each once"));
  return all;
}

/// Known rates as they are, the rest in equal parts.
std::vector<share> shares_of(const plan_options& given, std::vector<error>& errors) {
  std::uint64_t known = 0;
  std::vector<std::string> unknown;
  for (const source_rate& one : given.sources)
    one.rate ? void(known += *one.rate) : unknown.push_back(one.source);
  const std::uint64_t rest = given.rate - std::min<std::uint64_t>(known, given.rate);
  if (known > given.rate || (known < given.rate && unknown.empty())) {
    errors.push_back(wrong("rate", "is " + std::to_string(given.rate) +
                                       ", but the rates of the sources add up to " + std::to_string(known)));
  } else if (rest < unknown.size()) {
    errors.push_back(
        wrong("rate", "leaves nothing for " + joined(unknown) + "; give each a rate of its own"));
  } else if (!unknown.empty() && rest > events_per_second_max * unknown.size()) {
    errors.push_back(wrong(
        "sources",
        "an equal share is " + std::to_string(rest / unknown.size()) + " events/s for each of " +
            joined(unknown) + ", more than the " + std::to_string(events_per_second_max) +
            " that one subscription carries; give each its rate as SOURCE=RATE, or name narrower kinds"));
  }
  std::vector<share> all;
  std::uint64_t shared = 0;
  for (const source_rate& one : given.sources) {
    std::uint64_t rate = one.rate.value_or(0);
    if (!one.rate) rate = rest / unknown.size() + (shared++ < rest % unknown.size() ? 1 : 0);
    all.push_back({one.source, static_cast<std::uint32_t>(rate), all.size()});
  }
  return all;
}

void refuse_large(const plan_options& given, std::vector<error>& errors) {
  for (const source_rate& one : given.sources) {
    if (one.rate.value_or(0) <= events_per_second_max) continue;
    errors.push_back(
        wrong("sources", one.source + " alone brings " + std::to_string(*one.rate) +
                             " events/s, more than the " + std::to_string(events_per_second_max) +
                             " that one subscription carries, and cannot be split: every "
                             "subscription to it would get all of its events. Name narrower kinds in "
                             "its place, each with its rate"));
  }
}

/// Nothing when it does not work out.
std::optional<bins> even(const std::vector<share>& largest_first, std::size_t count) {
  bins made(count);
  for (const share& one : largest_first) {
    const auto emptiest =
        std::ranges::min_element(made, {}, [](const bin& b) { return std::pair(b.rate, b.sources.size()); });
    if (!emptiest->fits(one)) return std::nullopt;
    emptiest->put(one);
  }
  return made;
}

std::optional<bins> tight(const std::vector<share>& largest_first, std::size_t count) {
  bins made(count);
  for (const share& one : largest_first) {
    const auto first = std::ranges::find_if(made, [&](const bin& b) { return b.fits(one); });
    if (first == made.end()) return std::nullopt;
    first->put(one);
  }
  return made;
}

bins fill(std::vector<share> all, std::uint32_t rate) {
  std::ranges::stable_sort(all, std::ranges::greater(), &share::rate);
  for (std::size_t count = (rate + events_per_second_max - 1) / events_per_second_max; count < all.size();
       ++count) {
    if (auto made = even(all, count)) return *std::move(made);
    if (auto made = tight(all, count)) return *std::move(made);
  }
  auto each_its_own = even(all, all.size());
  SLUICE_ASSERT(each_its_own);
  return *std::move(each_its_own);
}

}  // namespace

result<source_rate> parse_source_rate(std::string_view text) {
  const std::size_t at = text.rfind('=');
  source_rate one{std::string(text.substr(0, at))};
  const std::string place(text);
  if (one.source.empty()) return fail(errc::wrong_use, "has no source; SOURCE or SOURCE=RATE", place);
  if (at == text.npos) return one;
  const std::string_view number = text.substr(at + 1);
  std::uint32_t rate = 0;
  const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), rate);
  if (ec != std::errc() || end != number.data() + number.size() || rate < 1 ||
      rate > plan_options::rate_max) {
    return fail(
        errc::wrong_use,
        "has no rate behind the = sign; events a second, 1 to " + std::to_string(plan_options::rate_max),
        place);
  }
  one.rate = rate;
  return one;
}

tl::expected<std::vector<planned>, std::vector<error>> plan(const plan_options& given) {
  std::vector<error> errors = check(given);
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  refuse_large(given, errors);
  std::vector<share> shares = shares_of(given, errors);
  if (!errors.empty()) return tl::unexpected(std::move(errors));

  bins filled = fill(std::move(shares), given.rate);
  std::vector<planned> all;
  for (bin& one : filled) {
    std::ranges::sort(one.sources, {}, &share::place);
    planned made{given.base, one.rate,
                 std::max(1u, (one.rate + usable_by_endpoint - 1) / usable_by_endpoint)};
    if (filled.size() > 1) made.what.name += "-" + std::to_string(all.size() + 1);
    made.what.sources.clear();
    for (share& s : one.sources) made.what.sources.push_back(std::move(s.source));
    all.push_back(std::move(made));
  }
  return all;
}

}  // namespace sluice::subscription
