// What tests of actors share: a system whose scheduler and clock the test drives, and requests that note
// every answer they get.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/batch.hpp"

namespace sluice::testing {

/// Nothing runs but in `run`; time passes but in `advance`.
class actor_fixture {
 public:
  actor_fixture()
      : system(configured()),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {}

  /// Handles messages until none is left.
  void run() { scheduler.run(); }
  /// Handles at most `turns` turns of actors.
  void run_some(std::size_t turns) {
    while (turns-- > 0 && scheduler.try_run_once()) {
    }
  }
  template <class Duration>
  void advance(Duration by) {
    scheduler.advance_time(by);
    run();
  }
  template <class Handle>
  void kill(const Handle& who) {
    caf::anon_send_exit(who, caf::exit_reason::kill);
  }

 private:
  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };
  config& configured() {
    config_ = std::make_unique<config>();
    return *config_;
  }
  std::unique_ptr<config> config_;

 public:
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
};

/// What requests were answered, each with every answer it got. Outlives the requests.
class answer_book {
 public:
  using answer = result<receipt>;

  /// A request with this body; its number is how many came before it.
  std::unique_ptr<batch> request(std::string_view body) {
    given_.emplace_back();
    return std::make_unique<batch>(std::make_unique<noted>(*this, given_.size() - 1, body));
  }

  std::size_t requests() const noexcept { return given_.size(); }
  const std::vector<answer>& of(std::size_t request) const { return given_.at(request); }
  bool answered(std::size_t request) const { return !of(request).empty(); }
  /// The one answer as text: `ok`, the name of the error, `none`, or `twice`.
  std::string verdict(std::size_t request) const {
    const auto& all = of(request);
    if (all.empty()) return "none";
    if (all.size() > 1) return "twice";
    return all[0] ? "ok" : std::string(to_string(all[0].error().code));
  }
  std::size_t count(std::string_view wanted) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < requests(); ++i) n += verdict(i) == wanted;
    return n;
  }

 private:
  class noted final : public inbound {
   public:
    noted(answer_book& in, std::size_t number, std::string_view body)
        : in_(in),
          number_(number),
          size_(body.size()),
          bytes_(std::make_unique<char[]>(size_ + body_padding)) {
      if (size_ > 0) std::memcpy(bytes_.get(), body.data(), size_);
    }
    std::string_view body() const noexcept override { return {bytes_.get(), size_}; }
    void answer(const result<receipt>& said) noexcept override { in_.given_[number_].push_back(said); }

   private:
    answer_book& in_;
    const std::size_t number_, size_;
    std::unique_ptr<char[]> bytes_;
  };
  std::vector<std::vector<answer>> given_;
};

}  // namespace sluice::testing
