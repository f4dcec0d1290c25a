// Judges the raw bytes of a request head before any parser interprets them: what two readers could understand
// differently (RFC 9112 section 11.2, request smuggling) is refused, not repaired.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/server.hpp"

namespace sluice::net::http {

/// Why a head is refused. The connection closes after the answer: where the next request begins is not known.
struct head_refusal {
  int status = 400;
  std::string_view detail;  ///< static text
};

/// One field of a head; views into the judged bytes.
struct field_view {
  std::string_view name;   ///< as it came
  std::string_view value;  ///< without the white space around it
};

/// Both in ASCII only.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
method method_of(std::string_view text) noexcept;

/// Reused from request to request, so that judging allocates nothing. Pure: no clock, no socket.
///
/// Use: `measure` on what has come so far until it knows the end of the head, then `judge` on exactly those
/// bytes. The accessors are valid after a `judge` that refused nothing, for as long as the bytes stay in
/// place.
class strict_head {
 public:
  explicit strict_head(const limits& bounds) noexcept
      : head_bytes_max_(bounds.head_bytes),
        fields_max_(bounds.fields),
        target_bytes_max_(bounds.target_bytes) {}

  /// What `measure` found. `end` counts from the start of the given bytes and is 0 while more must come.
  struct extent {
    std::size_t end = 0;
    std::optional<head_refusal> refused;
  };
  /// Looks for the end of the head in `bytes`, which begin where the request begins and grow from call to
  /// call: only the new ones are read. Refuses what can be refused early (size, bare LF, no token at the
  /// start).
  extent measure(std::string_view bytes) noexcept;
  /// Forgets the progress of `measure`; to be called before the next request's bytes.
  void restart() noexcept { scanned_ = line_ = 0; }

  /// Judges a complete head: an optional CRLF (RFC 9112 2.2), request-line, fields, and the empty line.
  std::optional<head_refusal> judge(std::string_view bytes);

  http::method verb() const noexcept { return method_of(method_text_); }
  std::string_view method_text() const noexcept { return method_text_; }
  std::string_view raw_target() const noexcept { return raw_target_; }  ///< as it came
  std::string_view target() const noexcept { return target_; }          ///< origin-form, or `*`
  int minor_version() const noexcept { return minor_version_; }         ///< 0 or 1: of HTTP/1
  const std::vector<field_view>& fields() const noexcept { return fields_; }
  std::string_view field(std::string_view lower_case_name) const noexcept;  ///< value, or empty
  std::optional<std::uint64_t> content_length() const noexcept { return content_length_; }
  bool chunked() const noexcept { return chunked_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  bool expect_continue() const noexcept { return expect_continue_; }
  bool has_body() const noexcept { return chunked_ || content_length_.value_or(0) > 0; }
  std::size_t skipped() const noexcept { return skipped_; }  ///< bytes of the leading CRLF: 0 or 2

 private:
  using verdict = std::optional<head_refusal>;
  verdict judge_request_line(std::string_view line);
  verdict judge_target();
  verdict judge_absolute_target(std::string_view after_scheme);
  verdict judge_field_line(std::string_view line);
  verdict judge_meaning();
  verdict judge_known_field(const field_view& f);
  verdict judge_transfer_encoding(std::string_view value);
  verdict judge_content_length(std::string_view value);
  verdict judge_connection(std::string_view value);

  const std::size_t head_bytes_max_;
  const std::size_t fields_max_;
  const std::size_t target_bytes_max_;

  std::size_t scanned_ = 0;  ///< measure: bytes already searched for LF
  std::size_t line_ = 0;     ///< measure: where the current line starts

  std::string_view method_text_, raw_target_, target_, authority_;
  std::string rebuilt_target_;  ///< for an absolute-form target without a path
  std::vector<field_view> fields_;
  std::optional<std::uint64_t> content_length_;
  std::size_t skipped_ = 0;
  int minor_version_ = 1;
  unsigned seen_ = 0;  ///< bits of the fields that may come once
  bool has_authority_ = false;
  bool chunked_ = false;
  bool keep_alive_ = true;
  bool expect_continue_ = false;
  bool close_named_ = false;
  bool keep_alive_named_ = false;
};

}  // namespace sluice::net::http
