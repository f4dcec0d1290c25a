// A walk over the structure of a JSON text: strings are skipped, brackets counted.
#include "tests/support/json_scan.hpp"

#include <stdexcept>

namespace sluice::testing::json {
namespace {

[[noreturn]] void broken(std::string_view text, std::size_t at) {
  throw std::runtime_error("unexpected JSON at byte " + std::to_string(at) +
                           " of: " + std::string(text.substr(0, 200)));
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  const std::size_t next = text.find_first_not_of(" \t\r\n", at);
  return next == std::string_view::npos ? text.size() : next;
}

std::size_t string_end(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  broken(text, at);
}

/// Index behind the value that begins at `at`.
std::size_t value_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) broken(text, at);
  if (text[at] == '"') return string_end(text, at);
  if (text[at] != '{' && text[at] != '[') {
    const std::size_t end = text.find_first_of(",]} \t\r\n", at);
    return end == std::string_view::npos ? text.size() : end;
  }
  std::size_t depth = 0;
  for (std::size_t i = at; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i = string_end(text, i);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1;
    ++i;
  }
  broken(text, at);
}

void append_utf8(std::string& to, unsigned code) {
  const auto put = [&](unsigned byte) { to.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

unsigned four_digits(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) broken(text, at);
  return static_cast<unsigned>(std::stoul(std::string(text.substr(at, 4)), nullptr, 16));
}

/// Appends the escape whose letter is at `at`; returns the index behind it.
std::size_t append_escape(std::string& to, std::string_view text, std::size_t at) {
  static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t known = letters.find(text[at]); known != std::string_view::npos) {
    to.push_back(meanings[known]);
    return at + 1;
  }
  if (text[at] != 'u') broken(text, at);
  unsigned code = four_digits(text, at + 1);
  at += 5;
  if (code >= 0xd800 && code < 0xdc00 && text.substr(at, 2) == "\\u") {
    code = 0x10000 + ((code - 0xd800) << 10) + (four_digits(text, at + 2) - 0xdc00);
    at += 6;
  }
  append_utf8(to, code);
  return at;
}

}  // namespace

std::vector<std::string_view> elements(std::string_view array) {
  std::vector<std::string_view> all;
  std::size_t at = skip_space(array, 0);
  if (at >= array.size() || array[at] != '[') broken(array, at);
  at = skip_space(array, at + 1);
  while (at < array.size() && array[at] != ']') {
    const std::size_t end = value_end(array, at);
    all.push_back(array.substr(at, end - at));
    at = skip_space(array, end);
    if (at < array.size() && array[at] == ',') at = skip_space(array, at + 1);
  }
  if (at >= array.size()) broken(array, at);
  return all;
}

std::vector<member> members(std::string_view object) {
  std::vector<member> all;
  std::size_t at = skip_space(object, 0);
  if (at >= object.size() || object[at] != '{') broken(object, at);
  at = skip_space(object, at + 1);
  while (at < object.size() && object[at] != '}') {
    if (object[at] != '"') broken(object, at);
    const std::size_t key_end = string_end(object, at);
    const std::string_view key = object.substr(at + 1, key_end - at - 2);
    at = skip_space(object, key_end);
    if (at >= object.size() || object[at] != ':') broken(object, at);
    at = skip_space(object, at + 1);
    const std::size_t end = value_end(object, at);
    all.push_back({key, object.substr(at, end - at)});
    at = skip_space(object, end);
    if (at < object.size() && object[at] == ',') at = skip_space(object, at + 1);
  }
  if (at >= object.size()) broken(object, at);
  return all;
}

std::optional<std::string_view> find(std::string_view object, std::string_view key) {
  for (const member& m : members(object)) {
    if (m.key == key) return m.value;
  }
  return std::nullopt;
}

std::string text(std::string_view string) {
  if (string.size() < 2 || string.front() != '"') broken(string, 0);
  const std::string_view inner = string.substr(1, string.size() - 2);
  std::string plain;
  for (std::size_t i = 0; i < inner.size();) {
    if (inner[i] != '\\') {
      plain.push_back(inner[i++]);
    } else if (i + 1 < inner.size()) {
      i = append_escape(plain, inner, i + 1);
    } else {
      broken(string, i);
    }
  }
  return plain;
}

std::string text_of(std::string_view object, std::string_view key) {
  const auto value = find(object, key);
  return value && value->starts_with('"') ? text(*value) : std::string();
}

std::vector<std::string_view> events(std::string_view document) {
  const std::size_t at = skip_space(document, 0);
  document = document.substr(at, document.find_last_not_of(" \t\r\n") + 1 - at);
  if (document.starts_with('[')) return elements(document);
  if (const auto list = find(document, "events")) return elements(*list);
  return {document};
}

std::string one_line(std::string_view slice) {
  std::string line(slice);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line;
}

}  // namespace sluice::testing::json
