// Letters to store, and a store on a simulated disk beside what it should hold.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/deliver/dead_letters.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::test {

inline deliver::dead_letter sample_letter(position at, const std::string& destination = "crm",
                                          std::size_t bytes = 40) {
  deliver::dead_letter l;
  l.at = l.origin = at;
  l.destination = destination;
  l.reason = "answer 422: no";
  l.attempts = 3;
  l.received_ms = 1'700'000'000'000 + static_cast<std::int64_t>(at);
  l.stored_ms = l.received_ms + 60'000;
  l.id = "e" + std::to_string(at);
  l.source = at % 2 == 0 ? "even" : "odd";
  l.region = "eu";
  l.event = R"({"id":")" + l.id + R"("})" + std::string(bytes, ' ');
  return l;
}

/// Small files, so that little is enough to have letters moved.
inline deliver::dead_letter_options small_store(std::uint64_t max_bytes = 400'000) {
  return {"letters", max_bytes, 16'384};
}

using letter_texts = std::map<deliver::letter_key, std::string>;

/// Page after page to the end.
inline result<std::vector<deliver::dead_letter>> all_pages(const deliver::dead_letter_store& from,
                                                           const deliver::letter_filter& which,
                                                           const deliver::page_bounds& bounds) {
  std::vector<deliver::dead_letter> all;
  std::string after;
  do {
    auto page = from.page(which, after, bounds);
    if (!page) return fail(page.error());
    EXPECT_LE(page->letters.size(), bounds.letters);
    EXPECT_NE(page->next.empty() ? "another" : page->next, after) << "a page that leads to itself";
    for (auto& l : page->letters) all.push_back(std::move(l));
    after = page->next;
  } while (!after.empty());
  return all;
}

inline letter_texts texts_of(const std::vector<deliver::dead_letter>& letters) {
  letter_texts texts;
  for (const auto& l : letters) {
    EXPECT_TRUE(texts.emplace(l.key(), l.event).second) << to_string(l.key()) << " is there twice";
  }
  return texts;
}

inline letter_texts offline_texts(checkpoint::file_system& disk, const std::string& directory) {
  std::vector<deliver::dead_letter> letters;
  const auto read = deliver::read_dead_letters(disk, directory, [&](const deliver::dead_letter& l) {
    letters.push_back(l);
    return true;
  });
  EXPECT_TRUE(read) << to_string(read.error());
  return texts_of(letters);
}

inline std::uint64_t stored_bytes(checkpoint::file_system& disk, const std::string& directory) {
  const auto entries = disk.list(directory);
  EXPECT_TRUE(entries);
  std::uint64_t bytes = 0;
  for (const auto& e : *entries) bytes += e.size;
  return bytes;
}

}  // namespace sluice::test
