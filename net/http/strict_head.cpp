// The rules of RFC 9110 and RFC 9112 for a request head, read as narrowly as senders of good will allow.
#include "net/http/strict_head.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace sluice::net::http {
namespace {

using verdict = std::optional<head_refusal>;

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_hex(char c) noexcept { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

enum : std::uint8_t { token_char = 1, value_char = 2, target_char = 4, host_char = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool alnum = i < 128 && (is_alpha(c) || is_digit(c));
    std::uint8_t bits = 0;
    if (alnum || (i < 128 && i != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos))
      bits |= token_char;                                           // RFC 9110 5.6.2
    if (i == '\t' || (i >= 0x20 && i != 0x7f)) bits |= value_char;  // VCHAR, obs-text, SP, HTAB
    if (i > 0x20 && i < 0x7f && i != '#') bits |= target_char;      // no fragment travels in a target
    if (alnum || (i < 128 && i != 0 && std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos))
      bits |= host_char;  // RFC 3986 reg-name without pct-encoded
    table[i] = bits;
  }
  return table;
}
constexpr auto classes = make_classes();

bool all_of_class(std::string_view text, std::uint8_t wanted) noexcept {
  std::uint8_t common = wanted;
  for (const char c : text) common &= classes[static_cast<unsigned char>(c)];
  return common == wanted;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return false;
  unsigned value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65'535;
}

/// uri-host [ ":" port ], RFC 9110 7.2; an empty host and an empty port are refused.
bool is_authority(std::string_view text) noexcept {
  if (text.empty()) return false;
  std::size_t end = 0;
  if (text.front() == '[') {
    end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const auto inside = text.substr(1, end - 1);
    const auto allowed = [](char c) { return is_hex(c) || c == ':' || c == '.'; };
    if (!std::all_of(inside.begin(), inside.end(), allowed) || inside.find(':') == std::string_view::npos)
      return false;
    ++end;
  } else {
    while (end < text.size() && text[end] != ':') {
      if (text[end] == '%') {
        if (end + 2 >= text.size() || !is_hex(text[end + 1]) || !is_hex(text[end + 2])) return false;
        end += 3;
      } else if ((classes[static_cast<unsigned char>(text[end])] & host_char) != 0) {
        ++end;
      } else {
        return false;
      }
    }
    if (end == 0) return false;
  }
  return end == text.size() || (text[end] == ':' && is_port(text.substr(end + 1)));
}

/// Fields that decide what a request is: given twice, two readers could choose differently.
enum single : unsigned {
  host_seen = 1,
  length_seen = 2,
  coding_seen = 4,
  expect_seen = 8,
  type_seen = 16,
  content_coding_seen = 32,
  authorization_seen = 64,
};
struct single_field {
  std::string_view name;
  single bit;
  std::string_view twice;
};
constexpr single_field singles[] = {
    {"host", host_seen, "Host is given more than once"},
    {"content-length", length_seen, "Content-Length is given more than once"},
    {"transfer-encoding", coding_seen, "Transfer-Encoding is given more than once"},
    {"expect", expect_seen, "Expect is given more than once"},
    {"content-type", type_seen, "Content-Type is given more than once"},
    {"content-encoding", content_coding_seen, "Content-Encoding is given more than once"},
    {"authorization", authorization_seen, "Authorization is given more than once"},
};

verdict refuse(int status, std::string_view detail) { return head_refusal{status, detail}; }

/// Room for a method, two spaces and a version beside the longest target.
constexpr std::size_t request_line_rest_bytes = 64;

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

method method_of(std::string_view text) noexcept {
  if (text == "POST") return method::post;
  if (text == "GET") return method::get;
  if (text == "HEAD") return method::head;
  if (text == "PUT") return method::put;
  if (text == "DELETE") return method::del;
  if (text == "OPTIONS") return method::options;
  return method::other;
}

strict_head::extent strict_head::measure(std::string_view bytes) noexcept {
  const auto too_long = [&]() -> verdict {
    if (line_ <= 2 && bytes.size() > target_bytes_max_ + request_line_rest_bytes)
      return refuse(414, "the request target is longer than the limit");
    return refuse(431, "the request head is longer than the limit");
  };
  while (scanned_ < bytes.size()) {
    if (scanned_ == line_ && line_ <= 2) {  // what is no HTTP at all is told by its first byte
      const char first = bytes[scanned_];
      const bool leading_crlf = line_ == 0 && first == '\r';
      if (!leading_crlf && (classes[static_cast<unsigned char>(first)] & token_char) == 0)
        return {0, refuse(400, "the request line does not start with a method")};
    }
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) {
      scanned_ = bytes.size();
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == line_ || bytes[at - 1] != '\r') return {0, refuse(400, "a line ends in LF without CR")};
    if (at + 1 > head_bytes_max_) return {0, too_long()};
    const bool empty_line = at == line_ + 1;
    if (empty_line && line_ > 0) {
      if (line_ == 2) return {0, refuse(400, "more than one empty line before the request line")};
      return {at + 1, std::nullopt};
    }
    scanned_ = line_ = at + 1;
  }
  const bool in_request_line = line_ <= 2;
  if (bytes.size() > head_bytes_max_) return {0, too_long()};
  if (in_request_line && bytes.size() - line_ > target_bytes_max_ + request_line_rest_bytes)
    return {0, too_long()};
  return {};
}

