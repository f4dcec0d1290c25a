// What the builder writes is what a reader sees; what was changed since is noticed; bytes that lie about
// themselves are refused without being read past their end.
#include "actors/checkpoint/group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "actors/checkpoint/group_targets.hpp"
#include "tests/support/sample_batch.hpp"

namespace sluice::checkpoint {
namespace {

using test::make_batch;
using test::sample_event;

/// Copies everything that it is shown.
class recorder final : public record_visitor {
 public:
  struct seen_batch {
    batch_head head;
    position first;
    std::vector<event_entry> entries;
    std::vector<hash128> duplicates;
    std::string body;
    std::vector<std::string> ids, sources, regions, slices;
    target_sets targets;
  };
  void on_batch(const batch_view& view) override {
    seen_batch& b = batches.emplace_back();
    b.head = view.head;
    b.first = view.first;
    b.entries.assign(view.entries.begin(), view.entries.end());
    b.duplicates.assign(view.duplicates.begin(), view.duplicates.end());
    b.body = view.body;
    for (const event_entry& e : view.entries) {
      b.slices.emplace_back(view.slice(e));
      b.ids.emplace_back(view.id(e));
      b.sources.emplace_back(view.source(e));
      b.regions.emplace_back(view.region(e));
    }
    view.read_targets(b.targets);
  }
  void on_rewritten(const rewritten_view& view) override {
    on_batch(view.batch);
    kinds.push_back(view.head.kind);
    who.emplace_back(view.who);
    before.insert(before.end(), view.before.begin(), view.before.end());
  }
  void on_outcome(const outcome_view& view) override {
    outcomes.push_back(view.head);
    reasons.emplace_back(view.reason);
    view.for_each_name([this](const named_event& n) {
      names.push_back(std::to_string(n.at) + "|" + std::string(n.id) + "|" + std::string(n.source) + "|" +
                      std::string(n.region));
    });
  }
  void on_offer(const offer_head& offer) override { offers.push_back(offer); }
  void on_control(const control_view& view) override { controls.emplace_back(view.name); }
  void on_audited(const audited_head& head) override { audited.push_back(head); }
  void on_other(const raw_record& record) override {
    others.push_back(record.header);
    other_bytes.emplace_back(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
  }

  std::vector<seen_batch> batches;
  std::vector<outcome_head> outcomes;
  std::vector<std::string> reasons, names, controls, other_bytes;
  std::vector<offer_head> offers;
  std::vector<audited_head> audited;
  std::vector<record_header> others;
  std::vector<rewrite_kind> kinds;
  std::vector<std::string> who;
  std::vector<rewritten_event> before;
};

group_builder::closing closing_of(group_number number = 7, position first = 1000) {
  return {group_type::data, 0x1122334455667788, number, first, number - 1, 5000, 1'700'000'000'123, 0};
}

std::span<const std::byte> content_of(const group_builder& group) {
  return {group.data() + sizeof(group_header), group.header().content_bytes};
}

std::vector<std::uint8_t> all_new(const batch& b) {
  return std::vector<std::uint8_t>(b.events.entries.size(), 1);
}

std::vector<sample_event> sample_events() {
  sample_event routed{.id = "a-1", .region = "eu-west-1", .targets = {{1, 0}, {2, 3}}};
  sample_event dropped{
      .id = "b\\u00e9\\/2", .source = "aws.partner", .region = "us\\u002deast", .padding = 300};
  sample_event quarantined{.id = "", .source = "s", .why = quarantine::id_empty};
  sample_event other{.id = "c-3", .targets = {{2, 3}}};
  return {routed, dropped, quarantined, other};
}

/// A group with one record of every kind.
group_builder sample_group() {
  group_builder group(aligned_buffer(64 << 10));
  const auto b = make_batch(sample_events());
  const std::uint8_t is_new[] = {1, 1, 1, 0};
  EXPECT_TRUE(group.append_batch(*b, is_new, true));
  const named_event names[] = {{17, "id-1", "src", ""}, {19, "", "s\\n", "eu"}};
  outcome_head outcome;
  outcome.destination = 1;
  outcome.how = settlement::dead_lettered;
  outcome.first = 10;
  outcome.last = 20;
  outcome.events = 2;
  EXPECT_TRUE(group.append_outcome(outcome, "status 400", names));
  EXPECT_TRUE(group.append_offer({1, 0, 5, 1, 21, 30}));
  EXPECT_TRUE(group.append_control({control_kind::destination_added, 3, 0, 9, 0}, "warehouse"));
  EXPECT_TRUE(group.append_audited({6, 4096}));
  const std::string_view text = "twelve bytes";
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(text.substr(0, 7))),
                                               std::as_bytes(std::span(text.substr(7)))};
  EXPECT_TRUE(group.append_raw(static_cast<record_type>(0x8001), pieces));
  group.close(closing_of());
  return group;
}

TEST(Crc32c, IsCastagnoliAndChains) {
  const std::string_view check = "123456789";
  const auto bytes = std::as_bytes(std::span(check));
  EXPECT_EQ(crc32c(bytes), 0xE3069283u);
  EXPECT_EQ(crc32c({}), 0u);
  // RFC 3720, B.4: 32 bytes of zeros.
  const std::array<std::byte, 32> zeros{};
  EXPECT_EQ(crc32c(zeros), 0x8A9136AAu);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(crc32c(bytes.subspan(cut), crc32c(bytes.first(cut))), 0xE3069283u) << "cut at " << cut;
  }
}

