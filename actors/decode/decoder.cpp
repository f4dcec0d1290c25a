#include "actors/decode/decoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "actors/decode/event_reader.hpp"
#include "actors/decode/json_text.hpp"
#include "actors/decode/json_walk.hpp"
#include "actors/decode/token_index.hpp"
#include "messages/assert.hpp"

namespace sluice::decode {
namespace {

using step = json_walk::step;
using outcome = event_reader::outcome;

std::string byte(std::size_t offset) { return "byte " + std::to_string(offset); }

tl::unexpected<error> not_json(std::string_view what, std::size_t at) {
  return fail(errc::not_json, "not JSON: " + std::string(what), byte(at));
}

tl::unexpected<error> not_a_batch(std::string what, std::string_view member, std::size_t at) {
  return fail(errc::not_a_batch, std::move(what), std::string(member) + " (" + byte(at) + ")");
}

constexpr bool is_opener(char c) noexcept { return c == '{' || c == '['; }
constexpr bool is_closer(char c) noexcept { return c == '}' || c == ']'; }

}  // namespace

struct decoder::state {
  state(decode_limits decides, const identity_key& key)
      : limits(decides), walk(decides.max_depth), reader(key, decides.max_metadata) {}

  result<void> read_body(std::string_view body, decoded& out);
  result<void> read_object(std::string_view body, std::span<const std::uint32_t> found, decoded& out);
  result<void> read_array(decoded& out, shapes allowed, std::string_view name);
  result<void> read_scalar(std::string_view body, std::size_t at);
  result<void> read_one(decoded& out);
  result<void> finish();
  bool key_is(std::string_view body, const raw_string& key, std::string_view name);
  tl::unexpected<error> fault() const;
  tl::unexpected<error> wrong_end(std::string_view body, std::span<const std::uint32_t> found);
  result<void> check(outcome said) const;

  decode_limits limits;
  token_index tokens;
  json_walk walk;
  event_reader reader;
};

decoder::decoder(decode_limits limits, const identity_key& key)
    : state_(std::make_unique<state>(limits, key)) {}
decoder::~decoder() = default;

result<void> decoder::decode(std::string_view body, decoded& out) {
  out.clear();
  auto said = state_->read_body(body, out);
  if (!said) out.clear();
  return said;
}

tl::unexpected<error> decoder::state::fault() const {
  std::string what = walk.fault_text();
  if (walk.fault_text() == json_walk::too_deep) what += ", at most " + std::to_string(limits.max_depth);
  return not_json(what, walk.fault_at());
}

/// Why a body whose last token closes nothing is no JSON: it goes on behind its value, or breaks off inside
/// it.
tl::unexpected<error> decoder::state::wrong_end(std::string_view body, std::span<const std::uint32_t> found) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const char c = body[found[i]];
    if (is_opener(c)) ++depth;
    if (!is_closer(c) || --depth > 0) continue;
    walk.start(body.substr(0, found[i] + 1), found.first(i + 1));
    if (!walk.skip_value()) return fault();
    return not_json("expected the end of the body", found[i + 1]);
  }
  const bool in_object = body[found.front()] == '{';
  return not_json(
      in_object ? "the body breaks off inside its object" : "the body breaks off inside its array",
      body.size());
}

result<void> decoder::state::check(outcome said) const {
  switch (said) {
    case outcome::read:
      return {};
    case outcome::not_json:
      return fault();
    case outcome::too_many_members:
      break;
  }
  return fail(errc::too_large,
              "a batch has at most " + std::to_string(limits.max_metadata) + " metadata members");
}

result<void> decoder::state::read_body(std::string_view body, decoded& out) {
  if (body.starts_with("\xef\xbb\xbf")) return not_json("a byte order mark is not allowed", 0);
  const auto found = tokens.index(body);
  if (!found) return fail(found.error());
  const char first = body[found->front()];
  if (first != '{' && first != '[') return read_scalar(body, found->front());
  if (!is_closer(body[found->back()])) return wrong_end(body, *found);
  walk.start(body, *found);
  reader.start(body, out);
  constexpr std::size_t usual_event_bytes = 512;
  const std::size_t likely = std::min(limits.max_events, body.size() / usual_event_bytes + 1);
  out.entries.reserve(likely);
  out.texts.reserve(likely);
  out.metadata.reserve(std::min(limits.max_metadata, 4 * likely));
  if (first == '{') return read_object(body, *found, out);
  if (auto said = read_array(out, shapes::any, ""); !said) return said;
  if (auto said = finish(); !said) return said;
  if (out.entries.empty()) return not_a_batch("an array of events must not be empty", "body", found->front());
  return {};
}

