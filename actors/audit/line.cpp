#include "actors/audit/line.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "messages/rfc3339_text.hpp"

namespace sluice::audit {
namespace {

using namespace std::string_view_literals;

/// In valid JSON text these may stand in a string as they are, but a terminal or a line splitter takes them
/// for more.
bool is_plain(std::string_view escaped) noexcept {
  return std::ranges::none_of(escaped, [](char c) { return c == '\x7f' || c == '\xe2'; });
}

// U+2028 and U+2029 (E2 80 A8, E2 80 A9) and DEL become escapes.
void append_guarded(std::string& to, std::string_view escaped) {
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const auto here = escaped.substr(i, 3);
    if (here == "\xe2\x80\xa8"sv || here == "\xe2\x80\xa9"sv) {
      to += here == "\xe2\x80\xa8"sv ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (escaped[i] == '\x7f') {
      to += "\\u007f";
    } else {
      to += escaped[i];
    }
  }
}

void append_escaped_text(std::string& to, std::string_view escaped) {
  if (is_plain(escaped)) {
    to += escaped;
  } else {
    append_guarded(to, escaped);
  }
}

void append_plain_text(std::string& to, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      to += escape;
    } else {
      to += c;
    }
  }
}

}  // namespace

void line_writer::stamp(std::string& to, std::int64_t at_ms) {
  if (at_ms != stamped_ms_) {
    std::memcpy(stamp_, rfc3339_text(at_ms).data(), sizeof stamp_);
    stamped_ms_ = at_ms;
  }
  to.append(stamp_, sizeof stamp_);
}

void line_writer::append(std::string& to, const line& what) {
  to += "{\"timestamp\":\""sv;
  stamp(to, what.at_ms);
  to += "\",\"eventId\":\""sv;
  append_escaped_text(to, what.id);
  to += "\",\"source\":\""sv;
  append_escaped_text(to, what.source);
  to += "\",\"action\":\""sv;
  to += what.action;
  to += "\",\"region\":\""sv;
  append_escaped_text(to, what.region);
  if (!what.destination.empty()) {
    to += "\",\"destination\":\""sv;
    append_plain_text(to, what.destination);
  }
  if (!what.reason.empty()) {
    to += "\",\"reason\":\""sv;
    append_plain_text(to, what.reason);
  }
  if (!what.who.empty()) {
    to += "\",\"who\":\""sv;
    append_plain_text(to, what.who);
  }
  to += "\"}\n"sv;
}

}  // namespace sluice::audit
