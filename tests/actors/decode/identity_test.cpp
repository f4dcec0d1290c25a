// Goal: identities tell events apart, depend on the key, and never change: they are stored in the log.
#include "actors/decode/identity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

#include "tests/actors/decode/decode_fixture.hpp"

namespace sluice::decode {
namespace {

TEST(identity, keeps_source_and_id_apart) {
  const identity_key key = test_key();
  EXPECT_NE(key.event_identity("a", "bc"), key.event_identity("ab", "c"));
  EXPECT_NE(key.event_identity("", "abc"), key.event_identity("abc", ""));
  EXPECT_NE(key.event_identity("a", "b"), key.event_identity("b", "a"));
  EXPECT_EQ(key.event_identity("a", "bc"), key.event_identity("a", "bc"));
}

TEST(identity, depends_on_the_key) {
  const identity_key one = test_key(1), other = test_key(2);
  EXPECT_NE(one.event_identity("source", "id"), other.event_identity("source", "id"));
  EXPECT_NE(one.bytes_identity("{}"), other.bytes_identity("{}"));
  EXPECT_NE(one.id_hash("id"), other.id_hash("id"));
  const std::string longest(300, 'x');
  EXPECT_NE(one.bytes_identity(longest), other.bytes_identity(longest));
}

TEST(identity, of_bytes_is_not_that_of_an_event_with_these_bytes) {
  const identity_key key = test_key();
  const std::string joined(
      "\x01\x00\x00\x00"
      "ab",
      6);  // what event_identity("a", "b") hashes
  EXPECT_NE(key.bytes_identity(joined), key.event_identity("a", "b"));
}

TEST(identity, takes_the_longest_texts) {
  const identity_key key = test_key();
  const std::string source(source_bytes_max, 's'), id(id_bytes_max, 'i');
  EXPECT_NE(key.event_identity(source, id), key.event_identity(source, id.substr(1)));
  EXPECT_NE(key.event_identity(source, id), key.event_identity(source.substr(1), id));
}

TEST(identity, never_changes) {
  // Stored in logs: a different value here is a format change.
  const identity_key key = test_key();
  EXPECT_EQ(key.event_identity("conversation:start", "7f4b987c-009b-4c9f-889a-7e94e29489ac"),
            (hash128{.low = 0xf1c30e48d3d5400c, .high = 0x69446938f2a8fee1}));
  EXPECT_EQ(key.bytes_identity("{\"id\":42}"),
            (hash128{.low = 0xe1e60602d1c89509, .high = 0xf738853499bf9732}));
  EXPECT_EQ(key.id_hash("7f4b987c-009b-4c9f-889a-7e94e29489ac"), 0x4c51a793597e0c53ull);
}

RC_GTEST_PROP(identity_law, equal_only_for_equal_pairs, (const std::string& a, const std::string& b)) {
  // Every cut of one text into two is an event of its own.
  const identity_key key = test_key();
  const std::string all = (a + b).substr(0, 200);
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    const hash128 hash = key.event_identity(all.substr(0, cut), all.substr(cut));
    RC_ASSERT(seen.emplace(hash.low, hash.high).second);
  }
}

}  // namespace
}  // namespace sluice::decode
