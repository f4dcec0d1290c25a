// The bytes on the disk stay what they are: a small group is built as format.md shows it and held against the
// file that an earlier build wrote. A difference is a new format version, never a new golden file.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "actors/checkpoint/group.hpp"
#include "actors/checkpoint/log_state.hpp"
#include "tests/support/sample_batch.hpp"

namespace sluice::checkpoint {
namespace {

std::string golden(const std::string& name) {
  std::ifstream from(std::string(SLUICE_GOLDEN_DIRECTORY) + "/" + name, std::ios::binary);
  EXPECT_TRUE(from) << name;
  return {std::istreambuf_iterator<char>(from), std::istreambuf_iterator<char>()};
}

/// The two as hexdumps, so that a difference is readable.
std::string hexdump(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto b = static_cast<unsigned char>(bytes[i]);
    text += {digits[b >> 4], digits[b & 15], i % 16 == 15 ? '\n' : ' '};
  }
  return text;
}

/// The group of format.md: one batch of a routed and a dropped event and a duplicate, one outcome, one offer.
group_builder documented_group() {
  group_builder group(aligned_buffer(4096));
  const auto b = test::make_batch({{.id = "a1", .source = "s", .region = "eu", .targets = {{1, 0}}},
                                   {.id = "b2", .source = "s"},
                                   {.id = "a1", .source = "s", .targets = {{1, 0}}}});
  const std::uint8_t is_new[] = {1, 1, 0};
  EXPECT_TRUE(group.append_batch(*b, is_new, true));
  outcome_head outcome;
  outcome.destination = 1;
  outcome.how = settlement::dead_lettered;
  outcome.first = 5;
  outcome.last = 9;
  outcome.events = 1;
  outcome.attempts = 1;
  outcome.offer = 3;
  outcome.wall_ms = 1'700'000'000'500;
  const named_event names[] = {{9, "z9", "s", ""}};
  EXPECT_TRUE(group.append_outcome(outcome, "gone", names));
  EXPECT_TRUE(group.append_offer({1, 0, 1, 4, 10, 10}));
  group.close({group_type::data, 0x1122334455667788, 8, 11, 7, 60'000, 1'700'000'001'000, 0});
  return group;
}

TEST(Format, AGroupIsTheSameBytes) {
  const group_builder group = documented_group();
  const std::string_view bytes(reinterpret_cast<const char*>(group.data()), group.disk_bytes());
  const std::string expected = golden("group_v1.bin");
  EXPECT_EQ(hexdump(bytes), hexdump(expected));
}

TEST(Format, ReadsAnEarlierBuildsGroup) {
  const std::string bytes = golden("group_v1.bin");
  ASSERT_EQ(bytes.size(), block_bytes);
  aligned_buffer buffer(bytes.size());
  std::memcpy(buffer.data(), bytes.data(), bytes.size());
  const auto& header = *reinterpret_cast<const group_header*>(buffer.data());
  ASSERT_TRUE(header_valid(header, 0x1122334455667788));
  const std::span<const std::byte> content{buffer.data() + sizeof(group_header), header.content_bytes};
  ASSERT_TRUE(content_valid(header, content));
  struct : record_visitor {
    void on_batch(const batch_view& b) override {
      for (const event_entry& e : b.entries)
        seen += std::string(b.id(e)) + "/" + std::string(b.region(e)) + " ";
    }
    void on_outcome(const outcome_view& o) override { seen += std::string(o.reason) + " "; }
    void on_offer(const offer_head& o) override { seen += std::to_string(o.offer); }
    std::string seen;
  } visitor;
  ASSERT_TRUE(visit_records(header, content, visitor));
  EXPECT_EQ(visitor.seen, "a1/eu b2/ gone 4");
}

TEST(Format, AStateRecordIsTheSameBytes) {
  log_state state;
  group_builder group(aligned_buffer(4096));
  EXPECT_TRUE(group.append_control({control_kind::destination_added, 1, 0, 0, 0}, "warehouse"));
  const auto b =
      test::make_batch({{.id = "a1", .source = "s", .targets = {{1, 1}}}, {.id = "b2", .source = "s"}});
  const std::uint8_t is_new[] = {1, 1};
  EXPECT_TRUE(group.append_batch(*b, is_new, true));
  group.close({group_type::data, 1, 1, 1, 0, 10, 0, 0});
  const auto applied =
      state.apply(group.header(), {group.data() + sizeof(group_header), group.header().content_bytes});
  ASSERT_TRUE(applied) << to_string(applied.error());
  group_builder next(aligned_buffer(4096));
  EXPECT_TRUE(next.append_offer({1, 1, 1, 1, 1, 1}));
  next.close({group_type::data, 1, 2, 3, 1, 20, 0, 0});
  ASSERT_TRUE(state.apply(next.header(), {next.data() + sizeof(group_header), next.header().content_bytes}));
  const auto bytes = state.serialize();
  const std::string expected = golden("state_v1.bin");
  EXPECT_EQ(hexdump({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), hexdump(expected));
  const auto parsed = log_state::parse(std::as_bytes(std::span(expected)));
  ASSERT_TRUE(parsed) << to_string(parsed.error());
  EXPECT_EQ(*parsed, state);
}

TEST(Format, APauseIsTheSameBytesInARecordAndInTheState) {
  log_state state;
  group_builder group(aligned_buffer(4096));
  EXPECT_TRUE(group.append_control({control_kind::destination_added, 1, 0, 0, 0}, "warehouse"));
  EXPECT_TRUE(group.append_control({control_kind::destination_paused, 1, 0, 0, 0}, "10.1.2.3 (token 1)"));
  EXPECT_TRUE(group.append_control({control_kind::destination_resumed, 1, 0, 0, 0}, "10.1.2.3"));
  EXPECT_TRUE(group.append_control({control_kind::destination_paused, 1, 0, 0, 0}, "127.0.0.1"));
  group.close({group_type::data, 1, 1, 1, 0, 10, 0, 0});
  const std::string bytes(reinterpret_cast<const char*>(group.data()), group.disk_bytes());
  EXPECT_EQ(hexdump(bytes), hexdump(golden("pause_v1.bin")));
  const auto applied =
      state.apply(group.header(), {group.data() + sizeof(group_header), group.header().content_bytes});
  ASSERT_TRUE(applied) << to_string(applied.error());
  const auto kept = state.serialize();
  EXPECT_EQ(hexdump({reinterpret_cast<const char*>(kept.data()), kept.size()}),
            hexdump(golden("state_paused_v1.bin")));
}

TEST(Format, ADiscardIsTheSameBytesInARecordAndInTheState) {
  log_state state;
  group_builder first(aligned_buffer(4096));
  EXPECT_TRUE(first.append_control({control_kind::destination_added, 1, 0, 0, 0}, "warehouse"));
  const auto b = test::make_batch({{.id = "a1", .source = "s", .targets = {{1, 0}}}});
  const std::uint8_t is_new[] = {1};
  EXPECT_TRUE(first.append_batch(*b, is_new, true));
  first.close({group_type::data, 1, 1, 1, 0, 10, 0, 0});
  ASSERT_TRUE(
      state.apply(first.header(), {first.data() + sizeof(group_header), first.header().content_bytes}));
  group_builder group(aligned_buffer(4096));
  EXPECT_TRUE(group.append_control({control_kind::destination_discarded, 1, 0, 1, 0}, "127.0.0.1"));
  group.close({group_type::data, 1, 2, 2, 1, 20, 0, 0});
  const std::string bytes(reinterpret_cast<const char*>(group.data()), group.disk_bytes());
  EXPECT_EQ(hexdump(bytes), hexdump(golden("discard_v1.bin")));
  const auto applied =
      state.apply(group.header(), {group.data() + sizeof(group_header), group.header().content_bytes});
  ASSERT_TRUE(applied) << to_string(applied.error());
  const auto kept = state.serialize();
  EXPECT_EQ(hexdump({reinterpret_cast<const char*>(kept.data()), kept.size()}),
            hexdump(golden("state_discarding_v1.bin")));
}

}  // namespace
}  // namespace sluice::checkpoint
