// Keeps one subscription there, active and pointing here, and never makes a second one of its name. Says what
// to send and how long to wait; whoever drives it does both.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/deliver/retry_schedule.hpp"
#include "actors/subscription/api.hpp"
#include "actors/subscription/board.hpp"
#include "actors/subscription/outside.hpp"
#include "actors/subscription/resource.hpp"
#include "actors/subscription/settings.hpp"
#include "net/oauth2/token_cache.hpp"

namespace sluice::subscription {

struct keeper_options {
  settings what;
  std::string noted_id;                              ///< of an earlier run, or empty
  std::function<void(std::string id)> note;          ///< the id changed; empty: there is none any more
  std::function<void(const std::string&)> incident;  ///< one line an incident; empty: it is over
  std::function<double()> random;                    ///< [0, 1)
};

/// Not thread-safe. It has no end: every step is a send or a wait.
class keeper {
 public:
  /// After a check that failed the next comes no sooner, unless checks do anyway.
  static constexpr std::chrono::seconds failed_wait_min{5};

  explicit keeper(keeper_options options);
  keeper(const keeper&) = delete;
  keeper& operator=(const keeper&) = delete;

  step start(moment at) { return process_.start(at); }
  step answered(net::http::attempt how, moment at) { return process_.answered(std::move(how), at); }
  step woken(moment at) { return process_.woken(at); }

  /// How it stands, after every step.
  status now() const;

 private:
  template <class T>
  using outcome = task<called<T>>;

  task<done_step> run();
  task<called<done_step>> check();
  task<called<std::optional<resource>>> look();
  task<called<resource>> take_up_or_make();
  task<called<resource>> mend(resource found, std::string because);
  task<called<resource>> make_again(resource old, std::string because);
  void take(const std::string& id);
  void forget();
  void announce(const std::string& line, std::string about);
  void announce(const std::string& line) { announce(line, line); }
  std::chrono::nanoseconds finish(const called<done_step>& checked);

  /// Nothing of ours is there.
  struct gap {
    std::string id;  ///< what was there before
    std::string because;
    std::optional<instant> since;  ///< at the earliest; unknown when it was gone at the start
  };

  keeper_options options_;
  outside outside_;
  net::oauth2::token_cache tokens_;
  api api_;
  status status_;
  std::optional<gap> gap_;
  std::optional<instant> last_active_;
  std::string doubles_;               // the warning about others of our name, while there are any
  bool others_possible_ = false;      // the next check looks for them
  std::string announced_;             // what the last incident was about, empty when it was over
  bool made_again_inactive_ = false;  // since a check last found it well
  deliver::retry_schedule retries_;
  process<done_step> process_;
};

}  // namespace sluice::subscription
