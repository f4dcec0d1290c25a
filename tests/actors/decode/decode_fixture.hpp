// What the decode tests share: bodies with hostile padding, a fixed key, verdicts with their place.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "actors/decode/decoder.hpp"

namespace sluice::decode {

inline identity_key test_key(std::uint8_t first = 1) {
  identity_key::secret secret{};
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::byte>(first + i * 37);
  return identity_key(secret);
}

/// A body in memory of exactly its size and padding, so that a sanitizer sees each byte read too far. The
/// padding would continue the text if anyone interpreted it.
class padded_body {
 public:
  explicit padded_body(std::string_view text, char padding = '}')
      : size_(text.size()), bytes_(std::make_unique_for_overwrite<char[]>(size_ + body_padding)) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    std::memset(bytes_.get() + size_, padding, body_padding);
  }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

/// A decoder with the body it decoded last and what it found in it.
class decode_fixture {
 public:
  explicit decode_fixture(decode_limits limits = {}) : decoder_(limits, test_key()) {}

  result<void> decode(std::string_view text, char padding = '}') {
    body = std::make_unique<padded_body>(text, padding);
    return decoder_.decode(body->view(), out);
  }
  /// "ok", or `code | place | detail`.
  std::string verdict(std::string_view text, char padding = '}') {
    const auto said = decode(text, padding);
    if (said) return "ok";
    return std::string(to_string(said.error().code)) + " | " + said.error().place + " | " +
           said.error().detail;
  }
  /// Whether the body is JSON, whatever it means.
  bool is_json(std::string_view text, char padding = '}') {
    const auto said = decode(text, padding);
    return said || said.error().code != errc::not_json;
  }
  std::string_view slice(std::size_t event) const {
    return body->view().substr(out.entries.at(event).offset, out.entries.at(event).length);
  }
  /// Between the quotes, as it came.
  std::string_view raw_id(std::size_t event) const {
    return slice(event).substr(out.entries.at(event).id_offset, out.entries.at(event).id_length);
  }
  std::string_view raw_source(std::size_t event) const {
    return slice(event).substr(out.entries.at(event).source_offset, out.entries.at(event).source_length);
  }
  std::string_view raw_region(std::size_t event) const {
    return slice(event).substr(out.entries.at(event).region_offset, out.entries.at(event).region_length);
  }
  quarantine why(std::size_t event) const { return static_cast<quarantine>(out.entries.at(event).why); }
  /// `key=value;` of each metadata member in order.
  std::string metadata(std::size_t event) const {
    std::string all;
    const event_text& text = out.texts.at(event);
    for (std::uint32_t i = 0; i < text.metadata_count; ++i) {
      const metadata_member& member = out.metadata.at(text.metadata_first + i);
      all += std::string(member.key) + "=" + std::string(member.value) + ";";
    }
    return all;
  }

  std::unique_ptr<padded_body> body;
  decoded out;

 private:
  decoder decoder_;
};

}  // namespace sluice::decode
