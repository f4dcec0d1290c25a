#include "actors/decode/token_index.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <string>

#include "actors/decode/json_text.hpp"

namespace sluice::decode {
namespace {

using stage_one = simdjson::internal::dom_parser_implementation;

constexpr std::size_t smallest_capacity = std::size_t{64} << 10;

std::unique_ptr<stage_one> make_stage_one(std::size_t capacity) {
  std::unique_ptr<stage_one> made;
  // Depth concerns its second stage, which is not used.
  const auto code =
      simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, made);
  return code == simdjson::SUCCESS ? std::move(made) : nullptr;
}

tl::unexpected<error> not_json(std::string what, std::size_t at) {
  return fail(errc::not_json, "not JSON: " + std::move(what), "byte " + std::to_string(at));
}

tl::unexpected<error> explain(simdjson::error_code code, std::string_view body) {
  switch (code) {
    case simdjson::EMPTY:
      return not_json("the body is empty", 0);
    case simdjson::UTF8_ERROR:
      return not_json("invalid UTF-8", first_invalid_utf8(body));
    case simdjson::UNCLOSED_STRING:
      return not_json("a string does not end", first_string_fault(body));
    case simdjson::UNESCAPED_CHARS:
      return not_json("a control character in a string must be escaped", first_string_fault(body));
    default:
      return not_json(simdjson::error_message(code), 0);
  }
}

}  // namespace

struct token_index::state {
  std::unique_ptr<stage_one> kept;
  std::unique_ptr<stage_one> large;  // for the last body alone, when it was larger than what is kept
};

token_index::token_index() : state_(std::make_unique<state>()) {}
token_index::~token_index() = default;

result<std::span<const std::uint32_t>> token_index::index(std::string_view body) {
  if (body.size() > simdjson::SIMDJSON_MAXSIZE_BYTES) {
    return fail(errc::too_large, "a body has at most 4 GiB");
  }
  state_->large.reset();
  auto& used = body.size() > retained_body_max ? state_->large : state_->kept;
  if (used == nullptr || used->capacity() < body.size()) {
    used.reset();
    used = make_stage_one(body.size() > retained_body_max
                              ? body.size()
                              : std::max(smallest_capacity, std::bit_ceil(body.size())));
    if (used == nullptr) return fail(errc::too_large, "no memory to index the body");
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
  const auto code = used->stage1(bytes, body.size(), simdjson::stage1_mode::regular);
  if (code != simdjson::SUCCESS) return explain(code, body);
  return std::span<const std::uint32_t>(used->structural_indexes.get(), used->n_structural_indexes);
}

}  // namespace sluice::decode
