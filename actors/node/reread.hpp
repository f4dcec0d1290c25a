// Events that were accepted before, understood once more: what the log needs to know of them to hold them
// again stands in their bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "actors/decode/decoder.hpp"
#include "messages/result.hpp"

namespace sluice::node {

/// An event as it was accepted; `id` and `source` escaped as they came.
struct accepted_event {
  std::string_view event, id, source;
};

/// Not thread-safe; one for many reads keeps its buffers.
class rereader {
 public:
  /// `key` is that of the log which the events came from, so that their identities stay what they were.
  explicit rereader(const decode::identity_key& key);

  /// Some of the events, in their order, the first being number `first`; slices lie in `body`.
  using visit = std::function<void(decoded& events, std::string_view body, std::size_t first)>;

  /// Understands `events` as they were understood when they came, and shows them to `to` in as few parts as
  /// that allows. errc::corrupt when one is not the event that its id and source name; what was shown before
  /// it is right.
  result<void> read(std::span<const accepted_event> events, const visit& to);

 private:
  bool read_as(std::string_view before, std::span<const accepted_event> events, std::string_view behind);

  decode::decoder decoder_;
  std::string body_;
  decoded events_;
};

}  // namespace sluice::node