/// Nothing but whitespace may follow the body's value; whitespace has no token.
result<void> decoder::state::finish() {
  if (walk.at_end()) return {};
  return not_json("expected the end of the body", walk.offset());
}

bool decoder::state::key_is(std::string_view body, const raw_string& key, std::string_view name) {
  const std::string_view raw = body.substr(key.begin, key.size());
  if (!key.escaped) return raw == name;
  std::array<char, 128>
      plain;  // an escape stands for at least a sixth of its bytes: longer keys are none of ours
  return raw.size() <= plain.size() && std::string_view(plain.data(), unescape(raw, plain.data())) == name;
}

result<void> decoder::state::read_object(std::string_view body, std::span<const std::uint32_t> found,
                                         decoded& out) {
  const std::uint32_t begin = walk.offset();
  bool has_events = false, is_event = false;
  std::optional<error> problem;  // told once all of the body is known to be JSON
  raw_string key;
  auto at = walk.first_member(key);
  for (; at == step::item; at = walk.next_member(key)) {
    if (key_is(body, key, "events")) {
      if (!has_events && walk.peek() == '[') {
        if (auto said = read_array(out, shapes::plain, "events"); !said) return said;
      } else {
        if (!problem) {
          problem = not_a_batch(has_events ? "events occurs twice" : "events is not an array", "events",
                                walk.offset())
                        .value();
        }
        if (!walk.skip_value()) return fault();
      }
      has_events = true;
      continue;
    }
    is_event = is_event || key_is(body, key, "specversion") ||
               (walk.peek() == '"' && key_is(body, key, "detail-type"));
    if (!walk.skip_value()) return fault();
  }
  if (at == step::fault) return fault();
  if (auto said = finish(); !said) return said;
  if (problem) return fail(std::move(*problem));
  if (has_events) return {};
  if (!is_event) return not_a_batch("events is missing, a batch is {\"events\":[…]}", "events", begin);
  walk.start(body, found);
  return check(reader.read(walk, shapes::any));
}

result<void> decoder::state::read_array(decoded& out, shapes allowed, std::string_view name) {
  auto at = walk.first_element();
  for (; at == step::item; at = walk.next_element()) {
    if (out.entries.size() == limits.max_events) {
      return fail(
          errc::too_large, "a batch has at most " + std::to_string(limits.max_events) + " events",
          std::string(name) + "[" + std::to_string(limits.max_events) + "] (" + byte(walk.offset()) + ")");
    }
    if (auto said = check(reader.read(walk, allowed)); !said) return said;
  }
  if (at == step::fault) return fault();
  return {};
}

/// A body that is neither object nor array is no batch, but may be JSON: as the one element of an array it
/// can be walked like everything else.
result<void> decoder::state::read_scalar(std::string_view body, std::size_t at) {
  std::string padded;
  padded.reserve(body.size() + 2 + body_padding);
  padded += '[';
  padded += body;
  padded += ']';
  const std::size_t size = padded.size();
  padded.append(body_padding, ' ');
  const auto wrapped = std::string_view(padded).substr(0, size);
  const auto found = tokens.index(wrapped);
  if (!found) return not_json("expected an object or an array", at);
  walk.start(wrapped, *found);
  if (walk.first_element() != step::item) return not_json("expected a value", at);
  if (!walk.skip_value()) return not_json(walk.fault_text(), walk.fault_at() - 1);
  if (walk.next_element() != step::end || !walk.at_end()) return not_json("expected the end of the body", at);
  return not_a_batch("the body is neither an object nor an array", "body", at);
}

std::string describe(const decoded& events, std::size_t index) {
  SLUICE_ASSERT(index < events.entries.size() && events.entries[index].quarantined());
  const event_entry& entry = events.entries[index];
  const auto why = static_cast<quarantine>(entry.why);
  std::string_view member;
  switch (why) {
    case quarantine::id_missing:
    case quarantine::id_not_string:
    case quarantine::id_empty:
    case quarantine::id_too_long:
      member = ".id";
      break;
    case quarantine::source_missing:
    case quarantine::source_not_string:
    case quarantine::source_empty:
    case quarantine::source_too_long:
      member = ".source";
      break;
    case quarantine::metadata_not_object:
    case quarantine::metadata_not_string:
      member = ".metadata";
      break;
    case quarantine::none:
    case quarantine::not_an_object:
    case quarantine::duplicate_member:
      break;
  }
  return "events[" + std::to_string(index) + "]" + std::string(member) + ": " + std::string(to_string(why)) +
         " (" + byte(entry.offset) + ")";
}

}  // namespace sluice::decode
