// One thread a sender; everything they share is behind a lock.
#include "tests/support/load.hpp"

#include <algorithm>
#include <optional>

#include "tests/support/json_scan.hpp"

namespace sluice::testing {
namespace {

constexpr std::size_t complaints_max = 20, remembered_max = 64;

std::size_t number(std::string_view receipt, std::string_view key) {
  const auto value = json::find(receipt, key);
  return value ? std::stoul(std::string(*value)) : 0;
}

}  // namespace

class load::sender {
 public:
  sender(load& owner, unsigned index)
      : owner_(owner),
        maker_(owner.options_.seed, index, owner.options_.text_bytes),
        random_(owner.options_.seed * 7919 + index),
        thread_([this] { run(); }) {}
  ~sender() {
    if (thread_.joinable()) thread_.join();
  }

  void add_to(load_report& all) {
    thread_.join();
    for (const auto& [status, count] : report_.answers) all.answers[status] += count;
    all.connections_lost += report_.connections_lost;
    all.unanswered += report_.unanswered;
    for (auto& each : report_.complaints) {
      if (all.complaints.size() < complaints_max) all.complaints.push_back(std::move(each));
    }
  }

 private:
  void run() {
    while (!owner_.ending_) {
      std::shared_ptr<const made_batch> what;
      if (chance(owner_.options_.repeat_share)) what = owner_.earlier(random_);
      if (what == nullptr) {
        what = make();
        owner_.remember(what);
      }
      send_until_acknowledged(*what);
      std::this_thread::sleep_for(owner_.options_.pause);
    }
  }

  bool chance(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }

  std::shared_ptr<const made_batch> make() {
    std::uniform_int_distribution<std::size_t> size(owner_.options_.events_min, owner_.options_.events_max);
    auto made = std::make_shared<made_batch>(maker_.next(size(random_)));
    if (chance(owner_.options_.echo_share)) {
      made->events.push_back(made->events[random_() % made->events.size()]);
      made->body = envelope(made->events);
    }
    return made;
  }

  void send_until_acknowledged(const made_batch& what) {
    bool all_known = true;
    for (const made_event& e : what.events) all_known = all_known && owner_.book_.is_acknowledged(e.id);
    while (!owner_.give_up_) {
      if (attempt(what, all_known)) return;
      std::this_thread::sleep_for(owner_.options_.back_off);
    }
    ++report_.unanswered;
  }

  /// Whether the batch is acknowledged now.
  bool attempt(const made_batch& what, bool all_known) {
    for (const made_event& e : what.events) owner_.book_.offered(e.id, e.destination, what.name);
    try {
      if (!peer_) peer_.emplace(owner_.options_.port, owner_.options_.answer_in);
      const http_answer answer = peer_->post(what.body);
      if (same_name(answer.field("connection"), "close")) peer_.reset();
      return judge(what, answer, all_known);
    } catch (const std::runtime_error&) {
      peer_.reset();
      ++report_.connections_lost;
      return false;
    }
  }

  bool judge(const made_batch& what, const http_answer& answer, bool all_known) {
    ++report_.answers[answer.status];
    if (answer.status == 429 || answer.status == 503) {
      if (answer.retry_after() <= 0) {
        complain(what, answer, "no positive Retry-After");
      }
      return false;
    }
    if (answer.status != 200) {
      if (answer.status / 100 != 5) complain(what, answer, "the batch is a good one");
      return false;
    }
    const std::size_t accepted = number(answer.body, "accepted");
    if (accepted + number(answer.body, "duplicates") != what.events.size()) {
      complain(what, answer, "accepted + duplicates is not " + std::to_string(what.events.size()));
    }
    if (all_known && accepted != 0) complain(what, answer, "every event was acknowledged before");
    for (const made_event& e : what.events) owner_.book_.acknowledged(e.id);
    return true;
  }

  void complain(const made_batch& what, const http_answer& answer, std::string_view why) {
    if (report_.complaints.size() >= complaints_max) return;
    report_.complaints.push_back(what.name + ": " + std::to_string(answer.status) + " " + answer.body + ": " +
                                 std::string(why));
  }

  load& owner_;
  batch_maker maker_;
  std::mt19937_64 random_;
  std::optional<http_peer> peer_;
  load_report report_;  // read by others only after the join
  std::thread thread_;
};

load::load(load_options options, ledger& book) : options_(options), book_(book) {
  for (unsigned i = 0; i < options_.senders; ++i) senders_.push_back(std::make_unique<sender>(*this, i));
}

load::~load() { ending_ = give_up_ = true; }

load_report load::finish(milliseconds patience) {
  ending_ = true;
  const auto deadline = steady::now() + patience;
  std::thread watch([&] {
    std::unique_lock lock(watch_guard_);
    watched_.wait_until(lock, deadline, [&] { return all_joined_; });
    give_up_ = true;
  });
  load_report all;
  for (const auto& each : senders_) each->add_to(all);
  {
    const std::lock_guard lock(watch_guard_);
    all_joined_ = true;
  }
  watched_.notify_all();
  watch.join();
  senders_.clear();
  return all;
}

std::shared_ptr<const made_batch> load::earlier(std::mt19937_64& random) {
  const std::lock_guard lock(guard_);
  return sent_.empty() ? nullptr : sent_[random() % sent_.size()];
}

void load::remember(std::shared_ptr<const made_batch> sent) {
  const std::lock_guard lock(guard_);
  sent_.push_back(std::move(sent));
  if (sent_.size() > remembered_max) sent_.pop_front();
}

}  // namespace sluice::testing