TEST(Buffer, IsAlignedAndRoundedUp) {
  aligned_buffer buffer(5000);
  EXPECT_EQ(buffer.capacity(), 8192u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % block_bytes, 0u);
  const aligned_buffer moved = std::move(buffer);
  EXPECT_EQ(moved.capacity(), 8192u);
  EXPECT_EQ(buffer.capacity(), 0u);  // NOLINT: what is left behind is empty by contract
  EXPECT_EQ(buffer.data(), nullptr);
}

TEST(BufferPool, TakesTheSmallestClassAndKeepsWithinItsBound) {
  auto pool = std::make_shared<buffer_pool>(128u << 10);
  EXPECT_EQ(pool->take(1).capacity(), 64u << 10);
  EXPECT_EQ(pool->take((64u << 10) + 1).capacity(), 256u << 10);
  EXPECT_EQ(pool->take(group_bytes_max).capacity(), group_bytes_max);
  auto a = pool->take(1), b = pool->take(1), c = pool->take(1);
  const std::set<std::byte*> kept{a.data(), b.data()};
  pool->give_back(std::move(a));
  pool->give_back(std::move(b));
  pool->give_back(std::move(c));  // would pass the bound: freed
  auto d = pool->take(1), e = pool->take(1);
  EXPECT_TRUE(kept.contains(d.data()) && kept.contains(e.data()) && d.data() != e.data());
}

TEST(BufferPool, GetsTheMemoryOfACommittedGroupBack) {
  auto pool = std::make_shared<buffer_pool>(1u << 20);
  auto buffer = pool->take(1);
  const std::byte* const memory = buffer.data();
  auto group = std::make_shared<committed_group>();
  group->buffer = std::move(buffer);
  group->pool = pool;
  group.reset();
  EXPECT_EQ(pool->take(1).data(), memory);
  auto late = std::make_shared<committed_group>();
  late->buffer = pool->take(1);
  late->pool = pool;
  pool.reset();
  late.reset();  // the pool is gone: the memory goes its own way (the sanitizer would tell)
}

