// An attempt's request, from the offer that it tries: body, static fields, and the proof of who sends it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/deliver/formats.hpp"
#include "net/http/client.hpp"
#include "net/signature/standard_webhooks.hpp"

namespace sluice::deliver {

/// What all requests to a destination have in common.
struct request_form {
  deliver::format format = format::envelope;
  std::string type = {};                                         ///< of CloudEvents, see cloud_event_writer
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< sent with each, legal as HTTP has it
  std::vector<net::signature::secret> secrets = {};  ///< each signs every request; none: nothing is signed
};

/// Whether a destination's configuration may set the field: not one that the client or the request maker
/// writes, or that would change how the request is framed. `name` in any case.
bool is_free_field(std::string_view name);

/// Pure. One for each lane: it keeps buffers, and is not thread-safe.
class request_maker {
 public:
  explicit request_maker(request_form form)
      : form_(std::move(form)), bodies_(form_.format, std::move(form_.type)) {}

  /// `id` is the same for each attempt of an offer and has no full stop; the body is too. What differs is the
  /// time of the attempt, in Unix seconds, and with it the signature.
  net::http::outgoing make(const std::string& id, std::span<const std::string_view> events,
                           std::int64_t unix_seconds);

 private:
  request_form form_;
  body_maker bodies_;
};

}  // namespace sluice::deliver
