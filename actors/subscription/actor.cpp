// Carries out what the keeper says: one request or one wait under way at a time, so that no answer and no
// tick can be late.
#include "actors/subscription/actor.hpp"

#include <caf/all.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "actors/attempt_result.hpp"
#include "actors/subscription/keeper.hpp"
#include "messages/assert.hpp"

namespace sluice::subscription {
namespace {

class stage : public subscription_actor::base {
 public:
  stage(caf::actor_config& config, actor_options options)
      : subscription_actor::base(config), options_(std::move(options)), before_(options_.board->get()) {
    keeper_.emplace(
        keeper_options{options_.what, options_.noted_id, options_.note, options_.incident, options_.random});
  }
  const char* name() const override { return "subscription"; }

  behavior_type make_behavior() override {
    go(keeper_->start(moment_now()));
    return {
        [this](reply_a, const attempt_result_ptr& result) {
          // A sender that calls back twice must not answer the next request.
          if (result->number != awaited_) return;
          awaited_ = 0;
          go(keeper_->answered(std::move(result->what), moment_now()));
        },
        [this](tick_a) { go(keeper_->woken(moment_now())); },
    };
  }

  // A request that hangs holds a handle of this actor, and this actor what sends it.
  void on_exit() override {
    keeper_.reset();
    options_ = {};
  }

 private:
  moment moment_now() const { return {clock().now().time_since_epoch(), options_.wall_ms()}; }

  // Counts go on from those of a predecessor that died.
  status shown() const {
    status now = keeper_->now();
    now.checks += before_.checks;
    now.failed_checks += before_.failed_checks;
    now.repairs += before_.repairs;
    now.token_requests += before_.token_requests;
    if (now.last_check_ms == 0) now.last_check_ms = before_.last_check_ms;
    return now;
  }

  void go(step next) {
    options_.board->set(shown());
    if (auto* const send = std::get_if<send_step>(&next)) {
      awaited_ = ++sent_;
      const auto& to = send->to == host::login ? options_.login : options_.api;
      to(std::move(send->what),
         [me = caf::actor_cast<subscription_actor>(this), number = awaited_](net::http::attempt ended) {
           caf::anon_send(me, reply_a{},
                          std::make_shared<attempt_result>(attempt_result{std::move(ended), number}));
         });
      return;
    }
    const auto* const wait = std::get_if<wait_step>(&next);
    SLUICE_ASSERT(wait != nullptr);
    delayed_send(this, wait->time, tick_a{});
  }

  actor_options options_;
  const status before_;
  std::optional<keeper> keeper_;
  std::uint64_t sent_ = 0, awaited_ = 0;  // requests; 0: none
};

}  // namespace

subscription_actor spawn_subscription(caf::actor_system& system, actor_options options) {
  return system.spawn<stage>(std::move(options));
}

}  // namespace sluice::subscription
