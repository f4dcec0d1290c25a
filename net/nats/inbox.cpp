#include "net/nats/inbox.hpp"

#include <map>
#include <utility>

namespace sluice::net::nats {
namespace {

/// The living inboxes by what their callbacks were given. Never destroyed: a callback may come at any time.
struct registry {
  std::mutex guard;
  std::uintptr_t next = 1;
  std::map<std::uintptr_t, std::weak_ptr<inbox>> all;
};

registry& living() {
  static auto* const all = new registry;
  return *all;
}

}  // namespace

inbox::inbox() {
  const std::lock_guard held(living().guard);
  id_ = living().next++;
}

inbox::~inbox() {
  const std::lock_guard held(living().guard);
  living().all.erase(id_);
}

std::shared_ptr<inbox> inbox::make() {
  auto made = std::make_shared<inbox>();
  const std::lock_guard held(living().guard);
  living().all.emplace(made->id_, made);
  return made;
}

void* inbox::handle() const noexcept { return reinterpret_cast<void*>(id_); }

std::shared_ptr<inbox> inbox::find(void* handle) {
  const std::lock_guard held(living().guard);
  const auto found = living().all.find(reinterpret_cast<std::uintptr_t>(handle));
  return found == living().all.end() ? nullptr : found->second.lock();
}

std::uint64_t inbox::begin(std::size_t count) {
  const std::lock_guard held(guard_);
  first_ += slots_.size();
  slots_.assign(count, {});
  open_ = count;
  complaint_.clear();
  return first_;
}

void inbox::expect_no_answer(std::uint64_t number) {
  const std::lock_guard held(guard_);
  slots_[number - first_].expected = false;
  --open_;
}

void inbox::answered(std::uint64_t number, answer what) {
  const std::lock_guard held(guard_);
  if (number < first_ || number - first_ >= slots_.size()) return;
  slot& its = slots_[number - first_];
  if (!its.expected) return;
  its.expected = false;
  its.what = std::move(what);
  if (--open_ == 0) changed_.notify_all();
}

void inbox::complain(std::string_view what) {
  const std::lock_guard held(guard_);
  complaint_.assign(what);
}

void inbox::lost() {
  const std::lock_guard held(guard_);
  lost_ = true;
  changed_.notify_all();
}

void inbox::stop() {
  const std::lock_guard held(guard_);
  stopped_ = true;
  changed_.notify_all();
}

inbox::ending inbox::wait(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock held(guard_);
  changed_.wait_until(held, deadline, [&] { return open_ == 0 || lost_ || stopped_; });
  if (open_ == 0) return ending::complete;
  if (stopped_) return ending::stopped;
  return lost_ ? ending::lost : ending::timed_out;
}

std::vector<std::optional<answer>> inbox::take() {
  const std::lock_guard held(guard_);
  std::vector<std::optional<answer>> all;
  all.reserve(slots_.size());
  for (slot& its : slots_) {
    all.push_back(std::move(its.what));
    its.expected = false;
  }
  return all;
}

bool inbox::is_lost() const {
  const std::lock_guard held(guard_);
  return lost_;
}

std::string inbox::complaint() const {
  const std::lock_guard held(guard_);
  return complaint_;
}

}  // namespace sluice::net::nats
