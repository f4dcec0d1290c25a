// Goal: what `auto` means is what the reference says, and what is said wins. Method: a table.
#include "actors/node/config/scale.hpp"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(config_scale, auto_follows_the_processors_and_what_is_said_wins) {
  struct row {
    const char* name;
    scale_options said;
    std::uint32_t processors;
    scale expected;
  };
  const row table[] = {
      {"one processor", {}, 1, {1, 1, 1, 1}},
      {"two", {}, 2, {1, 1, 1, 1}},
      {"three", {}, 3, {2, 2, 2, 1}},
      {"sixteen", {}, 16, {8, 8, 8, 4}},
      {"all said", {.io_threads = 3, .actor_threads = 5, .decoders = 7, .routers = 9}, 2, {3, 5, 7, 9}},
      {"actors follow their threads",
       {.io_threads = {}, .actor_threads = 4, .decoders = {}, .routers = {}},
       2,
       {1, 4, 4, 2}},
  };
  for (const row& r : table) EXPECT_EQ(resolve(r.said, r.processors), r.expected) << r.name;
}

TEST(config_scale, counts_at_least_one_processor) { EXPECT_GE(usable_processors(), 1u); }

}  // namespace
}  // namespace sluice::config