TEST(Group, ReadsAsItWasBuilt) {
  const auto events = sample_events();
  const auto b = make_batch(events);
  const group_builder group = sample_group();
  ASSERT_TRUE(header_valid(group.header(), 0x1122334455667788));
  ASSERT_TRUE(content_valid(group.header(), content_of(group)));
  EXPECT_EQ(group.disk_bytes() % block_bytes, 0u);
  EXPECT_EQ(std::memcmp(group.data(), &group.header(), sizeof(group_header)), 0);

  recorder seen;
  const auto read = visit_records(group.header(), content_of(group), seen);
  ASSERT_TRUE(read) << to_string(read.error());
  ASSERT_EQ(seen.batches.size(), 1u);
  const auto& got = seen.batches[0];
  EXPECT_EQ(got.first, 1000u);
  EXPECT_EQ(got.head.received_ms, b->received_ms);
  EXPECT_EQ(got.head.events, 3u);
  EXPECT_EQ(got.head.duplicates, 1u);
  EXPECT_EQ(got.head.dropped, 1u);
  EXPECT_EQ(got.head.quarantined, 1u);
  EXPECT_EQ(got.body, b->done.body());
  EXPECT_THAT(got.entries,
              testing::ElementsAre(b->events.entries[0], b->events.entries[1], b->events.entries[2]));
  EXPECT_THAT(got.duplicates, testing::ElementsAre(b->events.entries[3].identity));
  EXPECT_THAT(got.ids, testing::ElementsAre("a-1", "b\\u00e9\\/2", ""));
  EXPECT_THAT(got.sources, testing::ElementsAre("genesys", "aws.partner", "s"));
  EXPECT_THAT(got.regions, testing::ElementsAre("eu-west-1", "us\\u002deast", ""));
  ASSERT_EQ(got.targets.size(), 3u);
  EXPECT_THAT(got.targets[1], testing::ElementsAre(target{1, 0}, target{2, 3}));
  EXPECT_THAT(got.targets[2], testing::ElementsAre(target{2, 3}));

  ASSERT_EQ(seen.outcomes.size(), 1u);
  EXPECT_EQ(seen.outcomes[0].last, 20u);
  EXPECT_EQ(seen.outcomes[0].how, settlement::dead_lettered);
  EXPECT_THAT(seen.reasons, testing::ElementsAre("status 400"));
  EXPECT_THAT(seen.names, testing::ElementsAre("17|id-1|src|", "19||s\\n|eu"));
  ASSERT_EQ(seen.offers.size(), 1u);
  EXPECT_EQ(seen.offers[0].last, 30u);
  EXPECT_THAT(seen.controls, testing::ElementsAre("warehouse"));
  ASSERT_EQ(seen.audited.size(), 1u);
  EXPECT_EQ(seen.audited[0].file_length, 4096u);
  EXPECT_THAT(seen.other_bytes, testing::ElementsAre("twelve bytes"));
}

TEST(Group, NumbersTheEventsOfItsBatchesOn) {
  group_builder group(aligned_buffer(64 << 10));
  for (int i = 0; i < 3; ++i) {
    const auto b = make_batch(sample_events());
    ASSERT_TRUE(group.append_batch(*b, all_new(*b), true));
  }
  group.close(closing_of(7, 1000));
  EXPECT_EQ(group.header().events, 12u);
  recorder seen;
  ASSERT_TRUE(visit_records(group.header(), content_of(group), seen));
  ASSERT_EQ(seen.batches.size(), 3u);
  EXPECT_EQ(seen.batches[1].first, 1004u);
  EXPECT_EQ(seen.batches[2].first, 1008u);
}

TEST(Group, KeepsNoBodyOfABatchOfDuplicates) {
  const auto b = make_batch(sample_events());
  group_builder group(aligned_buffer(64 << 10));
  ASSERT_TRUE(group.append_batch(*b, std::vector<std::uint8_t>(4, 0), true));
  group.close(closing_of());
  recorder seen;
  ASSERT_TRUE(visit_records(group.header(), content_of(group), seen));
  EXPECT_EQ(group.header().events, 0u);
  EXPECT_EQ(seen.batches.at(0).head.duplicates, 4u);
  EXPECT_EQ(seen.batches.at(0).duplicates.at(3), b->events.entries[3].identity);
  EXPECT_EQ(seen.batches.at(0).body, "");
}

