// A small, strict reader: what it does not understand it calls malformed, it never guesses where an answer
// ends.
#include "benchmarks/load/answer.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::load {
namespace {

constexpr std::string_view line_end = "\r\n";

bool same_letters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (code != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

struct head {
  answer_state state = answer_state::incomplete;
  int status = 0;
  std::size_t size = 0;
  bool closes = false;
  bool chunked = false;
  std::optional<std::size_t> length;
  std::optional<unsigned> retry_after;
};

/// Takes one header field; false when it breaks the framing.
bool take_field(head& h, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (same_letters(name, "content-length")) {
    const auto length = whole_number<std::size_t>(value);
    if (!length || (h.length && *h.length != *length)) return false;
    h.length = length;
  } else if (same_letters(name, "transfer-encoding")) {
    if (!same_letters(value, "chunked")) return false;
    h.chunked = true;
  } else if (same_letters(name, "connection")) {
    h.closes = h.closes || same_letters(value, "close");
  } else if (same_letters(name, "retry-after")) {
    h.retry_after = whole_number<unsigned>(value);
  }
  return true;
}

head read_head(std::string_view input) {
  head h;
  const auto end = input.find("\r\n\r\n");
  if (end == std::string_view::npos) return h;
  h.state = answer_state::malformed;
  h.size = end + 4;
  auto rest = input.substr(0, end);
  auto end_of_line = rest.find(line_end);
  const auto first = rest.substr(0, end_of_line);
  if (first.size() < 12 || first.substr(0, 7) != "HTTP/1." || first[8] != ' ' ||
      (first.size() > 12 && first[12] != ' ')) {
    return h;
  }
  const auto status = whole_number<int>(first.substr(9, 3));
  if (!status || *status < 100 || *status > 599) return h;
  h.status = *status;
  h.closes = first[7] == '0';
  while (end_of_line != std::string_view::npos) {
    rest.remove_prefix(end_of_line + line_end.size());
    end_of_line = rest.find(line_end);
    if (!take_field(h, rest.substr(0, end_of_line))) return h;
  }
  if (h.chunked && h.length) return h;
  h.state = answer_state::complete;
  return h;
}

/// Takes the chunks at `at`; moves `at` behind the last one.
answer_state read_chunks(std::string_view input, std::size_t& at, std::string& body) {
  while (true) {
    const auto end = input.find(line_end, at);
    if (end == std::string_view::npos) return answer_state::incomplete;
    auto line = input.substr(at, end - at);
    line = trimmed(line.substr(0, line.find(';')));
    const auto size = whole_number<std::size_t>(line, 16);
    if (!size || *size > answer_bytes_max) return answer_state::malformed;
    at = end + line_end.size();
    if (*size == 0) {
      // Trailer fields, if any, and the empty line behind them.
      while (true) {
        const auto field_end = input.find(line_end, at);
        if (field_end == std::string_view::npos) return answer_state::incomplete;
        const bool last = field_end == at;
        at = field_end + line_end.size();
        if (last) return answer_state::complete;
      }
    }
    if (input.size() < at + *size + line_end.size()) return answer_state::incomplete;
    if (input.substr(at + *size, line_end.size()) != line_end) return answer_state::malformed;
    body.append(input.substr(at, *size));
    at += *size + line_end.size();
  }
}

}  // namespace

answer read_answer(std::string_view input, bool ended) {
  answer a;
  std::size_t skipped = 0;
  head h = read_head(input);
  while (h.state == answer_state::complete && h.status < 200) {
    skipped += h.size;
    h = read_head(input.substr(skipped));
  }
  const auto unfinished =
      input.size() > answer_bytes_max ? answer_state::malformed : answer_state::incomplete;
  if (h.state != answer_state::complete) {
    a.state = h.state == answer_state::incomplete ? unfinished : h.state;
    return a;
  }
  a.status = h.status;
  a.closes = h.closes;
  a.retry_after_seconds = h.retry_after;
  std::size_t at = skipped + h.size;
  if (h.status == 204 || h.status == 304) {
    a.state = answer_state::complete;
  } else if (h.chunked) {
    a.state = read_chunks(input, at, a.body);
  } else if (h.length) {
    if (*h.length > answer_bytes_max) {
      a.state = answer_state::malformed;
    } else if (input.size() - at >= *h.length) {
      a.body = input.substr(at, *h.length);
      at += *h.length;
      a.state = answer_state::complete;
    }
  } else {
    a.closes = true;
    if (ended) {
      a.body = input.substr(at);
      at = input.size();
      a.state = answer_state::complete;
    }
  }
  if (a.state == answer_state::incomplete) a.state = unfinished;
  a.size = at;
  return a;
}

std::optional<std::string_view> member_of(std::string_view json, std::string_view name) {
  constexpr std::string_view spaces = " \t\r\n";
  std::size_t at = 0;
  while ((at = json.find(name, at)) != std::string_view::npos) {
    const std::size_t behind = at + name.size();
    const bool is_string = at > 0 && json[at - 1] == '"' && behind < json.size() && json[behind] == '"';
    at = behind;
    if (!is_string) continue;
    const std::size_t colon = json.find_first_not_of(spaces, behind + 1);
    if (colon == std::string_view::npos || json[colon] != ':') continue;
    const std::size_t value = json.find_first_not_of(spaces, colon + 1);
    if (value != std::string_view::npos) return json.substr(value);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> count_in(std::string_view json, std::string_view name) {
  const auto value = member_of(json, name);
  std::uint64_t number = 0;
  if (!value || std::from_chars(value->data(), value->data() + value->size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

}  // namespace sluice::load