std::optional<head_refusal> strict_head::judge(std::string_view bytes) {
  method_text_ = raw_target_ = target_ = authority_ = {};
  fields_.clear();
  content_length_.reset();
  seen_ = 0;
  minor_version_ = 1;
  has_authority_ = chunked_ = expect_continue_ = close_named_ = keep_alive_named_ = false;
  keep_alive_ = false;

  if (bytes.size() > head_bytes_max_) return refuse(431, "the request head is longer than the limit");
  skipped_ = bytes.substr(0, 2) == "\r\n" ? 2 : 0;
  bytes.remove_prefix(skipped_);
  bool first = true;
  for (;;) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) return refuse(400, "the head does not end in an empty line");
    if (end == 0 || bytes[end - 1] != '\r') return refuse(400, "a line ends in LF without CR");
    const auto line = bytes.substr(0, end - 1);
    bytes.remove_prefix(end + 1);
    if (first) {
      if (auto no = judge_request_line(line)) return no;
      first = false;
    } else if (line.empty()) {
      if (!bytes.empty()) return refuse(400, "bytes after the end of the head");
      return judge_meaning();
    } else if (auto no = judge_field_line(line)) {
      return no;
    }
  }
}

std::optional<head_refusal> strict_head::judge_request_line(std::string_view line) {
  const auto method_end = line.find(' ');
  if (method_end == std::string_view::npos) return refuse(400, "the request line has no target");
  method_text_ = line.substr(0, method_end);
  if (method_text_.empty() || !all_of_class(method_text_, token_char))
    return refuse(400, "the method is not a token");
  line.remove_prefix(method_end + 1);
  const auto target_end = line.find(' ');
  if (target_end == std::string_view::npos) return refuse(400, "the request line has no version");
  raw_target_ = line.substr(0, target_end);
  const auto version = line.substr(target_end + 1);
  if (raw_target_.empty()) return refuse(400, "more than one space in the request line");
  if (!all_of_class(raw_target_, target_char))
    return refuse(400, "the target has a control character, a fragment or a byte outside ASCII");
  if (raw_target_.size() > target_bytes_max_)
    return refuse(414, "the request target is longer than the limit");
  const bool well_formed = version.size() == 8 && version.substr(0, 5) == "HTTP/" && is_digit(version[5]) &&
                           version[6] == '.' && is_digit(version[7]);
  if (!well_formed) return refuse(400, "the version is not HTTP/digit.digit");
  if (version[5] != '1' || version[7] > '1') return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  minor_version_ = version[7] - '0';
  return judge_target();
}

std::optional<head_refusal> strict_head::judge_target() {
  if (raw_target_.front() == '/') {
    target_ = raw_target_;
    return {};
  }
  if (raw_target_ == "*") {
    target_ = raw_target_;
    if (method_text_ != "OPTIONS") return refuse(400, "the target * belongs to OPTIONS only");
    return {};
  }
  for (const std::string_view scheme : {"http://", "https://"})
    if (equal_ignoring_case(raw_target_.substr(0, scheme.size()), scheme))
      return judge_absolute_target(raw_target_.substr(scheme.size()));
  return refuse(400, "the target is neither a path nor an http URL");
}

std::optional<head_refusal> strict_head::judge_absolute_target(std::string_view after_scheme) {
  const auto authority_end = std::min(after_scheme.find_first_of("/?"), after_scheme.size());
  authority_ = after_scheme.substr(0, authority_end);
  has_authority_ = true;
  if (!is_authority(authority_)) return refuse(400, "the authority of the target is not a host and port");
  target_ = after_scheme.substr(authority_end);
  if (target_.empty() || target_.front() == '?') {
    rebuilt_target_.assign(1, '/');
    rebuilt_target_ += target_;
    target_ = rebuilt_target_;
  }
  return {};
}

