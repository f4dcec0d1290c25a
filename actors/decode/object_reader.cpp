#include "actors/decode/object_reader.hpp"

#include <vector>

#include "actors/decode/decoder.hpp"
#include "actors/decode/json_text.hpp"
#include "actors/decode/json_walk.hpp"
#include "actors/decode/token_index.hpp"

namespace sluice::decode {

struct object_reader::state {
  result<std::span<const object_member>> read(std::string_view text);
  tl::unexpected<error> fault() const {
    return fail(errc::not_json, walk.fault_text(), "byte " + std::to_string(walk.fault_at()));
  }

  token_index tokens;
  json_walk walk{decode_limits{}.max_depth};
  std::string body;  // with what the walk may read behind it
  std::string keys;  // those that had escapes
  std::vector<object_member> members;
};

object_reader::object_reader() : state_(std::make_unique<state>()) {}
object_reader::~object_reader() = default;
object_reader::object_reader(object_reader&&) noexcept = default;
object_reader& object_reader::operator=(object_reader&&) noexcept = default;

result<std::span<const object_member>> object_reader::read(std::string_view text) {
  return state_->read(text);
}

result<std::span<const object_member>> object_reader::state::read(std::string_view text) {
  if (body.capacity() > token_index::retained_body_max) body = {}, keys = {}, members = {};
  body.assign(text).append(body_padding, ' ');
  members.clear();
  keys.resize(text.size());  // no longer than what they are unescaped from, so they stay where they are
  std::size_t keys_used = 0;
  const std::string_view all(body.data(), text.size());
  const auto found = tokens.index(all);
  if (!found) return fail(found.error());
  if (all[found->front()] != '{') return fail(errc::unsupported, "is not an object");
  if (all[found->back()] != '}') return fail(errc::not_json, "breaks off inside its object");
  walk.start(all, *found);
  raw_string key;
  auto step = walk.first_member(key);
  for (; step == json_walk::step::item; step = walk.next_member(key)) {
    const std::size_t begin = walk.offset();
    if (!walk.skip_value()) return fault();
    std::string_view name = all.substr(key.begin, key.size());
    if (key.escaped) {
      char* const to = keys.data() + keys_used;
      name = {to, unescape(name, to)};
      keys_used += name.size();
    }
    members.push_back({name, all.substr(begin, walk.value_end() - begin)});
  }
  if (step == json_walk::step::fault) return fault();
  if (!walk.at_end()) return fail(errc::not_json, "goes on behind its object");
  return std::span<const object_member>(members);
}

std::string string_text(std::string_view value) {
  const std::string_view raw = value.substr(1, value.size() - 2);
  std::string text(raw.size(), '\0');
  text.resize(unescape(raw, text.data()));
  return text;
}

}  // namespace sluice::decode
