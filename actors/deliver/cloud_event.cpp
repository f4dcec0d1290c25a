#include "actors/deliver/cloud_event.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "actors/decode/rfc3339.hpp"
#include "actors/deliver/uri_reference.hpp"
#include "messages/json_string.hpp"

namespace sluice::deliver {
namespace {

using decode::object_member;
using decode::string_text;
using members = std::span<const object_member>;

bool is_text(const object_member* m) { return m != nullptr && m->is_string() && m->value.size() > 2; }

/// The first of that name, which is the one that counts everywhere in the node.
const object_member* find(members all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &object_member::key);
  return found == all.end() ? nullptr : &*found;
}

void append_member(std::string& to, std::string_view key, std::string_view value) {
  if (to.back() != '{') to += ',';
  append_json_string(to, key);
  to.append(":").append(value);
}

void append_text(std::string& to, std::string_view key, std::string_view text) {
  std::string value;
  append_json_string(value, text);
  append_member(to, key, value);
}

/// Names that an extension attribute must not have: the context attributes, and ours.
bool is_extension_name(std::string_view name) {
  static constexpr std::array<std::string_view, 10> taken{
      "id",   "source",     "specversion", "type", "datacontenttype",
      "time", "dataschema", "subject",     "data", "unmapped"};
  return !name.empty() && name.size() <= cloud_event_writer::extension_name_bytes_max &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }) &&
         std::ranges::find(taken, name) == taken.end();
}

/// No string of the type system has control characters (CloudEvents 1.0, type system).
bool is_extension_value(const object_member& m) {
  if (!m.is_string()) return false;
  const std::string text = string_text(m.value);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    if (byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;  // U+0080 to U+009F
  }
  return true;
}

bool is_time(const object_member* m) {
  return m != nullptr && m->is_string() && decode::parse_rfc3339(string_text(m->value)).has_value();
}

/// One event on its way out.
class writing {
 public:
  writing(std::string& to, members of) : to_(to), of_(of) {
    to_ += '{';
    append_member(to_, "specversion", R"("1.0")");
  }

  void take(std::string_view name, const object_member* from) {
    if (from == nullptr) return;
    used_.insert(from);
    append_member(to_, name, from->value);
  }
  void take_source(const object_member* from) {
    used_.insert(from);
    append_text(to_, "source", uri_reference(string_text(from->value)));
  }
  void take_type(std::string_view text) { append_text(to_, "type", text); }

  /// False when it has to stand elsewhere.
  bool take_extension(const object_member& m) {
    if (!is_extension_name(m.key) || !is_extension_value(m)) return false;
    if (!extensions_.emplace(m.key).second) return false;
    append_member(to_, m.key, m.value);
    return true;
  }
  /// A member of the event itself as an extension attribute.
  void offer_extension(std::string_view name) {
    const object_member* const m = find(of_, name);
    if (m != nullptr && take_extension(*m)) used_.insert(m);
  }
  /// The members of `from`, which is the event's member `inside`.
  void take_metadata(const object_member* inside, members from) {
    std::string rest = "{";
    for (const object_member& m : from)
      if (!take_extension(m)) append_member(rest, m.key, m.value);
    used_.insert(inside);
    if (rest.size() > 1) append_member(unmapped_, inside->key, rest += '}');
  }

  void finish(const object_member* data) {
    if (data != nullptr) used_.insert(data);
    for (const object_member& m : of_)
      if (!used_.contains(&m)) append_member(unmapped_, m.key, m.value);
    if (unmapped_.size() > 1) append_text(to_, "unmapped", unmapped_ += '}');
    if (data != nullptr) {
      append_member(to_, "datacontenttype", R"("application/json")");
      append_member(to_, "data", data->value);
    }
    to_ += '}';
  }

 private:
  std::string& to_;
  members of_;
  std::set<const object_member*> used_;
  std::set<std::string, std::less<>> extensions_;
  std::string unmapped_ = "{";
};

}  // namespace

void cloud_event_writer::append(std::string& to, std::string_view event, std::string_view spare_id) {
  const auto read = members_.read(event);
  const members all = read ? *read : members();
  const object_member* const id = find(all, "id");
  const object_member* const source = find(all, "source");
  const object_member* const detail_type = find(all, "detail-type");
  const object_member* const data = find(all, "data");
  const bool of_event_bridge = is_text(detail_type) && data == nullptr;
  if (!is_text(id) || (!is_text(source) && !of_event_bridge)) {
    to += '{';
    append_member(to, "specversion", R"("1.0")");
    append_text(to, "id", spare_id);
    append_text(to, "source", "sluice");
    append_text(to, "type", type_.empty() ? usual_type : type_);
    append_member(to, "datacontenttype", R"("application/json")");
    append_member(to, "data", event);
    to += '}';
    return;
  }
  const object_member* const version = find(all, "specversion");
  if (version != nullptr && version->value == R"("1.0")" && is_text(source) && is_text(find(all, "type"))) {
    to += event;
    return;
  }

  writing out(to, all);
  out.take("id", id);
  out.take_source(is_text(source) ? source : detail_type);
  if (type_.empty() && of_event_bridge) {
    out.take("type", detail_type);
  } else {
    out.take_type(type_.empty() ? usual_type : type_);
  }
  const object_member* const time = find(all, of_event_bridge ? "time" : "timestamp");
  if (is_time(time)) out.take("time", time);
  if (of_event_bridge) {
    out.offer_extension("region");
    out.offer_extension("account");
  } else if (const object_member* const metadata = find(all, "metadata"); metadata != nullptr) {
    if (const auto inside = metadata_.read(metadata->value)) out.take_metadata(metadata, *inside);
  }
  out.finish(of_event_bridge ? find(all, "detail") : data);
}

}  // namespace sluice::deliver
