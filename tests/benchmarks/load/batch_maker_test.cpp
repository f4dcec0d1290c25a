// Goal: the batches are what a sender would post: valid JSON in the envelope, unique ids, and the shares that
// were asked for. Method: a small JSON reader of the test's own, sets of ids, and counts over many streams.
#include "benchmarks/load/batch_maker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::load {
namespace {

constexpr std::string_view stamp = "2026-01-15T10:30:00.000Z";

/// RFC 8259, without a limit on depth: the grammar alone. Keeps the strings at `events[].NAME` and
/// `events[].metadata.NAME`.
class json_check {
 public:
  struct event {
    std::map<std::string, std::string> members;
    std::size_t bytes = 0;
  };

  explicit json_check(std::string_view text) : text_(text) {}

  bool whole() {
    space();
    return value("") && (space(), at_ == text_.size());
  }
  const std::vector<event>& events() const { return events_; }

 private:
  bool eat(char c) { return at_ < text_.size() && text_[at_] == c ? (++at_, true) : false; }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool word(std::string_view w) { return text_.substr(at_, w.size()) == w ? (at_ += w.size(), true) : false; }

  bool string(std::string& out) {
    if (!eat('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ >= text_.size() || std::string_view("\"\\/bfnrtu").find(text_[at_]) == std::string_view::npos)
          return false;
        if (text_[at_] == 'u') {
          if (text_.substr(at_ + 1, 4).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
            return false;
          at_ += 4;
        }
      }
      out += text_[at_++];
    }
    return eat('"');
  }

  bool digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }
  bool number() {
    eat('-');
    if (!eat('0') && !digits()) return false;
    if (eat('.') && !digits()) return false;
    if (eat('e') || eat('E')) {
      if (!eat('+')) eat('-');
      return digits();
    }
    return true;
  }

