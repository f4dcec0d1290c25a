#include "actors/subscription/keeper.hpp"

#include <algorithm>
#include <utility>

#include "actors/subscription/answer.hpp"
#include "actors/subscription/operations.hpp"
#include "actors/subscription/specification.hpp"

namespace sluice::subscription {
namespace {

using std::chrono::nanoseconds;

constexpr int not_found = 404, not_allowed = 405, conflict = 409;

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(out.empty() ? "" : "; ").append(text);
  return out;
}

std::string seconds_of(nanoseconds time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string warning(const std::vector<resource>& named) {
  std::string text = std::to_string(named.size()) + " subscriptions are named " + named.front().name + ": " +
                     named.front().id + " is used; delete what is not needed of";
  for (const resource& other : named)
    if (&other != &named.front()) text += " " + other.id;
  return text;
}

deliver::retry_options backoff(const settings& what) {
  const nanoseconds longest = std::max<nanoseconds>(what.check_interval, std::chrono::milliseconds(1));
  return {std::min<nanoseconds>(2 * keeper::failed_wait_min, longest), longest, longest};
}

}  // namespace

keeper::keeper(keeper_options options)
    : options_(std::move(options)),
      outside_(options_.random),
      tokens_(tokens_for(options_.what.credentials)),
      api_(outside_, tokens_, options_.what.hosts),
      retries_(backoff(options_.what)),
      process_(outside_, run()) {
  if (is_id(options_.noted_id)) status_.id = options_.noted_id;
}

status keeper::now() const {
  status shown = status_;
  shown.token_requests = tokens_.requests();
  return shown;
}

task<done_step> keeper::run() {
  for (;;) {
    called<done_step> checked = co_await check();
    const nanoseconds wait = finish(checked);
    co_await outside_.wait(wait);
  }
}

task<called<done_step>> keeper::check() {
  called<resource> found = co_await take_up_or_make();
  if (!found) co_return tl::unexpected(found.error());
  std::vector<std::string> wrong = differences(options_.what.wanted, *found);
  if (wrong.empty()) {
    made_again_inactive_ = false;
    co_return done_step{};
  }
  std::string because = joined(wrong);
  status_.now = standing::repairing;
  announce("subscription " + found->id + " is put right: " + because);
  called<resource> mended = co_await mend(*std::move(found), std::move(because));
  if (!mended) co_return tl::unexpected(mended.error());
  wrong = differences(options_.what.wanted, *mended);
  if (wrong.empty()) co_return done_step{};
  co_return call_fails(errc::refused,
                       "subscription " + mended->id + " is still not as it shall be: " + joined(wrong));
}

// By its id; by its name when the id is gone or none is known, and as long as there may be others of its
// name.
task<called<std::optional<resource>>> keeper::look() {
  std::optional<resource> known;
  if (!status_.id.empty()) {
    called<resource> found = co_await get(api_, status_.id);
    if (!found && found.error().status != not_found) co_return tl::unexpected(found.error());
    if (found) {
      known = *std::move(found);
      if (!others_possible_) co_return known;
    } else {
      gap_ = gap{status_.id, "was gone", last_active_};
      announce("subscription " + status_.id + " is gone");
      forget();
    }
  }
  called<std::vector<resource>> named = co_await find(api_, options_.what.wanted.name);
  if (!named) co_return tl::unexpected(named.error());
  others_possible_ = named->size() > 1;
  doubles_ = others_possible_ ? warning(*named) : std::string();
  if (known && !others_possible_) co_return known;
  if (!named->empty()) known = std::move(named->front());
  co_return known;
}

task<called<resource>> keeper::take_up_or_make() {
  called<std::optional<resource>> found = co_await look();
  if (!found) co_return tl::unexpected(found.error());
  if (found->has_value()) {
    take((*found)->id);
    co_return **std::move(found);
  }
  forget();
  status_.now = standing::repairing;
  others_possible_ = true;  // one of an earlier run may arrive late
  called<resource> made = co_await create(api_, options_.what.wanted);
  if (made) take(made->id);
  co_return made;
}

task<called<resource>> keeper::mend(resource found, std::string because) {
  called<resource> put = co_await replace(api_, found.id, options_.what.wanted);
  if (put) {
    if (differences(options_.what.wanted, *put).empty()) ++status_.repairs;
    const bool stays_inactive = !put->status.empty() && !put->active();
    if (!stays_inactive || std::exchange(made_again_inactive_, true)) co_return put;
    co_return co_await make_again(*std::move(put), "was deleted because an update leaves it inactive");
  }
  const int status = put.error().status;
  if (status == not_found || status == not_allowed)
    co_return co_await make_again(std::move(found), "was deleted because an update is refused: " + because);
  if (status == conflict) {
    // Where ours has another name and another one has ours, the next check takes that one up.
    called<std::vector<resource>> named = co_await find(api_, options_.what.wanted.name);
    if (named && !named->empty() && named->front().id != found.id) forget();
  }
  co_return put;
}

task<called<resource>> keeper::make_again(resource old, std::string because) {
  const instant since = outside_.now();
  called<done_step> removed = co_await remove(api_, old.id);
  if (!removed) co_return tl::unexpected(removed.error());
  gap_ = gap{old.id, std::move(because), since};
  forget();
  called<resource> made = co_await take_up_or_make();
  co_return made;
}

void keeper::take(const std::string& id) {
  if (status_.id != id) {
    status_.id = id;
    options_.note(id);
  }
  if (!gap_) return;
  ++status_.repairs;
  announce("subscription " + gap_->id + " " + gap_->because + "; " + id +
           " is there instead, no events came " +
           (gap_->since ? "for " + seconds_of(outside_.now() - *gap_->since) : "for an unknown time"));
  gap_.reset();
}

void keeper::forget() {
  if (status_.id.empty()) return;
  status_.id.clear();
  options_.note({});
}

void keeper::announce(const std::string& line, std::string about) {
  if (announced_ == about) return;
  announced_ = std::move(about);
  options_.incident(line);
}

nanoseconds keeper::finish(const called<done_step>& checked) {
  const nanoseconds interval = options_.what.check_interval;
  ++status_.checks;
  status_.last_check_ms = outside_.wall_ms();
  if (checked) {
    status_.now = standing::active;
    status_.last_error.clear();
    last_active_ = outside_.now();
    retries_.succeeded();
    announce(doubles_);
    return interval;
  }
  const call_failure& failure = checked.error();
  ++status_.failed_checks;
  status_.now = standing::failing;
  status_.last_error = to_string(failure.why);
  // Its text names a new correlation id every time.
  announce(status_.last_error, std::string(to_string(failure.why.code)) + std::to_string(failure.status));
  const nanoseconds wait = retries_.failed(outside_.random());
  return std::clamp<nanoseconds>(wait, std::min<nanoseconds>(failed_wait_min, interval), interval);
}

}  // namespace sluice::subscription