TEST(Group, KeepsOnlyTheIdentityOfDroppedEventsWhenAsked) {
  const auto b = make_batch(sample_events());
  const std::uint8_t is_new[] = {1, 1, 1, 0};
  group_builder group(aligned_buffer(64 << 10));
  ASSERT_TRUE(group.append_batch(*b, is_new, false));
  group.close(closing_of());
  recorder seen;
  const auto read = visit_records(group.header(), content_of(group), seen);
  ASSERT_TRUE(read) << to_string(read.error());
  const auto& got = seen.batches.at(0);
  ASSERT_EQ(got.slices.size(), 3u);
  const auto slice = [&](std::size_t i) {
    return b->done.body().substr(b->events.entries[i].offset, b->events.entries[i].length);
  };
  EXPECT_EQ(got.slices[0], slice(0));
  EXPECT_EQ(got.slices[1],
            R"({"id":"b\u00e9\/2","source":"aws.partner","metadata":{"region":"us\u002deast"}})");
  EXPECT_EQ(got.slices[2], slice(2));
  EXPECT_EQ(got.body, got.slices[0] + got.slices[1] + got.slices[2]) << "nothing of the duplicate is kept";
  EXPECT_THAT(got.ids, testing::ElementsAre("a-1", "b\\u00e9\\/2", ""));
  EXPECT_THAT(got.regions, testing::ElementsAre("eu-west-1", "us\\u002deast", ""));
  EXPECT_EQ(got.entries[1].identity, b->events.entries[1].identity);
  EXPECT_THAT((std::vector<int>{got.entries[0].cut, got.entries[1].cut, got.entries[2].cut}),
              testing::ElementsAre(0, 1, 0));
}

TEST(Group, EscapesTheMetadataOfADroppedEvent) {
  auto b = make_batch({sample_event{.id = "d", .padding = 400}});
  b->events.metadata = {{"k\"ey", "line\nbreak \\ \x01\t\b\f\r"}, {"plain", "caf\xc3\xa9"}};
  b->events.texts[0].metadata_count = 2;
  group_builder group(aligned_buffer(64 << 10));
  ASSERT_TRUE(group.append_batch(*b, all_new(*b), false));
  group.close(closing_of());
  recorder seen;
  ASSERT_TRUE(visit_records(group.header(), content_of(group), seen));
  EXPECT_EQ(seen.batches.at(0).slices.at(0),
            "{\"id\":\"d\",\"source\":\"genesys\",\"metadata\":{\"k\\\"ey\":\"line\\nbreak \\\\ "
            "\\u0001\\t\\b\\f\\r\",\"plain\":\"caf\xc3\xa9\"}}");
}

TEST(Group, KeepsADroppedEventWholeWhereItsIdentityIsNoShorter) {
  const auto b = make_batch({sample_event{.id = "d"}});
  group_builder group(aligned_buffer(64 << 10));
  ASSERT_TRUE(group.append_batch(*b, all_new(*b), false));
  group.close(closing_of());
  recorder seen;
  ASSERT_TRUE(visit_records(group.header(), content_of(group), seen));
  EXPECT_EQ(seen.batches.at(0).body, R"({"id":"d","source":"genesys"})");
}

TEST(Group, RefusesWhatWouldPassTheBufferAndChangesNothing) {
  group_builder group(aligned_buffer(8192));
  const auto b = make_batch({sample_event{.padding = 4000}});
  ASSERT_TRUE(group.append_batch(*b, all_new(*b), true));
  const auto before = group.header();
  const auto big = make_batch({sample_event{.padding = 4000}, sample_event{.id = "e2"}});
  EXPECT_FALSE(group.append_batch(*big, all_new(*big), true));
  EXPECT_FALSE(group.append_outcome({}, std::string(5000, 'r'), {}));
  EXPECT_FALSE(group.append_control({control_kind::destination_added, 1, 0, 0, 0}, std::string(5000, 'n')));
  EXPECT_EQ(std::memcmp(&before, &group.header(), sizeof before), 0);
  EXPECT_TRUE(group.append_offer({}));
}