std::optional<head_refusal> strict_head::judge_field_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "a field is folded over lines");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a field has no colon");
  const auto name = line.substr(0, colon);
  if (name.empty() || !all_of_class(name, token_char))
    return refuse(400, "a field name is not a token (white space before the colon included)");
  const auto value = line.substr(colon + 1);
  if (!all_of_class(value, value_char)) return refuse(400, "a field value has a control character");
  if (fields_.size() == fields_max_) return refuse(431, "the request has more fields than the limit");
  fields_.push_back({name, trimmed(value)});
  return {};
}

std::optional<head_refusal> strict_head::judge_meaning() {
  for (const auto& f : fields_)
    if (auto no = judge_known_field(f)) return no;
  if (minor_version_ == 1 && (seen_ & host_seen) == 0) return refuse(400, "Host is missing");
  if (has_authority_ && (seen_ & host_seen) != 0 && !equal_ignoring_case(authority_, field("host")))
    return refuse(400, "the authority of the target is not the Host");
  if ((seen_ & coding_seen) != 0) {
    if ((seen_ & length_seen) != 0) return refuse(400, "Transfer-Encoding and Content-Length together");
    if (minor_version_ == 0) return refuse(400, "Transfer-Encoding in an HTTP/1.0 request");
    if (auto no = judge_transfer_encoding(field("transfer-encoding"))) return no;
  }
  if ((seen_ & expect_seen) != 0) {
    if (!equal_ignoring_case(field("expect"), "100-continue"))
      return refuse(417, "only the expectation 100-continue is met");
    expect_continue_ = minor_version_ == 1;  // RFC 9110 10.1.1: ignored in HTTP/1.0
  }
  keep_alive_ = !close_named_ && (minor_version_ == 1 || keep_alive_named_);
  return {};
}

std::optional<head_refusal> strict_head::judge_known_field(const field_view& f) {
  for (const auto& one : singles) {
    if (!equal_ignoring_case(f.name, one.name)) continue;
    if ((seen_ & one.bit) != 0) return refuse(400, one.twice);
    seen_ |= one.bit;
    if (one.bit == host_seen && !is_authority(f.value)) return refuse(400, "Host is not a host and port");
    if (one.bit == length_seen) return judge_content_length(f.value);
    return {};
  }
  if (equal_ignoring_case(f.name, "connection")) return judge_connection(f.value);
  return {};
}

std::optional<head_refusal> strict_head::judge_transfer_encoding(std::string_view value) {
  if (equal_ignoring_case(value, "chunked")) {
    chunked_ = true;
    return {};
  }
  if (value.empty()) return refuse(400, "Transfer-Encoding is empty");
  // A coding that we do not know is 501 (RFC 9112 6.1); chunked twice, or not last, is no framing at all.
  std::size_t codings = 0, chunked = 0;
  bool chunked_last = false;
  for (std::size_t at = 0; at <= value.size();) {
    const auto comma = std::min(value.find(',', at), value.size());
    const auto coding = trimmed(value.substr(at, comma - at));
    if (coding.empty() || !all_of_class(coding, token_char))
      return refuse(400, "Transfer-Encoding is not a list of codings");
    ++codings;
    chunked_last = equal_ignoring_case(coding, "chunked");
    if (chunked_last) ++chunked;
    at = comma + 1;
  }
  if (chunked > 1 || (chunked == 1 && !chunked_last))
    return refuse(400, "chunked is not the one, last transfer coding");
  return refuse(501, "no transfer coding but chunked is known");
}

std::optional<head_refusal> strict_head::judge_content_length(std::string_view value) {
  if (value.empty()) return refuse(400, "Content-Length is empty");
  constexpr std::uint64_t max = std::numeric_limits<std::int64_t>::max();
  std::uint64_t length = 0;
  for (const char c : value) {
    if (!is_digit(c)) return refuse(400, "Content-Length is not a decimal number");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (max - digit) / 10) return refuse(400, "Content-Length is out of range");
    length = length * 10 + digit;
  }
  content_length_ = length;
  return {};
}

std::optional<head_refusal> strict_head::judge_connection(std::string_view value) {
  for (std::size_t at = 0; at <= value.size();) {
    const auto comma = std::min(value.find(',', at), value.size());
    const auto option = trimmed(value.substr(at, comma - at));
    if (!all_of_class(option, token_char)) return refuse(400, "Connection is not a list of tokens");
    if (equal_ignoring_case(option, "close")) close_named_ = true;
    if (equal_ignoring_case(option, "keep-alive")) keep_alive_named_ = true;
    at = comma + 1;
  }
  return {};
}

std::string_view strict_head::field(std::string_view lower_case_name) const noexcept {
  for (const auto& f : fields_)
    if (equal_ignoring_case(f.name, lower_case_name)) return f.value;
  return {};
}

}  // namespace sluice::net::http
