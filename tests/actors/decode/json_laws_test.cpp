// Goal: the walk agrees with an independent checker on whatever comes, and with simdjson's own parser where
// that is right. Generated values must be accepted with their slices intact; mutated bodies must get the same
// verdict.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include <array>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/actors/decode/decode_fixture.hpp"
#include "tests/actors/decode/reference_json.hpp"

namespace sluice::decode {
namespace {

using random_engine = std::mt19937_64;

std::size_t below(random_engine& random, std::size_t bound) { return random() % bound; }

/// Writes random JSON with random whitespace; depth bounds the nesting.
class json_writer {
 public:
  explicit json_writer(std::uint64_t seed) : random_(seed) {}

  std::string value(int depth) {
    switch (below(random_, depth > 0 ? 8 : 6)) {
      case 0:
        return std::array{"true", "false", "null"}[below(random_, 3)];
      case 1:
      case 2:
        return number();
      case 3:
      case 4:
      case 5:
        return string();
      case 6: {
        std::string all = "[" + space();
        for (std::size_t i = 0, n = below(random_, 5); i < n; ++i)
          all += (i == 0 ? "" : ",") + space() + value(depth - 1) + space();
        return all + "]";
      }
      default: {
        std::string all = "{" + space();
        for (std::size_t i = 0, n = below(random_, 5); i < n; ++i) {
          all +=
              (i == 0 ? "" : ",") + space() + string() + space() + ":" + space() + value(depth - 1) + space();
        }
        return all + "}";
      }
    }
  }

  std::string string() {
    static constexpr std::string_view pieces[] = {"a",
                                                  "id",
                                                  "source",
                                                  "metadata",
                                                  "{",
                                                  "]",
                                                  ":",
                                                  ",",
                                                  "\\\\",
                                                  "\\\"",
                                                  "\\/",
                                                  "\\n",
                                                  "\\u0041",
                                                  "\\ud83d\\ude00",
                                                  "\xc3\xa9",
                                                  "\xe2\x82\xac",
                                                  "\xf0\x9f\x98\x80",
                                                  " ",
                                                  "\x7f",
                                                  "\\u0000",
                                                  "0123456789012345678901234567890123456789"};
    std::string all = "\"";
    for (std::size_t i = 0, n = below(random_, 6); i < n; ++i)
      all += pieces[below(random_, std::size(pieces))];
    return all + "\"";
  }

  std::string space() {
    if (below(random_, 3) != 0) return "";
    std::string all;
    for (std::size_t i = 0, n = below(random_, 4); i < n; ++i) all += " \t\r\n"[below(random_, 4)];
    return all;
  }

 private:
  std::string digits() {
    std::string all;
    for (std::size_t i = 0, n = 1 + below(random_, below(random_, 10) == 0 ? 400 : 4); i < n; ++i) {
      all += static_cast<char>('0' + below(random_, 10));
    }
    return all;
  }
  std::string number() {
    std::string all = below(random_, 2) == 0 ? "-" : "";
    all += below(random_, 3) == 0 ? "0" : static_cast<char>('1' + below(random_, 9)) + digits();
    if (below(random_, 3) == 0) all += "." + digits();
    if (below(random_, 3) == 0) all += std::array{"e", "E", "e+", "E-"}[below(random_, 4)] + digits();
    return all;
  }