std::vector<sample_event> routed_events() {
  return {{.id = "a-1", .region = "eu", .targets = {{1, 0}}}, {.id = "b-2", .targets = {{1, 3}}}};
}

bool append_rewritten(group_builder& to, const batch& b, rewrite_kind kind, std::string_view who,
                      const std::vector<rewritten_event>& before) {
  return to.append_rewritten({kind, who, before},
                             {b.received_ms, b.events.entries, b.targets, b.done.body()});
}

TEST(Group, KeepsWhatIsKnownOfEventsFromBeforeTheyWereRewritten) {
  const auto b = make_batch(routed_events(), 1'700'000'005'000);
  const std::vector<rewritten_event> before{{17, 1'600'000'000'000, 1'600'000'001'000, 1, 4},
                                            {999, 1'600'000'002'000, 0, 0, 0}};
  group_builder group(aligned_buffer(64 << 10));
  const auto first = make_batch(sample_events());
  ASSERT_TRUE(group.append_batch(*first, all_new(*first), true));
  for (const auto who : {"127.0.0.1 token 2", ""})
    ASSERT_TRUE(append_rewritten(group, *b, rewrite_kind::redrive, who, before));
  group.close(closing_of());
  EXPECT_EQ(group.header().events, 8u);
  recorder seen;
  const auto read = visit_records(group.header(), content_of(group), seen);
  ASSERT_TRUE(read) << to_string(read.error());
  ASSERT_EQ(seen.batches.size(), 3u);
  const auto& got = seen.batches[1];
  EXPECT_EQ(got.first, 1004u) << "positions count on";
  EXPECT_EQ(seen.batches[2].first, 1006u);
  EXPECT_EQ(got.head.received_ms, 1'700'000'005'000);
  EXPECT_THAT(got.ids, testing::ElementsAre("a-1", "b-2"));
  EXPECT_THAT(got.regions, testing::ElementsAre("eu", ""));
  EXPECT_EQ(got.slices[1], R"({"id":"b-2","source":"genesys"})");
  EXPECT_EQ(got.entries[1].identity, b->events.entries[1].identity);
  EXPECT_THAT(seen.who, testing::ElementsAre("127.0.0.1 token 2", ""));
  EXPECT_THAT(seen.kinds, testing::ElementsAre(rewrite_kind::redrive, rewrite_kind::redrive));
  EXPECT_THAT(seen.before, testing::ElementsAre(before[0], before[1], before[0], before[1]));
  const auto targets = targets_of(group.header(), content_of(group));
  ASSERT_TRUE(targets);
  EXPECT_THAT(*targets, testing::ElementsAre(target{0, 0}, target{1, 0}, target{1, 3}, target{2, 3}));
}

TEST(Group, RefusesRewrittenEventsThatLieAboutThemselves) {
  const auto refusal = [](const std::vector<sample_event>& events, const rewritten_event& last,
                          rewrite_kind kind = rewrite_kind::backfill) {
    const auto b = make_batch(events);
    group_builder group(aligned_buffer(64 << 10));
    EXPECT_TRUE(append_rewritten(group, *b, kind, "", {{5, 0, 0, 0, 0}, last}));
    group.close(closing_of());
    recorder seen;
    const auto read = visit_records(group.header(), content_of(group), seen);
    EXPECT_TRUE(read || seen.batches.empty()) << "shown and then refused";
    return read ? std::string() : to_string(read.error());
  };
  const rewritten_event good{999, 0, 0, 0, 0};
  EXPECT_EQ(refusal(routed_events(), good), "");
  EXPECT_THAT(refusal(routed_events(), {1000, 0, 0, 0, 0}), testing::HasSubstr("origin is not before it"));
  EXPECT_THAT(refusal(routed_events(), {0, 0, 0, 0, 0}), testing::HasSubstr("origin is not before it"));
  EXPECT_THAT(refusal(routed_events(), good, static_cast<rewrite_kind>(3)),
              testing::HasSubstr("unknown reason"));
  auto dropped = routed_events();
  dropped[1].targets.clear();
  EXPECT_THAT(refusal(dropped, good), testing::HasSubstr("not routed"));
}

