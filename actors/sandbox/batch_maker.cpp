#include "actors/sandbox/batch_maker.hpp"

#include <algorithm>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::sandbox {
namespace {

constexpr std::uint64_t own_stream = 1ULL << 32;  // apart from the streams that draw events

std::string opening(shape how) { return how == shape::envelope ? R"({"events":[)" : ""; }
std::string closing(shape how) { return how == shape::envelope ? "]}" : ""; }

/// The same event without its `id`, which is its first or second member and has no text like it before.
std::string without_id(std::string text) {
  constexpr std::string_view member = R"("id":")";
  const std::size_t begin = text.find(member);
  SLUICE_ASSERT(begin != text.npos);
  const std::size_t end = text.find("\",", begin + member.size());
  SLUICE_ASSERT(end != text.npos);
  return text.erase(begin, end + 2 - begin);
}

}  // namespace

batch_maker::batch_maker(const batch_options& options, std::uint64_t stream)
    : options_(options), random_(options.seed, own_stream + stream), maker_(options.seed, stream) {
  SLUICE_ASSERT(options_.events >= 1);
  if (options_.how == shape::eventbridge) options_.events = 1;
}

std::optional<batch> batch_maker::next(std::size_t& fresh, const std::vector<std::string>& sources,
                                       std::chrono::milliseconds wall) {
  if (std::exchange(broken_due_, false)) return broken(sources, wall);
  batch made;
  made.body = opening(options_.how);
  const bool alone = options_.how == shape::eventbridge;
  do {
    ++number_;
    if (alone) add_due(made, fresh == 0);
    for (std::size_t i = 0; i < options_.events && fresh > 0 && !(alone && !made.events.empty());
         ++i, --fresh)
      add_fresh(made, sources, wall);
  } while (made.events.empty() && fresh > 0);
  if (!alone) add_due(made, fresh == 0 && made.events.empty());
  if (made.events.empty()) return std::nullopt;
  made.body += closing(options_.how);
  broken_due_ = random_.chance(options_.malformed);
  return made;
}

void batch_maker::add_fresh(batch& to, const std::vector<std::string>& sources,
                            std::chrono::milliseconds wall) {
  made_event event = maker_.make(sources, options_.how, wall);
  const std::uint64_t due = number_ + (options_.how == shape::envelope ? 1 : 2);
  const bool late = random_.chance(options_.reorder);
  if (!late) add(to, event, false);
  if (late) put_off_.push_back({event, false, due});
  if (random_.chance(options_.duplicates)) put_off_.push_back({std::move(event), true, due});
}

void batch_maker::add_due(batch& to, bool all) {
  const bool alone = options_.how == shape::eventbridge;
  std::vector<waiting> left;
  for (waiting& one : put_off_) {
    if ((all || one.due <= number_) && !(alone && !to.events.empty()))
      add(to, one.event, one.repeated);
    else
      left.push_back(std::move(one));
  }
  put_off_ = std::move(left);
}

void batch_maker::add(batch& to, const made_event& event, bool repeated) const {
  if (!to.events.empty()) to.body += ',';
  to.body += event.text;
  to.events.push_back({event.what, event.of, repeated});
}

batch batch_maker::broken(const std::vector<std::string>& sources, std::chrono::milliseconds wall) {
  event_maker other(random_.bits(), 0);  // so that the ordinary events stay what they would have been
  const std::string event = other.make(sources, options_.how, wall).text;
  batch made;
  made.malformed = true;
  made.body = opening(options_.how) + event + closing(options_.how);
  if (random_.chance(0.5))
    made.body.resize(made.body.size() / 2);
  else
    made.body = opening(options_.how) + without_id(event) + closing(options_.how);
  return made;
}

}  // namespace sluice::sandbox