  random_engine random_;
};

std::string read_sample(const char* name) {
  std::ifstream in(std::string(SLUICE_SAMPLES) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// One to three small changes of the kind that breaks parsers.
std::string mutate(std::string text, random_engine& random) {
  using namespace std::string_view_literals;
  static constexpr std::string_view likely =
      "{}[]:,\"\\ \n0123456789-+.eEtfnu\0\x0c\x1a\x1f\x7f\x80\xc3\xe2\xf0\xff"sv;
  for (std::size_t changes = 1 + below(random, 3); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = below(random, text.size());
    const char byte =
        below(random, 4) == 0 ? static_cast<char>(random()) : likely[below(random, likely.size())];
    switch (below(random, 6)) {
      case 0:
      case 1:
        text[at] = byte;
        break;
      case 2:
        text.insert(at, 1, byte);
        break;
      case 3:
        text.erase(at, 1 + below(random, 3));
        break;
      case 4:
        text.insert(below(random, text.size()), text.substr(at, 1 + below(random, 20)));
        break;
      default:
        if (below(random, 4) == 0)
          text.resize(at);
        else
          std::swap(text[at], text[below(random, text.size())]);
        break;
    }
  }
  return text;
}

RC_GTEST_PROP(json_law, generated_values_are_accepted_and_keep_their_bytes, (std::uint64_t seed)) {
  json_writer writer(seed);
  const std::string value = writer.value(6), extra = writer.value(4);
  const std::string space = writer.space();
  RC_LOG(value);
  decode_fixture d;
  RC_ASSERT(reference_is_json(value, 512));
  RC_ASSERT(d.is_json(value));
  const std::string event =
      "{" + space + "\"id\":\"1\"," + space + "\"source\":\"s\",\"data\":" + value + space + "}";
  const std::string body =
      "{\"x\":" + extra + ",\"events\":[" + space + event + space + "," + value + space + "]" + space + "}";
  RC_ASSERT(d.verdict(body) == "ok");
  RC_ASSERT(d.out.entries.size() == 2u);
  RC_ASSERT(d.slice(0) == event);
  RC_ASSERT(d.slice(1) == value);
  RC_ASSERT(d.why(0) == quarantine::none);
  RC_ASSERT(d.why(1) != quarantine::none);
}

/// Whether it refuses a number that it cannot hold; later versions tell integers beyond 64 bits apart.
template <class Code>
bool cannot_hold(Code said) {
  if constexpr (requires { Code::BIGINT_ERROR; }) {
    if (said == Code::BIGINT_ERROR) return true;
  }
  return said == Code::NUMBER_ERROR;
}

/// simdjson's parser, where it is right: it refuses numbers that it cannot hold.
enum class opinion { json, not_json, none };
opinion simdjson_says(simdjson::dom::parser& parser, std::string_view text) {
  const simdjson::padded_string padded(text);
  const auto said = parser.parse(padded).error();
  if (said == simdjson::SUCCESS) return opinion::json;
  return cannot_hold(said) ? opinion::none : opinion::not_json;
}

void expect_agreement(const std::vector<std::string>& bodies, int rounds, std::uint64_t seed) {
  random_engine random(seed);
  decode_fixture d;
  simdjson::dom::parser parser;
  int accepted = 0, compared = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string text = mutate(bodies[below(random, bodies.size())], random);
    const bool expected = reference_is_json(text, 512);
    accepted += expected;
    const char padding = "}]\"0,\\"[below(random, 6)];
    ASSERT_EQ(d.is_json(text, padding), expected)
        << "seed " << seed << " round " << round << ": " << d.verdict(text, padding) << "\n"
        << ::testing::PrintToString(text);
    const opinion other = simdjson_says(parser, text);
    if (other == opinion::none) continue;
    ++compared;
    ASSERT_EQ(other == opinion::json, expected) << "seed " << seed << " round " << round << "\n"
                                                << ::testing::PrintToString(text);
  }
  EXPECT_GT(accepted, rounds / 20) << "the mutations must leave some bodies valid";
  EXPECT_LT(accepted, rounds - rounds / 20);
  EXPECT_GT(compared, rounds / 2);
}

TEST(json_law, mutated_batches_get_the_verdict_of_the_reference) {
  expect_agreement(
      {read_sample("batch-edge-values.json"), read_sample("bad-id-empty-or-wrong-type.json"),
       read_sample("eventbridge-detail-event.json"), read_sample("bad-timestamp.json"),
       R"({"events":[{"id":"\u0061\ud83d\ude00","source":"\\\"","metadata":{"k\n":"v","region":"x"}},{}]})"},
      40'000, 7141);
}

TEST(json_law, mutated_values_get_the_verdict_of_the_reference) {
  std::vector<std::string> bodies;
  json_writer writer(20260115);
  for (int i = 0; i < 2'000; ++i) bodies.push_back(writer.value(1 + i % 5));
  for (int i = 0; i < 500; ++i)
    bodies.push_back("{\"events\":[" + writer.value(3) + "],\"x\":" + writer.value(2) + "}");
  expect_agreement(bodies, 100'000, 512);
}

}  // namespace
}  // namespace sluice::decode