RC_GTEST_PROP(Group, NeedsNoMoreRoomForABatchThanItSays, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 30);
  std::vector<sample_event> events(count);
  std::vector<std::uint8_t> is_new;
  for (std::size_t i = 0; i < count; ++i) {
    events[i].id = "id-" + std::to_string(i);
    events[i].padding = *rc::gen::inRange<std::size_t>(0, 200);
    events[i].region = *rc::gen::element<std::string>("", "eu", "r\\u0065gion");
    if (*rc::gen::arbitrary<bool>()) events[i].targets = {{*rc::gen::inRange<destination_id>(1, 4), 0}};
    is_new.push_back(*rc::gen::arbitrary<bool>());
  }
  const bool whole = *rc::gen::arbitrary<bool>();
  const auto b = make_batch(events);
  group_builder group(aligned_buffer(64 << 10));
  RC_ASSERT(group.append_batch(*b, is_new, whole));
  group.close(closing_of());
  RC_ASSERT(group.header().content_bytes <= group_builder::batch_bytes(*b));
  recorder seen;
  RC_ASSERT(visit_records(group.header(), content_of(group), seen).has_value());
  std::size_t next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (is_new[i] == 0) continue;
    RC_ASSERT(seen.batches[0].ids[next] == events[i].id);
    RC_ASSERT(seen.batches[0].regions[next] == events[i].region);
    if (!events[i].targets.empty()) RC_ASSERT(seen.batches[0].slices[next].ends_with("}"));
    ++next;
  }
}

TEST(Group, NoticesEveryChangedByteButThePadding) {
  const group_builder group = sample_group();
  const std::size_t meant = sizeof(group_header) + group.header().content_bytes;
  aligned_buffer copy(group.disk_bytes());
  for (std::size_t at = 0; at < group.disk_bytes(); ++at) {
    for (const int bits : {0x01, 0x80, 0xff}) {
      std::memcpy(copy.data(), group.data(), group.disk_bytes());
      copy.data()[at] ^= static_cast<std::byte>(bits);
      group_header header;
      std::memcpy(&header, copy.data(), sizeof header);
      const bool good = header_valid(header, group.header().salt) &&
                        content_valid(header, {copy.data() + sizeof header, header.content_bytes});
      ASSERT_EQ(good, at >= meant) << "byte " << at << " changed by " << bits;
    }
  }
}

TEST(Group, IsNotTakenForOneOfAnotherSegment) {
  const group_builder group = sample_group();
  EXPECT_FALSE(header_valid(group.header(), group.header().salt + 1));
}

struct header_case {
  const char* name;
  void (*spoil)(group_header&);
};
class BadHeader : public testing::TestWithParam<header_case> {};
TEST_P(BadHeader, IsRefusedThoughItsChecksumIsRight) {
  group_header header = sample_group().header();
  const auto seal = [&header] {
    header.header_crc = 0;
    header.header_crc = crc32c(std::as_bytes(std::span(&header, 1)));
  };
  seal();
  ASSERT_TRUE(header_valid(header, header.salt));
  GetParam().spoil(header);
  seal();
  EXPECT_FALSE(header_valid(header, header.salt));
}
INSTANTIATE_TEST_SUITE_P(
    Fields, BadHeader,
    testing::Values(header_case{"magic", [](group_header& h) { h.magic ^= 1; }},
                    header_case{"version", [](group_header& h) { h.version = 2; }},
                    header_case{"no_type", [](group_header& h) { h.type = group_type{0}; }},
                    header_case{"unknown_type", [](group_header& h) { h.type = group_type{6}; }},
                    header_case{"too_long", [](group_header& h) { h.content_bytes = group_bytes_max - 87; }},
                    header_case{"wrapping", [](group_header& h) { h.content_bytes = ~0ull; }},
                    header_case{"records", [](group_header& h) { h.records = 1u << 30; }},
                    header_case{"events", [](group_header& h) { h.events = 1u << 30; }},
                    header_case{"durable_itself", [](group_header& h) { h.durable_upto = h.number; }},
                    header_case{"successor", [](group_header& h) { h.successor = 3; }},
                    header_case{"mark_with_content", [](group_header& h) { h.type = group_type::mark; }}),
    [](const auto& param) { return param.param.name; });

