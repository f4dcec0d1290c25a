#include "actors/sandbox/feed_report.hpp"

#include <utility>

namespace sluice::sandbox {

json to_json(const feed_report& r) {
  const sent_counts& c = r.counts;
  json answers = json::object();
  for (const auto& [status, times] : c.answers)
    answers[status == 0 ? "none" : std::to_string(status)] = times;
  return {{"subscription", r.subscription},
          {"name", r.name},
          {"endpoint", r.endpoint},
          {"deleted", r.deleted},
          {"offered", c.offered},
          {"acknowledged", c.acknowledged},
          {"lost", c.lost},
          {"abandoned", c.abandoned},
          {"on_their_way", c.offered - c.acknowledged - c.lost - c.abandoned},
          {"duplicates", c.duplicates},
          {"forgone", c.forgone},
          {"requests", c.requests},
          {"retries", c.retries},
          {"malformed", c.malformed},
          {"malformed_refused", c.malformed_refused},
          {"answers", std::move(answers)},
          {"requests_in_flight", r.in_flight},
          {"batches_waiting", r.waiting}};
}

}  // namespace sluice::sandbox
