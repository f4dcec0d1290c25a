// Every choice is a hash of seed, stream and number, so a stream never depends on how fast another one runs.
#include "benchmarks/load/batch_maker.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "messages/assert.hpp"

namespace sluice::load {
namespace {

constexpr std::size_t uuid_bytes = 36;
constexpr unsigned stream_shift = 40;
constexpr std::size_t events_prepared_min = 100;
constexpr std::size_t prepared_bytes_max = 256 * 1024;
constexpr std::string_view hex_digits = "0123456789abcdef";

/// A bijection on 64 bits that looks random (the finalizer of splitmix64).
std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// Uniform in [0, 1).
double fraction(std::uint64_t hash) noexcept { return static_cast<double>(hash >> 11) * 0x1.0p-53; }

constexpr auto hex_pairs = [] {
  std::array<char, 512> table{};
  for (std::size_t i = 0; i < 256; ++i) {
    table[2 * i] = hex_digits[i >> 4];
    table[2 * i + 1] = hex_digits[i & 15];
  }
  return table;
}();

/// The lowest `bytes` bytes of `value` as hex digits.
void put_hex(char* to, std::uint64_t value, std::size_t bytes) noexcept {
  for (std::size_t i = bytes; i-- > 0; value >>= 8) std::memcpy(to + 2 * i, &hex_pairs[2 * (value & 255)], 2);
}

/// All 64 bits of `unique` stand in the id, so different numbers give different ids; the rest of the free
/// bits follow from it.
void put_uuid(char* to, std::uint64_t unique) noexcept {
  const std::uint64_t rest = mix(unique ^ 0x9e3779b97f4a7c15ULL);
  put_hex(to, unique >> 32, 4);
  to[8] = '-';
  put_hex(to + 9, unique >> 16, 2);
  to[13] = '-';
  put_hex(to + 14, (unique & 0x0fff) | 0x4000, 2);
  to[18] = '-';
  put_hex(to + 19, 0x8000 | ((rest >> 50) & 0x3000) | ((unique >> 4) & 0x0f00) | ((rest >> 48) & 0xff), 2);
  to[23] = '-';
  put_hex(to + 24, rest, 6);
}

std::string uuid(std::uint64_t unique) {
  std::string text(uuid_bytes, '0');
  put_uuid(text.data(), unique);
  return text;
}

struct kind {
  std::string_view source;
  std::string_view region;
  std::string_view priority;
};
constexpr std::array<kind, 8> matched_kinds{{
    {"conversation:transcript", "us-east-1", "normal"},
    {"interaction:analytics", "us-east-1", "high"},
    {"conversation:start", "us-east-1", "normal"},
    {"conversation:acd.start", "us-east-1", "high"},
    {"interaction:survey", "eu-west-1", "high"},
    {"conversation:user.start", "us-east-1", "low"},
    {"conversation:customer.end", "us-east-1", "normal"},
    {"interaction:evaluation", "us-east-1", "high"},
}};
constexpr std::array<kind, 4> unmatched_kinds{{
    {"conversation:transcript", "eu-west-1", "normal"},
    {"interaction:survey", "us-east-1", "normal"},
    {"audit:login", "us-east-1", "high"},
    {"routing:queue.update", "us-east-1", "normal"},
}};

constexpr std::string_view words =
    "thank you for waiting, I have the order in front of me and can see that the parcel left our store on "
    "Monday; would you "
    "like me to send the invoice again, or shall I change the address for the next delivery first? ";

}  // namespace

batch_maker::batch_maker(const batch_options& options) : options_(options), key_(mix(options.seed + 1)) {
  SLUICE_ASSERT(options_.events >= 1);
  SLUICE_ASSERT(options_.stream < (std::uint64_t{1} << (60 - stream_shift)));
  const std::size_t body_bytes = options_.events * std::max(options_.event_bytes, event_bytes_min);
  const std::size_t wanted = (events_prepared_min + options_.events - 1) / options_.events;
  const std::size_t count = std::min(wanted, std::max<std::size_t>(prepared_bytes_max / body_bytes, 1));
  bodies_.resize(count);
  std::uint64_t number = 0;
  for (auto& body : bodies_) {
    body.text.reserve(options_.events * (std::max(options_.event_bytes, event_bytes_min) + 1) + 16);
    body.slots.reserve(options_.events);
    body.text = R"({"events":[)";
    for (std::size_t i = 0; i < options_.events; ++i) {
      if (i > 0) body.text += ',';
      append_event(body, number++);
    }
    body.text += "]}";
  }
}

void batch_maker::append_event(prepared& body, std::uint64_t number) {
  const std::uint64_t draw = mix(key_ ^ mix((options_.stream << stream_shift) + number + 1));
  // Spread evenly by error diffusion; each stream begins at another phase, so that a small share is right
  // over many streams.
  const double phase = fraction(mix(key_ + options_.stream));
  const auto steps = [&](std::uint64_t n) {
    return std::floor(static_cast<double>(n) * options_.unmatched + phase);
  };
  const bool matches_none = steps(number + 1) > steps(number);
  const kind& of = matches_none ? unmatched_kinds[draw % unmatched_kinds.size()]
                                : matched_kinds[draw % matched_kinds.size()];

  const std::size_t begin = body.text.size();
  slot at{};
  body.text += R"({"id":")";
  at.id = body.text.size();
  body.text.append(uuid_bytes, '0');
  body.text += R"(","source":")";
  at.source = body.text.size();
  at.source_length = of.source.size();
  body.text += of.source;
  body.text += R"(","timestamp":")";
  at.timestamp = body.text.size();
  body.text.append(timestamp_bytes, '0');
  body.text += R"(","data":{)";
  body.slots.push_back(at);