/// The content of a group, to be spoilt and read again. Checksums are beside the point: these bytes lie on
/// purpose.
class SpoiltGroup : public testing::Test {
 protected:
  SpoiltGroup() : group_(sample_group()), header_(group_.header()), copy_(group_.disk_bytes()) { restore(); }
  void restore() { std::memcpy(copy_.data(), group_.data() + sizeof(group_header), header_.content_bytes); }
  template <class T>
  void put(std::size_t at, T value) {
    std::memcpy(copy_.data() + at, &value, sizeof value);
  }
  result<void> read() {
    recorder seen;
    return visit_records(header_, {copy_.data(), header_.content_bytes}, seen);
  }
  group_builder group_;
  group_header header_;
  aligned_buffer copy_;
  static constexpr std::size_t batch_at = sizeof(record_header);
  static constexpr std::size_t entries_at = batch_at + sizeof(batch_head);
};

TEST_F(SpoiltGroup, NamesGroupAndRecord) {
  put<std::uint32_t>(batch_at + offsetof(batch_head, body_bytes), 5);
  const auto read_again = read();
  ASSERT_FALSE(read_again);
  EXPECT_EQ(read_again.error().code, errc::corrupt);
  EXPECT_EQ(read_again.error().place, "group 7, record 0");
}

TEST_F(SpoiltGroup, RefusesUnknownTypesAndFlagsAndSkipsWhatMayBeSkipped) {
  put<std::uint16_t>(0, 99);
  EXPECT_EQ(read().error().code, errc::unsupported);
  restore();
  put<std::uint16_t>(2, 1);
  EXPECT_EQ(read().error().code, errc::unsupported);
  restore();
  EXPECT_TRUE(read());
}

TEST_F(SpoiltGroup, RefusesEntriesThatPointOutsideTheirBatch) {
  const event_entry good = *reinterpret_cast<const event_entry*>(copy_.data() + entries_at);
  const auto refused = [&](auto change, const char* what) {
    event_entry e = good;
    change(e);
    put(entries_at, e);
    const auto got = read();
    EXPECT_TRUE(!got && got.error().code == errc::corrupt) << what;
  };
  refused([](event_entry& e) { e.offset = 0xffffffff; }, "offset");
  refused([](event_entry& e) { e.length = 0xffffffff; }, "length");
  refused([](event_entry& e) { e.length = 0; }, "empty slice");
  refused([](event_entry& e) { e.id_offset = 0xfffffff0; }, "id offset");
  refused([](event_entry& e) { e.id_length = 0xffff; }, "id length");
  refused([](event_entry& e) { e.source_length = 0xffff; }, "source length");
  refused([](event_entry& e) { e.region_offset = 0xffffff00; }, "region offset");
  refused([](event_entry& e) { e.targets = 3; }, "target set");
  refused([](event_entry& e) { e.cut = 1; }, "cut although it was routed");
  refused([](event_entry& e) { e.targets = 0; }, "a dropped event that the total does not know");
  refused([](event_entry& e) { e.why = 1; }, "a quarantined event that the total does not know");
}

