// The subject under which an event goes into a stream: a text of the configuration with places for what the
// event says. Whatever that is, a place never becomes more or less than what one token may hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/decode/object_reader.hpp"
#include "messages/result.hpp"

namespace sluice::deliver {

/// `events.{source}.{metadata.region}`: literal text, and the places `{source}`, `{id}` and
/// `{metadata.NAME}`.
class subject_template {
 public:
  /// Longest subject that a template may make: what net::nats::publisher takes.
  static constexpr std::size_t subject_bytes_max = 1024;
  /// Most bytes of one place, encoded.
  static constexpr std::size_t place_bytes_max = 128;

  struct part {
    enum class kind : std::uint8_t { literal, source, id, metadata };
    kind what = kind::literal;
    std::string text;  ///< the literal, or NAME
  };

  /// The first token is literal, so that no event chooses it, and does not begin with `$`, which is the
  /// server's own. errc::invalid_config says in words what is wrong.
  static result<subject_template> parse(std::string_view text);

  const std::vector<part>& parts() const noexcept { return parts_; }

 private:
  std::vector<part> parts_;
};

/// Makes subjects of one template. One for each lane: it keeps buffers, and is not thread-safe.
class subject_maker {
 public:
  explicit subject_maker(subject_template of) : template_(std::move(of)) {}

  /// `event` is JSON text; `id` and `source` are its own, escaped as they came, empty without one. In a place
  /// stands the text of a string, or a number, true, false or null as it came, `_` for anything else and for
  /// nothing. What is not printable ASCII, and each of `% . * > $`, is percent-encoded; the rest beyond
  /// `place_bytes_max` is cut. A name stands for what it means in a route: a member of `metadata`, or an
  /// attribute of a CloudEvent or of an EventBridge event.
  std::string make(std::string_view event, std::string_view id, std::string_view source);

 private:
  /// The value of a metadata member as JSON text; empty without one.
  std::string_view metadata_value(std::string_view event, std::string_view name);

  subject_template template_;
  decode::object_reader members_, metadata_;
};

}  // namespace sluice::deliver
