// Goal: whatever the API loses, refuses or does late, there is never more than one subscription of our name,
// and once it behaves there is exactly one, as it shall be. Method: random histories against the model, which
// takes a second one without a word; a failing seed is printed by rapidcheck.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "actors/subscription/keeper.hpp"
#include "tests/actors/subscription/world.hpp"

namespace sluice::subscription::testing {
namespace {

/// What becomes of a request: about half of them go well.
std::optional<fate> draw(std::mt19937_64& random, bool is_login) {
  switch (random() % 20) {
    case 0:
      return lost_answer();
    case 1:
      return lost();
    case 2:
      return not_sent();
    case 3:
      return answered(500);
    case 4:
      return answered(503, "", "2");
    case 5:
      return answered(429);
    case 6:
      return answered(is_login ? 400 : 401);
    case 7:
      return garbled("<html>");
    case 8:
      return answered(403);
    case 9:
      return is_login ? not_sent() : garbled("{}");
    case 10:
      return late();
    default:
      return std::nullopt;
  }
}

/// Somebody at the console.
void meddle(std::mt19937_64& random, model_cloud& cloud, const std::string& name) {
  resource* const ours = cloud.named(name);
  if (ours == nullptr) return;
  switch (random() % 12) {
    case 0:
      std::erase_if(cloud.subscriptions, [&](const resource& r) { return r.name == name; });
      return;
    case 1:
      ours->status = "inactive";
      return;
    case 2:
      ours->endpoint = "https://old.example/";
      return;
    case 3:
      ours->sources = {"other"};
      return;
    case 4:
      cloud.refuses_put = !cloud.refuses_put;
      return;
    default:
      return;
  }
}

struct history {
  world there;
  settings what = known_settings();
  std::optional<keeper> kept;
  std::string noted;
  step next;

  void start() {
    keeper_options options;
    options.what = what;
    options.noted_id = noted;
    options.note = [this](const std::string& id) { noted = id; };
    options.incident = [](const std::string&) {};
    options.random = there.random();
    kept.emplace(std::move(options));
    next = kept->start(there.at);
  }
  void check_once() {
    const auto before = kept->now().checks;
    while (kept->now().checks == before) next = there.perform(*kept, std::move(next));
  }
};

void run(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  history h;
  const std::string& name = h.what.wanted.name;
  std::size_t most = 0;
  h.there.cloud.changed = [&] { most = std::max(most, h.there.cloud.count(name)); };
  h.there.cloud.always([&](host at, const net::http::outgoing&) { return draw(random, at == host::login); });
  for (std::uint64_t i = random() % 40; i > 0; --i)
    h.there.cloud.add({"", "s" + std::to_string(i), "", {}, 1, "active", ""});
  h.start();
  for (int i = 0; i < 200; ++i) {
    if (random() % 40 == 0) {  // the node is restarted in the middle of whatever it does
      h.there.cloud.arrive();
      h.start();
    }
    h.there.random_next = static_cast<double>(random() % 100) / 100.0;
    const auto* const rest = std::get_if<wait_step>(&h.next);
    const bool at_rest = rest != nullptr;
    // What has not arrived by the next check never does: no protocol could tell it from what is lost.
    if (at_rest && rest->time >= keeper::failed_wait_min) h.there.cloud.arrive();
    h.next = h.there.perform(*h.kept, std::move(h.next));
    if (at_rest) meddle(random, h.there.cloud, name);
    RC_ASSERT(most <= 1);
  }
  h.there.cloud.always({});
  for (int i = 0; i < 3; ++i) h.check_once();
  RC_ASSERT(h.kept->now().now == standing::active);
  RC_ASSERT(h.there.cloud.count(name) == 1u);
  RC_ASSERT(differences(h.what.wanted, *h.there.cloud.named(name)).empty());
  RC_ASSERT(h.noted == h.there.cloud.named(name)->id);
  RC_ASSERT(h.kept->now().id == h.noted);
}

RC_GTEST_PROP(keeper, never_makes_two_and_ends_with_one, (std::uint64_t seed)) { run(seed); }

}  // namespace
}  // namespace sluice::subscription::testing
