// Copies yaml-cpp's tree into ours: bounded in depth and number, repeated keys found, exceptions caught.
#include "actors/node/config/document.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "messages/json_string.hpp"

namespace sluice::config {
namespace {

place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

std::string spelled(const std::string& name, place at) {
  return std::string(name)
      .append(":")
      .append(std::to_string(at.line))
      .append(":")
      .append(std::to_string(at.column));
}

class copier {
 public:
  copier(const std::string& name, std::vector<error>& repeated_keys)
      : name_(name), repeated_(repeated_keys) {}

  result<node> copy(const YAML::Node& from, const std::string& path, std::size_t depth) {
    node to;
    to.at = place_of(from.Mark());
    if (depth > document_depth_max)
      return fail(errc::invalid_config, "nested more than 64 deep", spelled(name_, to.at));
    if (++count_ > document_nodes_max) {
      return fail(errc::invalid_config, "more than 200000 values (aliases count each time)",
                  spelled(name_, to.at));
    }
    switch (from.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return to;
      case YAML::NodeType::Scalar:
        to.what = node::kind::scalar;
        to.text = from.Scalar();
        to.quoted = from.Tag() != "?";
        return to;
      case YAML::NodeType::Sequence:
        return copy_list(from, path, depth, std::move(to));
      case YAML::NodeType::Map:
        return copy_map(from, path, depth, std::move(to));
    }
    return to;
  }

 private:
  result<node> copy_list(const YAML::Node& from, const std::string& path, std::size_t depth, node to) {
    to.what = node::kind::list;
    for (std::size_t i = 0; i < from.size(); ++i) {
      auto item =
          copy(from[i], std::string(path).append("[").append(std::to_string(i)).append("]"), depth + 1);
      if (!item) return item;
      to.items.push_back(std::move(*item));
    }
    return to;
  }

  result<node> copy_map(const YAML::Node& from, const std::string& path, std::size_t depth, node to) {
    to.what = node::kind::map;
    for (const auto& entry : from) {
      const place at = place_of(entry.first.Mark());
      if (!entry.first.IsScalar())
        return fail(errc::invalid_config, "a key must be a plain word", spelled(name_, at));
      const std::string& key = entry.first.Scalar();
      std::string child = path;
      if (!child.empty()) child += '.';
      child += key;
      auto value = copy(entry.second, child, depth + 1);
      if (!value) return value;
      if (std::ranges::find(to.members, key, &node::member::key) != to.members.end()) {
        repeated_.push_back(
            {errc::invalid_config, "is there twice; once", spelled(name_, at).append(": ").append(child)});
      } else {
        to.members.push_back({key, at, std::move(*value)});
      }
    }
    return to;
  }

  const std::string& name_;
  std::vector<error>& repeated_;
  std::size_t count_ = 0;
};

bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t start = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[start] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

void append_json(std::string& out, const node& tree) {
  switch (tree.what) {
    case node::kind::null:
      out += "null";
      return;
    case node::kind::scalar:
      if (!tree.quoted && (tree.text == "true" || tree.text == "false" || is_json_number(tree.text))) {
        out += tree.text;
      } else {
        append_json_string(out, tree.text);
      }
      return;
    case node::kind::list:
      out += '[';
      for (const node& item : tree.items) {
        if (&item != &tree.items.front()) out += ',';
        append_json(out, item);
      }
      out += ']';
      return;
    case node::kind::map:
      out += '{';
      for (const node::member& m : tree.members) {
        if (&m != &tree.members.front()) out += ',';
        append_json_string(out, m.key);
        out += ':';
        append_json(out, m.value);
      }
      out += '}';
      return;
  }
}

}  // namespace

result<node> read_document(std::string_view text, const std::string& name,
                           std::vector<error>& repeated_keys) {
  if (text.size() > document_bytes_max)
    return fail(errc::invalid_config, "the file has more than 4MiB", name);
  try {
    const auto documents = YAML::LoadAll(std::string(text));
    if (documents.empty() || documents.front().IsNull()) {
      return fail(errc::invalid_config, "the file is empty; at least one key", spelled(name, {}));
    }
    if (documents.size() > 1) {
      return fail(errc::invalid_config, "the file holds several documents; one",
                  spelled(name, place_of(documents[1].Mark())));
    }
    return copier(name, repeated_keys).copy(documents.front(), "", 0);
  } catch (const YAML::Exception& e) {
    return fail(errc::invalid_config, std::string("not YAML: ").append(e.msg),
                spelled(name, place_of(e.mark)));
  } catch (const std::exception& e) {
    return fail(errc::invalid_config, std::string("cannot be read: ").append(e.what()), name);
  }
}

std::string to_json(const node& tree) {
  std::string out;
  append_json(out, tree);
  return out;
}

}  // namespace sluice::config
