// Goal: the store holds what it was given until it is removed, says so page by page, and gives room back.
#include "actors/deliver/dead_letters.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/actors/deliver/letters_run.hpp"

namespace sluice::test {
namespace {

using namespace sluice::deliver;

std::unique_ptr<dead_letter_store> opened(checkpoint::file_system& disk, dead_letter_options options) {
  auto made = dead_letter_store::open(disk, std::move(options));
  EXPECT_TRUE(made) << to_string(made.error());
  return made ? std::move(*made) : nullptr;
}

TEST(letter_key, is_text_and_back) {
  const std::pair<letter_key, const char*> cases[] = {
      {{"crm", 4711, 0}, "crm:4711"}, {{"crm", 4711, 12}, "crm:4711.12"}, {{"a:b", 1, 0}, "a:b:1"}};
  for (const auto& [key, text] : cases) {
    EXPECT_EQ(to_string(key), text);
    EXPECT_EQ(parse_letter_key(text), key) << text;
  }
  for (const char* text : {"", "crm", "crm:", ":7", "crm:0", "crm:07", "crm:7.", "crm:7.0", "crm:7.01",
                           "crm:-7", "crm:7 ", "crm:99999999999999999999", "crm:7.4294967296"}) {
    EXPECT_FALSE(parse_letter_key(text)) << text;
  }
}

TEST(dead_letters, a_letter_comes_back_whole) {
  simulated_file_system disk;
  auto letter = sample_letter(9);
  letter.at = 30;
  letter.generation = 2;
  letter.lane = 5;
  letter.redriven_ms = 1'700'000'001'000;
  letter.first_stored_ms = 1'700'000'000'500;
  {
    auto store = opened(disk, small_store());
    ASSERT_TRUE(store->append(std::vector{letter}));
  }
  auto store = opened(disk, small_store());
  const auto found = store->find({"crm", 9, 2});
  ASSERT_TRUE(found && *found);
  const auto& l = **found;
  EXPECT_EQ(l.key(), letter.key());
  EXPECT_EQ(l.at, 30u);
  EXPECT_EQ(l.lane, 5u);
  EXPECT_EQ(l.attempts, 3u);
  EXPECT_EQ(l.reason, letter.reason);
  EXPECT_EQ(l.received_ms, letter.received_ms);
  EXPECT_EQ(l.redriven_ms, letter.redriven_ms);
  EXPECT_EQ(l.first_stored_ms, letter.first_stored_ms);
  EXPECT_EQ(l.stored_ms, letter.stored_ms);
  EXPECT_EQ(l.id + l.source + l.region, "e9oddeu");
  EXPECT_EQ(l.event, letter.event);
  const auto other = store->find({"crm", 9, 1});
  ASSERT_TRUE(other);
  EXPECT_FALSE(*other);
}

TEST(dead_letters, an_event_is_stored_once_a_generation) {
  simulated_file_system disk;
  auto store = opened(disk, small_store());
  auto again = sample_letter(1);
  ASSERT_TRUE(store->append(std::vector{again, again}));
  ASSERT_TRUE(store->append(std::vector{again}));
  EXPECT_EQ(store->count("crm"), 1u);
  again.generation = 1;
  again.first_stored_ms = again.stored_ms;
  ASSERT_TRUE(store->append(std::vector{again}));
  EXPECT_EQ(store->count("crm"), 2u);
}

TEST(dead_letters, what_is_removed_stays_removed) {
  simulated_file_system disk;
  {
    auto store = opened(disk, small_store());
    ASSERT_TRUE(store->append(std::vector{sample_letter(1), sample_letter(2), sample_letter(3, "files")}));
    const std::vector<letter_key> keys{{"crm", 1, 0}, {"crm", 1, 0}, {"crm", 7, 0}, {"none", 1, 0}};
    EXPECT_EQ(store->remove(keys), 1u);
    EXPECT_EQ(store->remove(keys), 0u);
    EXPECT_EQ(store->count("crm"), 1u);
  }
  auto store = opened(disk, small_store());
  EXPECT_EQ(store->count("crm"), 1u);
  EXPECT_EQ(store->count("files"), 1u);
  EXPECT_EQ(offline_texts(disk, "letters").size(), 2u);
}

TEST(dead_letters, what_the_log_knows_better_is_gone_at_the_next_start) {
  simulated_file_system disk;
  {
    auto store = opened(disk, small_store());
    ASSERT_TRUE(store->append(std::vector{sample_letter(1), sample_letter(2), sample_letter(3)}));
    ASSERT_TRUE(store->remove(std::vector{sample_letter(3).key()}));
  }
  const auto all_but_the_first = [](const dead_letter& l) { return l.at > 1; };
  ASSERT_TRUE(dead_letter_store::open(disk, small_store(), all_but_the_first));
  auto store = opened(disk, small_store());
  EXPECT_TRUE(*store->find(sample_letter(1).key()));
  EXPECT_FALSE(*store->find(sample_letter(2).key()));
  EXPECT_EQ(store->count(sample_letter(1).destination), 1u);
}

TEST(dead_letters, filters_choose_and_pages_go_on) {
  simulated_file_system disk;
  auto store = opened(disk, small_store());
  for (position at = 1; at <= 60; ++at) {
    auto l = sample_letter(at, at % 3 == 0 ? "files" : "crm");
    if (at == 10) l.reason = "older than retry.for";
    ASSERT_TRUE(store->append(std::vector{l}));
  }
  const auto count = [&](const letter_filter& which, page_bounds bounds = {}) {
    const auto found = all_pages(*store, which, bounds);
    EXPECT_TRUE(found);
    return found ? found->size() : 0;
  };
  letter_filter which;
  EXPECT_EQ(count(which), 60u);
  EXPECT_EQ(count(which, {.letters = 7}), 60u);
  EXPECT_EQ(count(which, {.event_bytes = 1}), 60u);
  EXPECT_EQ(count(which, {.read_bytes = 1}), 60u);
  which.destination = "files";
  EXPECT_EQ(count(which), 20u);
  which.source = "even";
  EXPECT_EQ(count(which), 10u);
  which = {};
  which.id = "e7";
  EXPECT_EQ(count(which), 1u);
  which = {};
  which.reason = "retry.for";
  EXPECT_EQ(count(which), 1u);
  which = {};
  which.since_ms = sample_letter(11).stored_ms;
  which.until_ms = sample_letter(21).stored_ms;
  EXPECT_EQ(count(which), 10u);
  for (const char* nonsense : {"x", "1-2", "1-1000-0x", "1-7-0", "1-0-0", "1-1000-0 "}) {
    const auto refused = store->page({}, nonsense, {});
    ASSERT_FALSE(refused) << nonsense;
    EXPECT_EQ(refused.error().code, errc::bad_request) << nonsense;
  }
}

TEST(dead_letters, a_removal_makes_a_full_store_take_letters_again) {
  simulated_file_system disk;
  const auto options = small_store();
  auto store = opened(disk, options);
  position at = 0;
  std::vector<letter_key> keys;
  for (;;) {
    const auto letter = sample_letter(++at, "crm", 3000);
    const auto stored = store->append(std::vector{letter});
    if (!stored) {
      EXPECT_EQ(stored.error().code, errc::backlog_full);
      break;
    }
    keys.push_back(letter.key());
    ASSERT_LE(stored_bytes(disk, "letters"), options.max_bytes);
  }
  EXPECT_TRUE(store->full());
  // Every other one goes, each by itself: the room for noting that must last.
  for (std::size_t i = 0; i < keys.size(); i += 2) {
    const auto removed = store->remove(std::vector{keys[i]});
    ASSERT_TRUE(removed) << i << " of " << keys.size() << ": " << to_string(removed.error());
    ASSERT_EQ(*removed, 1u);
    ASSERT_LE(stored_bytes(disk, "letters"), options.max_bytes);
  }
  EXPECT_FALSE(store->full());
  for (std::size_t i = 0; i < keys.size() / 3; ++i) {
    const auto stored = store->append(std::vector{sample_letter(++at, "crm", 3000)});
    ASSERT_TRUE(stored) << i << ": " << to_string(stored.error());
    ASSERT_LE(stored_bytes(disk, "letters"), options.max_bytes);
  }
  for (const auto& key : keys) ASSERT_TRUE(store->remove(std::vector{key}));
  std::vector<letter_key> rest;
  for (position p = 1; p <= at; ++p) rest.push_back({"crm", p, 0});
  ASSERT_TRUE(store->remove(rest));
  EXPECT_EQ(store->count("crm"), 0u);
  EXPECT_LE(stored_bytes(disk, "letters"), 3 * options.file_bytes) << "the room of removed letters is kept";
  EXPECT_EQ(store->bytes(), stored_bytes(disk, "letters"));
}

TEST(dead_letters, a_reader_beside_the_store_misses_nothing_that_stays) {
  simulated_file_system disk;
  auto store = opened(disk, small_store(1'000'000));
  for (position at = 1; at <= 80; ++at)
    ASSERT_TRUE(store->append(std::vector{sample_letter(at, "crm", 2000)}));
  // While it reads, the first of its files goes, whose last letter is moved.
  std::vector<position> seen;
  const auto read = read_dead_letters(disk, "letters", [&](const dead_letter& l) {
    if (seen.empty()) {
      std::vector<letter_key> gone;
      for (position at = 1; at <= 79; ++at) {
        if (at % 4 != 0) gone.push_back({"crm", at, 0});
      }
      EXPECT_TRUE(store->remove(gone));
    }
    seen.push_back(l.at);
    return true;
  });
  ASSERT_TRUE(read) << to_string(read.error());
  for (position at = 4; at <= 80; at += 4) EXPECT_EQ(std::ranges::count(seen, at), 1) << at;
}

enum class command : std::uint8_t { append, append_many, remove, remove_many, restart, lose_power };

RC_GTEST_PROP(dead_letters_model, holds_what_a_map_holds, ()) {
  auto disk = std::make_unique<simulated_file_system>();
  const auto options = small_store(*rc::gen::element<std::uint64_t>(100'000, 400'000));
  auto store = opened(*disk, options);
  letter_texts model;
  position next = 1;
  const auto script = *rc::gen::container<std::vector<command>>(
      rc::gen::weightedElement<command>({{6, command::append},
                                         {3, command::append_many},
                                         {5, command::remove},
                                         {2, command::remove_many},
                                         {1, command::restart},
                                         {1, command::lose_power}}));
  const auto append = [&](std::size_t many) {
    std::vector<dead_letter> letters;
    for (std::size_t i = 0; i < many; ++i) {
      const bool known = next > 3 && *rc::gen::inRange(0, 5) == 0;
      auto l = sample_letter(known ? next - 2 : next++, *rc::gen::element<std::string>("crm", "files"),
                             *rc::gen::inRange<std::size_t>(0, 6000));
      l.generation = *rc::gen::inRange(0u, 2u);
      if (model.contains(l.key()) || std::ranges::find(letters, l.key(), &dead_letter::key) == letters.end())
        letters.push_back(std::move(l));
    }
    const auto stored = store->append(letters);
    RC_ASSERT(stored || stored.error().code == errc::backlog_full);
    RC_ASSERT(store->full() == !stored);
    if (stored) {
      for (const auto& l : letters) model.emplace(l.key(), l.event);
    }
  };
  const auto remove = [&](std::size_t most) {
    std::vector<letter_key> keys;
    for (std::size_t i = 0; i < most && !model.empty(); ++i) {
      keys.push_back(std::next(model.begin(), *rc::gen::inRange<std::ptrdiff_t>(
                                                  0, static_cast<std::ptrdiff_t>(model.size())))
                         ->first);
    }
    std::uint64_t gone = 0;
    const auto removed = store->remove(keys);
    for (const auto& key : keys) gone += model.erase(key);
    RC_ASSERT(removed && *removed == gone);
  };
  for (const auto c : script) {
    switch (c) {
      case command::append:
        append(1);
        break;
      case command::append_many:
        append(20);
        break;
      case command::remove:
        remove(1);
        break;
      case command::remove_many:
        remove(30);
        break;
      case command::lose_power:
        disk = disk->crash(*rc::gen::arbitrary<std::uint64_t>());
        [[fallthrough]];
      case command::restart:
        store.reset();
        store = opened(*disk, options);
        break;
    }
    RC_ASSERT(store->bytes() == stored_bytes(*disk, "letters"));
    RC_ASSERT(store->bytes() <= options.max_bytes);
    std::uint64_t crm = 0;
    for (const auto& [key, event] : model) crm += key.destination == "crm";
    RC_ASSERT(store->count("crm") == crm);
  }
  const auto found = all_pages(*store, {}, {.letters = 5});
  RC_ASSERT(found.has_value());
  RC_ASSERT(texts_of(*found) == model);
  RC_ASSERT(offline_texts(*disk, "letters") == model);
  for (const auto& [key, event] : model) {
    const auto one = store->find(key);
    RC_ASSERT(one && *one && (*one)->event == event);
  }
}

}  // namespace
}  // namespace sluice::test
