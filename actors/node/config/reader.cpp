// The walk over the tree. What the table does not know is said with what it does.
#include "actors/node/config/reader.hpp"

#include <algorithm>
#include <optional>

#include "actors/node/config/nearest.hpp"
#include "actors/node/config/quoted.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t name_bytes_max = 64;

std::string joined(std::string_view parent, std::string_view child) {
  std::string path(parent);
  if (!path.empty()) path += '.';
  return path.append(child);
}

std::string indexed(std::string_view parent, std::size_t at) {
  return std::string(parent).append("[").append(std::to_string(at)).append("]");
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= name_bytes_max && std::ranges::all_of(text, fits);
}

/// `${NAME}` or `${file:PATH}` and nothing around it.
bool is_reference(std::string_view text) {
  if (!text.starts_with("${") || text.find('}') != text.size() - 1) return false;
  text = text.substr(2, text.size() - 3);
  const auto of_a_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return text.starts_with("file:/") || text.starts_with("file:.") || std::ranges::all_of(text, of_a_name);
}

constexpr std::string_view not_in_this_version = "is not in this version; leave it out";

}  // namespace

std::string reader::spelled(place at) const {
  return std::string(file_)
      .append(":")
      .append(std::to_string(at.line))
      .append(":")
      .append(std::to_string(at.column));
}

void reader::complain_at(std::string place, const std::string& path, std::string detail) {
  if (!path.empty()) place.append(": ").append(path);
  errors.push_back({errc::invalid_config, std::move(detail), std::move(place)});
}

void reader::complain(const std::string& path, std::string detail) {
  for (std::string holder = path;; holder.resize(holder.find_last_of(".["))) {
    if (const auto known = origins_.find(holder); known != origins_.end()) {
      return complain_at(known->second.place, path, std::move(detail));
    }
    if (holder.find_last_of(".[") == std::string::npos) return complain_at(file_, path, std::move(detail));
  }
}

void reader::read(const node& tree) {
  if (tree.what != node::kind::map)
    return complain_at(spelled(tree.at), "", "the file is not a map of keys; keys as `ingest:`");
  read_map(tree, {}, {.all = all});
}

void reader::read_map(const node& map, const spot& at, const cursor& to) {
  if (map.what == node::kind::null) return;
  if (map.what != node::kind::map)
    return complain_at(spelled(map.at), at.path, "is not a map; keys and values");
  for (const node::member& m : map.members) read_member(m, at, to);
}

void reader::read_member(const node::member& m, const spot& parent, const cursor& to) {
  const spot at{joined(parent.path, m.key), joined(parent.pattern, m.key)};
  const key* const k = find_key(at.pattern);
  origins_[at.path] = {spelled(m.at), k != nullptr && k->secret ? std::string() : m.value.text, false};
  if (refuse_not_yet(spelled(m.at), at)) return;
  if (k != nullptr) return read_key(*k, m.value, at, to);
  if (const container* c = find_container(at.pattern); c != nullptr) return read_container(*c, m.value, at);
  if (is_section(at.pattern)) return read_map(m.value, at, to);
  origins_.erase(at.path);
  unknown(spelled(m.at), parent, m.key, at.path);
}

bool reader::refuse_not_yet(const std::string& place, const spot& at) {
  if (std::ranges::find(all_not_yet(), at.pattern) == all_not_yet().end()) return false;
  complain_at(place, at.path, std::string(not_in_this_version));
  return true;
}

void reader::unknown(std::string place, const spot& parent, std::string_view name, const std::string& path) {
  // The name is the writer's own and may hold anything; behind a colon without its blank, a value.
  const std::string_view begun = name.substr(0, name.find(':'));
  const auto known = children_of(parent.pattern);
  const std::string_view meant = nearest(begun, known);
  std::string detail = "is not a key; ";
  if (!meant.empty()) {
    detail.append("the nearest is ").append(sluice::config::quoted(meant));
  } else if (known.empty()) {
    detail.append("there are none here");
  } else {
    for (const std::string& one : known)
      detail.append(&one == &known.front() ? "here are " : ", ").append(one);
  }
  complain_at(std::move(place), is_name(name) ? path : joined(parent.path, quoted(begun)), std::move(detail));
}