TEST_F(SpoiltGroup, RefusesContentOfAnotherLength) {
  recorder seen;
  EXPECT_FALSE(visit_records(header_, {copy_.data(), header_.content_bytes - 8}, seen));
  --header_.records;
  EXPECT_EQ(read().error().code, errc::corrupt) << "bytes behind the last record";
  header_.records += 2;
  EXPECT_EQ(read().error().code, errc::corrupt) << "fewer records than told";
  --header_.records;
  ++header_.events;
  EXPECT_EQ(read().error().code, errc::corrupt) << "more events than the batches hold";
}

TEST_F(SpoiltGroup, RefusesTargetSetsThatCannotBeNumberedAlike) {
  const std::size_t targets_at = entries_at + 3 * sizeof(event_entry) + sizeof(hash128);
  // Two sets of one target each are as long as the padding allows: 2 × (2 + 4) of 16 bytes.
  const std::uint16_t twins[8] = {1, 2, 3, 1, 2, 3, 0, 0};
  put(targets_at, twins);
  EXPECT_EQ(read().error().code, errc::corrupt);
  const std::uint16_t too_long[8] = {9, 2, 3, 1, 2, 3, 0, 0};
  put(targets_at, too_long);
  EXPECT_EQ(read().error().code, errc::corrupt);
}

/// Whatever a byte becomes, reading ends with a value or an error; the sanitizers watch for more.
TEST_F(SpoiltGroup, NeverReadsOutsideWhateverAByteBecomes) {
  std::size_t refused = 0;
  for (std::size_t at = 0; at < header_.content_bytes; ++at) {
    for (const int bits : {0x01, 0x10, 0x7f, 0x80, 0xff}) {
      restore();
      copy_.data()[at] ^= static_cast<std::byte>(bits);
      refused += !read().has_value();
    }
  }
  EXPECT_GT(refused, 500u);
}

RC_GTEST_FIXTURE_PROP(SpoiltGroup, SurvivesManyChangedBytes, ()) {
  restore();
  const auto changes = *rc::gen::inRange<std::size_t>(1, 20);
  for (std::size_t i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, header_.content_bytes);
    copy_.data()[at] = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  }
  if (const auto got = read(); !got)
    RC_ASSERT(got.error().code == errc::corrupt || got.error().code == errc::unsupported);
}

TEST(group_targets, are_the_lanes_of_its_events) {
  group_builder group(aligned_buffer(64 << 10));
  const auto one =
      make_batch({{.id = "a", .targets = {{3, 7}, {1, 0}}}, {.id = "b"}, {.id = "c", .targets = {{3, 2}}}});
  const auto other =
      make_batch({{.id = "d", .targets = {{1, 0}}}, {.id = "e", .why = quarantine::id_missing}});
  ASSERT_TRUE(group.append_batch(*one, std::vector<std::uint8_t>{1, 1, 1}, true));
  outcome_head outcome;
  outcome.destination = 9;
  ASSERT_TRUE(group.append_outcome(outcome, "why", {}));
  ASSERT_TRUE(group.append_batch(*other, std::vector<std::uint8_t>{1, 1}, true));
  group.close({.salt = 1, .number = 1, .first_position = 1});
  const std::span content(group.data() + sizeof(group_header), group.header().content_bytes);
  EXPECT_EQ(targets_of(group.header(), content), (std::vector<target>{{0, 0}, {1, 0}, {3, 2}, {3, 7}}));
  for (std::size_t bytes = 0; bytes < content.size(); bytes += 8)
    EXPECT_EQ(targets_of(group.header(), content.first(bytes)), std::nullopt)
        << "the first " << bytes << " bytes";
}

TEST(group_targets, of_a_group_without_events_are_none) {
  group_builder group(aligned_buffer(4096));
  ASSERT_TRUE(group.append_offer({.destination = 1, .offer = 1}));
  group.close({.salt = 1, .number = 1, .first_position = 1});
  const std::span content(group.data() + sizeof(group_header), group.header().content_bytes);
  EXPECT_EQ(targets_of(group.header(), content), (std::vector<target>()));
}

}  // namespace
}  // namespace sluice::checkpoint
