#include "actors/deliver/subject_template.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace sluice::deliver {
namespace {

using decode::object_member;
using part = subject_template::part;

constexpr bool is_printable(char c) noexcept { return c > 0x20 && c < 0x7f; }

constexpr bool stands_as_it_is(char c) noexcept {
  constexpr std::string_view encoded = "%.*>$";
  return is_printable(c) && encoded.find(c) == encoded.npos;
}

void append_place(std::string& to, std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  if (text.empty()) text = "_";
  std::size_t room = subject_template::place_bytes_max;
  for (const char c : text) {
    const bool plain = stands_as_it_is(c);
    if (room < (plain ? 1u : 3u)) return;
    room -= plain ? 1 : 3;
    if (plain) {
      to += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    to += '%';
    to += hex[byte >> 4];
    to += hex[byte & 15];
  }
}

std::optional<part> place_of(std::string_view name) {
  constexpr std::string_view metadata = "metadata.";
  if (name == "source") return part{part::kind::source, {}};
  if (name == "id") return part{part::kind::id, {}};
  if (name.starts_with(metadata) && name.size() > metadata.size())
    return part{part::kind::metadata, std::string(name.substr(metadata.size()))};
  return std::nullopt;
}

/// What is wrong with literal text that stands between places; empty: nothing.
std::string fault_of(std::string_view literal) {
  for (const char c : literal) {
    if (c == '}') return "has a } without its {";
    if (c == '*' || c == '>') return std::string("has ") + c + ", which stands for other subjects";
    if (!is_printable(c)) return "has a character that is not printable ASCII, or a space";
  }
  return {};
}

/// The first of that name, which is the one that counts everywhere in the node.
const object_member* find(std::span<const object_member> all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &object_member::key);
  return found == all.end() ? nullptr : &*found;
}

/// Of a CloudEvent, what is no attribute of the kind that routes by metadata see.
bool is_own_of_cloud_event(std::string_view name) {
  static constexpr std::array<std::string_view, 6> own{"id",   "source", "specversion",
                                                       "time", "data",   "data_base64"};
  return std::ranges::find(own, name) != own.end();
}

bool is_of_event_bridge(std::string_view name) {
  return name == "region" || name == "account" || name == "source";
}

}  // namespace

result<subject_template> subject_template::parse(std::string_view text) {
  const auto wrong = [](std::string what) { return fail(errc::invalid_config, std::move(what)); };
  subject_template made;
  std::string shape;  // the text with one letter for each place: its tokens are the subject's
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '{') {
      const std::string_view literal = text.substr(i, std::min(text.find('{', i), text.size()) - i);
      if (const auto fault = fault_of(literal); !fault.empty()) return wrong(fault);
      made.parts_.push_back({part::kind::literal, std::string(literal)});
      shape += literal;
      bytes += literal.size();
      i += literal.size();
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == text.npos) return wrong("has a { without its }");
    auto place = place_of(text.substr(i + 1, end - i - 1));
    if (!place) {
      return wrong("has the unknown place " + std::string(text.substr(i, end - i + 1)) +
                   "; known: {source}, {id}, {metadata.NAME}");
    }
    if (shape.find('.') == shape.npos) return wrong("must begin with a literal token, as in events.{source}");
    made.parts_.push_back(*std::move(place));
    shape += 'x';
    bytes += place_bytes_max;
    i = end + 1;
  }
  if (shape.empty()) return wrong("must not be empty");
  if (shape.front() == '$') return wrong("must not begin with $, which is the server's own");
  if (shape.front() == '.' || shape.back() == '.' || shape.find("..") != shape.npos)
    return wrong("has an empty token");
  if (bytes > subject_bytes_max) {
    return wrong("may become longer than " + std::to_string(subject_bytes_max) +
                 " bytes (each place counts " + std::to_string(place_bytes_max) + ")");
  }
  return made;
}

std::string subject_maker::make(std::string_view event, std::string_view id, std::string_view source) {
  std::string subject;
  const auto append_text = [&](std::string_view escaped) {
    append_place(subject, decode::string_text('"' + std::string(escaped) + '"'));
  };
  for (const part& p : template_.parts()) {
    switch (p.what) {
      case part::kind::literal:
        subject += p.text;
        break;
      case part::kind::source:
        append_text(source);
        break;
      case part::kind::id:
        append_text(id);
        break;
      case part::kind::metadata: {
        const std::string_view value = metadata_value(event, p.text);
        if (value.starts_with('"')) {
          append_place(subject, decode::string_text(value));
        } else {
          append_place(subject,
                       value.starts_with('{') || value.starts_with('[') ? std::string_view() : value);
        }
        break;
      }
    }
  }
  return subject;
}

std::string_view subject_maker::metadata_value(std::string_view event, std::string_view name) {
  const auto read = members_.read(event);
  if (!read) return {};
  const auto value_of = [](const object_member* m) { return m == nullptr ? std::string_view() : m->value; };
  if (find(*read, "specversion") != nullptr)
    return is_own_of_cloud_event(name) ? std::string_view() : value_of(find(*read, name));
  if (find(*read, "detail-type") != nullptr && find(*read, "data") == nullptr)
    return is_of_event_bridge(name) ? value_of(find(*read, name)) : std::string_view();
  const object_member* const metadata = find(*read, "metadata");
  if (metadata == nullptr) return {};
  const auto inside = metadata_.read(metadata->value);
  return inside ? value_of(find(*inside, name)) : std::string_view();
}

}  // namespace sluice::deliver