void reader::read_container(const container& of, const node& value, const spot& at) {
  if (value.what == node::kind::null) return;
  if (value.what != (of.list ? node::kind::list : node::kind::map)) {
    return complain_at(spelled(value.at), at.path,
                       of.list ? "is not a list; a list of maps" : "is not a map; names with a map each");
  }
  const std::size_t count = of.list ? value.items.size() : value.members.size();
  if (count > of.members_max) {
    return complain_at(spelled(value.at), at.path,
                       std::string("has ")
                           .append(std::to_string(count))
                           .append(" members; at most ")
                           .append(std::to_string(of.members_max)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = of.list ? std::string() : value.members[i].key;
    const spot member{of.list ? indexed(at.path, i) : joined(at.path, name), of.prefix()};
    const auto place = spelled(of.list ? value.items[i].at : value.members[i].at);
    if (!of.list && !is_name(name)) {
      complain_at(place, joined(at.path, sluice::config::quoted(name)),
                  "is not a name; 1 to 64 letters, digits, - or _");
      continue;
    }
    origins_[member.path] = {place, "", false};
    read_map(of.list ? value.items[i] : value.members[i].value, member, of.enter(all, name, i));
  }
}

void reader::read_key(const key& k, const node& value, const spot& at, const cursor& to) {
  if (k.clear) k.clear(to);
  // An empty value has no place of its own.
  const auto wrong_shape = [&](const char* what) {
    const std::string place = value.what == node::kind::null ? origins_[at.path].place : spelled(value.at);
    complain_at(place, at.path, std::string(what).append("; ").append(k.allowed));
  };
  switch (k.form) {
    case shape::json:
      if (value.what != node::kind::map) return wrong_shape("is not a map");
      k.set(to, "", to_json(value));
      return;
    case shape::string_map:
      if (value.what == node::kind::null) return;
      if (value.what != node::kind::map) return wrong_shape("is not a map");
      for (const node::member& m : value.members) {
        const std::string path = joined(at.path, m.key);
        if (m.value.what == node::kind::scalar) {
          read_text(k, m.key, m.value.text, path, spelled(m.value.at), to);
        } else {
          complain_at(spelled(m.at), path,
                      std::string(m.value.what == node::kind::null ? "has no value" : "is not a string")
                          .append("; a string"));
        }
      }
      return;
    case shape::many:
      if (value.what == node::kind::list) {
        for (std::size_t i = 0; i < value.items.size(); ++i) {
          const node& item = value.items[i];
          const std::string path = indexed(at.path, i);
          if (item.what == node::kind::scalar) {
            read_text(k, "", item.text, path, spelled(item.at), to);
          } else {
            complain_at(spelled(item.at), path, std::string("is not a single value; ").append(k.allowed));
          }
        }
        return;
      }
      [[fallthrough]];
    case shape::one:
      if (value.what == node::kind::null) return wrong_shape("has no value");
      if (value.what != node::kind::scalar) return wrong_shape("is not a single value");
      return read_text(k, "", value.text, at.path, spelled(value.at), to);
  }
}

void reader::read_text(const key& k, std::string_view name, std::string_view text, const std::string& path,
                       std::string place, const cursor& to) {
  // Of a secret nothing is shown but where it is said to come from.
  const bool shows = !k.secret || is_reference(text);
  origin& from = origins_[path];
  from = {place, shows ? std::string(text) : std::string(), k.secret};
  const auto value = expand(text, from_);
  if (!value) {
    return complain_at(std::move(place), path,
                       shows
                           ? quoted(text).append(" ").append(value.error())
                           : std::string("has a reference in it that cannot be followed; $${ stands for ${"));
  }
  from.hidden = k.secret || value->from_outside;
  if (const auto complaint = k.set(to, name, value->text)) {
    const std::string subject = !shows ? std::string("what is given")
                                : from.hidden
                                    ? std::string("what ").append(quoted(text)).append(" stands for")
                                    : quoted(text);
    complain_at(std::move(place), path,
                std::string(subject).append(" ").append(*complaint).append("; ").append(k.allowed));
  }
}

namespace {

/// `name[3]` of a path; npos when there is no number.
struct step {
  std::string name;
  std::size_t number = std::string::npos;
};

step split(std::string_view part) {
  const auto bracket = part.find('[');
  if (bracket == std::string_view::npos || !part.ends_with(']')) return {std::string(part)};
  const auto number = parse_count(part.substr(bracket + 1, part.size() - bracket - 2));
  if (!number) return {std::string(part)};
  return {std::string(part.substr(0, bracket)), static_cast<std::size_t>(*number)};
}

}  // namespace

void reader::read_override(std::string_view assignment) {
  const std::string command_line = "--set";
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos)
    return complain_at(command_line, "",
                       sluice::config::quoted(assignment).append(" has no value; KEY=VALUE"));
  const std::string path(assignment.substr(0, equals));
  const std::string_view text = assignment.substr(equals + 1);
  spot at;
  std::optional<cursor> to(cursor{.all = all});
  for (std::string_view rest = path; !rest.empty();) {
    const auto dot = rest.find('.');
    const step part = split(rest.substr(0, dot));
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    const spot next{joined(at.path, part.name), joined(at.pattern, part.name)};
    if (refuse_not_yet(command_line, next)) {
      origins_[next.path] = {command_line, std::string(text), false};
      return;
    }
    const container* c = find_container(next.pattern);
    const bool known = c != nullptr || find_key(next.pattern) != nullptr || is_section(next.pattern);
    if (!known) return unknown(command_line, at, part.name, path);
    at = next;
    if (c == nullptr) continue;
    const auto name_end = rest.find('.');
    const std::string name(c->list ? std::string_view() : rest.substr(0, name_end));
    if (c->list && part.number >= c->size(all)) {
      return complain_at(
          command_line, path,
          std::string("is not in the file; ").append(at.path).append("[0] and on, as many as it has"));
    }
    if (!c->list && (!is_name(name) || name_end == std::string_view::npos)) {
      return complain_at(command_line, path,
                         std::string("names no key; ").append(at.path).append(".NAME.KEY"));
    }
    if (!c->list) rest = rest.substr(name_end + 1);
    at = {c->list ? indexed(at.path, part.number) : joined(at.path, name), c->prefix()};
    if (c->size(all) >= c->members_max && origins_.find(at.path) == origins_.end()) {
      return complain_at(command_line, path,
                         std::string("is one too many; at most ").append(std::to_string(c->members_max)));
    }
    origins_.try_emplace(at.path, origin{command_line, "", false});
    to.emplace(c->enter(all, name, part.number));
  }
  const key* k = find_key(at.pattern);
  if (k == nullptr || k->form == shape::string_map || k->form == shape::json) {
    return complain_at(command_line, path, "cannot be set here; single values and lists can");
  }
  if (k->form == shape::one) return read_text(*k, "", text, at.path, command_line, *to);
  k->clear(*to);
  origins_[at.path] = {command_line, std::string(text), false};
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = rest.find(',');
    read_text(*k, "", rest.substr(0, comma), indexed(at.path, number++), command_line, *to);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
}

}  // namespace sluice::config