  bool value(const std::string& path) {
    if (at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{':
        return object(path);
      case '[':
        return array(path);
      case '"': {
        std::string s;
        if (!string(s)) return false;
        if (!events_.empty()) events_.back().members[path] = s;
        return true;
      }
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool object(const std::string& path) {
    if (path == "events[]") events_.emplace_back();
    const std::size_t begin = at_++;
    space();
    if (!eat('}')) {
      do {
        space();
        std::string name;
        if (!string(name)) return false;
        space();
        if (!eat(':')) return false;
        space();
        if (!value(path.empty() ? name : path + "." + name)) return false;
        space();
      } while (eat(','));
      if (!eat('}')) return false;
    }
    if (path == "events[]") events_.back().bytes = at_ - begin;
    return true;
  }

  bool array(const std::string& path) {
    ++at_;
    space();
    if (eat(']')) return true;
    do {
      space();
      if (!value(path + "[]")) return false;
      space();
    } while (eat(','));
    return eat(']');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<event> events_;
};

/// RFC 9562, version 4, lower case.
bool is_random_uuid(const std::string& id) {
  const std::string form = "hhhhhhhh-hhhh-4hhh-vhhh-hhhhhhhhhhhh";
  const auto fits = [](char c, char wanted) {
    if (wanted == 'h') return std::string_view("0123456789abcdef").find(c) != std::string_view::npos;
    if (wanted == 'v') return std::string_view("89ab").find(c) != std::string_view::npos;
    return c == wanted;
  };
  return std::equal(id.begin(), id.end(), form.begin(), form.end(), fits);
}

bool matches_a_rule(json_check::event& e) {
  const auto& source = e.members["events[].source"];
  return (source.starts_with("conversation:") && e.members["events[].metadata.region"] == "us-east-1") ||
         (source.starts_with("interaction:") && e.members["events[].metadata.priority"] == "high");
}

TEST(BatchMaker, MakesValidBatchesOfExactlyTheBytesAskedFor) {
  for (const std::size_t bytes :
       {std::size_t{1}, event_bytes_min, std::size_t{241}, std::size_t{333}, std::size_t{500},
        std::size_t{501}, std::size_t{777}, std::size_t{1200}, std::size_t{5000}}) {
    batch_options options;
    options.events = 20;
    options.event_bytes = bytes;
    options.unmatched = 0.3;
    batch_maker maker(options);
    for (int round = 0; round < 6; ++round) {
      maker.next(stamp);
      json_check check(maker.body());
      ASSERT_TRUE(check.whole()) << bytes << " bytes: " << maker.body();
      ASSERT_EQ(check.events().size(), options.events);
      for (auto event : check.events()) {
        if (bytes >= event_bytes_min) {
          EXPECT_EQ(event.bytes, bytes);
        }
        EXPECT_LE(event.bytes, std::max(bytes, event_bytes_min));
        EXPECT_EQ(event.members["events[].timestamp"], stamp);
        EXPECT_TRUE(event.members.contains("events[].data.text"));
      }
    }
  }
}

TEST(BatchMaker, NamesTheEventsThatStandInTheBody) {
  batch_options options;
  options.events = 7;
  batch_maker maker(options);
  maker.next(stamp);
  json_check check(maker.body());
  ASSERT_TRUE(check.whole());
  ASSERT_EQ(check.events().size(), maker.events());
  for (std::size_t i = 0; i < maker.events(); ++i) {
    auto event = check.events()[i];
    EXPECT_EQ(event.members["events[].id"], maker.event(i).id);
    EXPECT_EQ(event.members["events[].source"], maker.event(i).source);
  }
}

TEST(BatchMaker, IdsAreUniqueOverStreamsAndShapedLikeRandomUuids) {
  std::set<std::string> seen;
  std::size_t made = 0;
  for (std::uint64_t stream = 0; stream < 10; ++stream) {
    batch_options options;
    options.stream = stream;
    batch_maker maker(options);
    for (int batch = 0; batch < 20; ++batch) {
      maker.next(stamp);
      for (std::size_t i = 0; i < maker.events(); ++i, ++made) {
        const std::string id(maker.event(i).id);
        if (batch == 0) {
          ASSERT_TRUE(is_random_uuid(id)) << id;
        }
        ASSERT_TRUE(seen.insert(id).second) << id << " twice";
      }
    }
  }
  EXPECT_EQ(seen.size(), made);
}

TEST(BatchMaker, IsDeterministicForASeedAndDiffersForAnother) {
  batch_options options;
  options.events = 3;
  options.duplicates = 0.2;
  options.unmatched = 0.2;
  options.seed = 42;
  batch_maker first(options);
  batch_maker second(options);
  options.seed = 43;
  batch_maker other(options);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(first.next(stamp), second.next(stamp));
    other.next(stamp);
    ASSERT_EQ(first.body(), second.body());
    ASSERT_NE(first.event(0).id, other.event(0).id);
  }
}

TEST(BatchMaker, RepeatsTheShareAskedForUnchangedAndNothingElse) {
  batch_options options;
  options.events = 2;
  options.duplicates = 0.25;
  batch_maker maker(options);
  std::string before;
  std::set<std::string> bodies;
  std::size_t repeated = 0;
  constexpr std::size_t batches = 10'000;
  for (std::size_t i = 0; i < batches; ++i) {
    const bool repeats = maker.next(i % 2 == 0 ? stamp : "2026-01-15T10:30:00.001Z");
    const std::string body(maker.body());
    ASSERT_EQ(body == before, repeats) << "batch " << i;
    ASSERT_EQ(bodies.insert(body).second, !repeats) << "batch " << i;
    repeated += repeats ? 1U : 0U;
    before = body;
  }
  // Six standard deviations of a binomial distribution, for a fixed seed.
  EXPECT_NEAR(static_cast<double>(repeated) / batches, 0.25, 6 * std::sqrt(0.25 * 0.75 / batches));
}

TEST(BatchMaker, KeepsTheShareOfUnmatchedEventsWithinOneInAHundredOfEachStream) {
  for (const double share : {0.0, 0.005, 0.1, 0.5, 1.0}) {
    for (const std::size_t events : {1U, 7U, 100U}) {
      std::size_t unmatched_everywhere = 0;
      std::size_t made_everywhere = 0;
      for (std::uint64_t stream = 0; stream < 64; ++stream) {
        batch_options options;
        options.events = events;
        options.unmatched = share;
        options.stream = stream;
        batch_maker maker(options);
        std::size_t unmatched = 0;
        std::size_t made = 0;
        const std::size_t round = (100 + events - 1) / events;
        for (std::size_t i = 0; i < round; ++i) {
          maker.next(stamp);
          json_check check(maker.body());
          ASSERT_TRUE(check.whole());
          for (auto event : check.events()) unmatched += matches_a_rule(event) ? 0U : 1U;
          made += events;
        }
        EXPECT_NEAR(static_cast<double>(unmatched), share * static_cast<double>(made), 1.0)
            << share << " of batches of " << events << ", stream " << stream;
        unmatched_everywhere += unmatched;
        made_everywhere += made;
      }
      EXPECT_NEAR(static_cast<double>(unmatched_everywhere) / static_cast<double>(made_everywhere), share,
                  0.003)
          << "batches of " << events;
    }
  }
}

}  // namespace
}  // namespace sluice::load