  const std::string tail = R"("},"metadata":{"region":")" + std::string(of.region) + R"(","priority":")" +
                           std::string(of.priority) + R"("}})";
  constexpr std::string_view text_member = R"("text":")";
  const std::array<std::string, 9> members{
      R"("conversationId":")" + uuid(draw) + R"(",)",
      R"("eventTime":)" + std::to_string(1768473000000 + draw % 100000000) + ",",
      R"("mediaType":"VOICE","direction":"INBOUND",)",
      R"("participants":[{"purpose":"customer","muted":false},{"purpose":"agent","muted":true}],)",
      R"("sentiment":-0.)" + std::to_string(100 + draw % 900) + ",",
      R"("agent":{"name":"Zoë Ångström","skills":["billing","français"]},)",
      R"("queueId":")" + uuid(draw + 1) + R"(","wrapUp":null,)",
      R"("note":"said \"maybe\" \u2014 call back\n",)",
      R"("sessionId":")" + uuid(draw + 2) + R"(",)",
  };
  const auto left = [&](std::size_t more) {
    const std::size_t used = body.text.size() - begin + text_member.size() + tail.size() + more;
    return used <= options_.event_bytes ? options_.event_bytes - used : 0;
  };
  for (const auto& member : members) {
    if (left(0) >= member.size()) body.text += member;
  }
  const std::size_t filler = left(0);
  body.text += text_member;
  for (std::size_t i = 0; i < filler; ++i) body.text += words[(draw + i) % words.size()];
  body.text += tail;
}

bool batch_maker::next(std::string_view timestamp) {
  SLUICE_ASSERT(timestamp.size() == timestamp_bytes);
  const std::uint64_t number = batches_made_++;
  const std::uint64_t stream_base = options_.stream << stream_shift;
  if (number > 0 && fraction(mix(key_ ^ mix(~(stream_base + number)))) < options_.duplicates) return true;

  current_ = current_ + 1 < bodies_.size() ? current_ + 1 : 0;
  auto& body = bodies_[current_];
  SLUICE_ASSERT(ids_made_ + options_.events < (std::uint64_t{1} << stream_shift));
  std::uint64_t id = key_ + stream_base + ids_made_;
  for (const slot& at : body.slots) {
    put_uuid(body.text.data() + at.id, mix(id++));
    std::memcpy(body.text.data() + at.timestamp, timestamp.data(), timestamp_bytes);
  }
  ids_made_ += options_.events;
  return false;
}

event_name batch_maker::event(std::size_t index) const {
  SLUICE_ASSERT(index < options_.events);
  const auto& body = bodies_[current_];
  const slot& at = body.slots[index];
  const std::string_view text = body.text;
  return {text.substr(at.id, uuid_bytes), text.substr(at.source, at.source_length)};
}

}  // namespace sluice::load
