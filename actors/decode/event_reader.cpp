#include "actors/decode/event_reader.hpp"

#include <utility>

#include "actors/decode/json_text.hpp"
#include "actors/decode/rfc3339.hpp"

namespace sluice::decode {
namespace {

/// Why a string of the envelope is not usable, by the member it stands for.
struct string_rules {
  std::size_t bytes_max;
  quarantine missing, not_string, empty, too_long;
};
constexpr string_rules id_rules{id_bytes_max, quarantine::id_missing, quarantine::id_not_string,
                                quarantine::id_empty, quarantine::id_too_long};
constexpr string_rules source_rules{source_bytes_max, quarantine::source_missing,
                                    quarantine::source_not_string, quarantine::source_empty,
                                    quarantine::source_too_long};

}  // namespace

event_reader::slot event_reader::slot_of(std::string_view key) noexcept {
  switch (key.size()) {
    case 2:
      return key == "id" ? id : none;
    case 4:
      return key == "data" ? data : key == "time" ? time : none;
    case 6:
      return key == "source" ? source : key == "region" ? region : key == "detail" ? detail : none;
    case 7:
      return key == "account" ? account : none;
    case 8:
      return key == "metadata" ? metadata : none;
    case 9:
      return key == "timestamp" ? timestamp : none;
    case 11:
      return key == "specversion" ? specversion : key == "detail-type" ? detail_type : none;
    default:
      return none;
  }
}

std::string_view event_reader::unescaped(const raw_string& raw) {
  char* const to = out_->arena.take(raw.size());
  return {to, unescape(body_.substr(raw.begin, raw.size()), to)};
}

event_reader::outcome event_reader::read(json_walk& walk, shapes allowed) {
  const std::uint32_t begin = walk.offset();
  if (walk.peek() != '{') {
    if (!walk.skip_value()) return outcome::not_json;
    event_entry entry;
    entry.offset = begin;
    entry.length = walk.value_end() - begin;
    add_quarantined(entry, quarantine::not_an_object);
    return outcome::read;
  }
  first_metadata_ = out_->metadata.size();
  attributes_.clear();
  envelope found;
  if (const outcome said = read_members(walk, found); said != outcome::read) return said;

  shape kind = shape::plain;
  if (allowed == shapes::any) {
    if (found.seen & in(specversion)) {
      kind = shape::cloud_event;
    } else if (found.seen & in(detail_type)) {
      kind = shape::event_bridge;
    }
  }
  if (kind != shape::plain) {
    out_->metadata.resize(first_metadata_);
    if (const outcome said = take_attributes(found, kind); said != outcome::read) return said;
  }
  add(found, kind, begin, walk.value_end());
  return outcome::read;
}

event_reader::outcome event_reader::read_members(json_walk& walk, envelope& found) {
  raw_string key;
  auto step = walk.first_member(key);
  for (; step == json_walk::step::item; step = walk.next_member(key)) {
    const slot s = slot_of(text(key));
    const char first = walk.peek();
    if (s == none) {
      if (first != '"') {
        if (!walk.skip_value()) return outcome::not_json;
        continue;
      }
      raw_string value;
      if (!walk.string(value)) return outcome::not_json;
      if (attributes_.size() == max_metadata_) return outcome::too_many_members;
      attributes_.push_back({key, value});
      continue;
    }
    if (found.seen & in(s)) {
      found.twice |= in(s);
      if (!walk.skip_value()) return outcome::not_json;
      continue;
    }
    found.seen |= in(s);
    if (first == '"') {
      found.strings |= in(s);
      if (!walk.string(found.text[s])) return outcome::not_json;
    } else if (first == '{' && s == metadata) {
      found.objects |= in(s);
      if (const outcome said = read_metadata(walk, found); said != outcome::read) return said;
    } else {
      if (first == 'n') found.nulls |= in(s);
      if (!walk.skip_value()) return outcome::not_json;
    }
  }
  return step == json_walk::step::end ? outcome::read : outcome::not_json;
}

event_reader::outcome event_reader::read_metadata(json_walk& walk, envelope& found) {
  raw_string key, value;
  auto step = walk.first_member(key);
  for (; step == json_walk::step::item; step = walk.next_member(key)) {
    if (walk.peek() != '"') {
      found.metadata_strings_only = false;
      if (!walk.skip_value()) return outcome::not_json;
      continue;
    }
    if (!walk.string(value)) return outcome::not_json;
    if (out_->metadata.size() == max_metadata_) return outcome::too_many_members;
    const std::string_view name = text(key);
    if (!found.has_metadata_region && name == "region") {
      found.has_metadata_region = true;
      found.metadata_region = value;
    }
    out_->metadata.push_back({.key = name, .value = text(value)});
  }
  return step == json_walk::step::end ? outcome::read : outcome::not_json;
}

/// The metadata of the shapes that have no `metadata` object: members of the envelope itself.
event_reader::outcome event_reader::take_attributes(const envelope& found, shape kind) {
  static constexpr std::pair<slot, std::string_view> of_event_bridge[] = {
      {region, "region"}, {account, "account"}, {source, "source"}};
  static constexpr std::pair<slot, std::string_view> of_cloud_event[] = {
      {region, "region"},     {account, "account"}, {timestamp, "timestamp"},
      {metadata, "metadata"}, {detail, "detail"},   {detail_type, "detail-type"}};
  auto& members = out_->metadata;
  const auto room = [&] { return members.size() < max_metadata_; };
  const auto take_slots = [&](const auto& named) {
    for (const auto& [s, name] : named) {
      if (!(found.strings & in(s))) continue;
      if (!room()) return outcome::too_many_members;
      members.push_back({.key = name, .value = text(found.text[s])});
    }
    return outcome::read;
  };
  if (kind == shape::event_bridge) return take_slots(of_event_bridge);
  for (const attribute& other : attributes_) {
    const std::string_view name = text(other.key);
    if (name == "data_base64") continue;
    if (!room()) return outcome::too_many_members;
    members.push_back({.key = name, .value = text(other.value)});
  }
  return take_slots(of_cloud_event);
}

/// Sets `view` to the unescaped text of `s` (id or source, whatever member it is in) when it may be used.
quarantine event_reader::usable_string(const envelope& found, shape kind, slot s, std::string_view& view) {
  const string_rules& rules = s == id ? id_rules : source_rules;
  const bool absent = !(found.seen & in(s)) || (kind == shape::cloud_event && (found.nulls & in(s)));
  if (absent) return rules.missing;
  if (!(found.strings & in(s))) return rules.not_string;
  const std::string_view whole = text(found.text[s]);
  if (whole.empty()) return rules.empty;
  if (whole.size() > rules.bytes_max) return rules.too_long;
  view = whole;
  return quarantine::none;
}

void event_reader::add(const envelope& found, shape kind, std::uint32_t begin, std::uint32_t end) {
  static constexpr slot_set envelopes[] = {
      in(id) | in(source) | in(timestamp) | in(metadata) | in(data),
      in(id) | in(source) | in(detail_type) | in(time) | in(region) | in(account) | in(detail),
      in(id) | in(source) | in(specversion) | in(time) | in(region) | in(data),
  };
  const slot source_slot = kind == shape::event_bridge ? detail_type : source;
  const slot time_slot = kind == shape::plain ? timestamp : time;
  event_entry entry;
  entry.offset = begin;
  entry.length = end - begin;
  std::string_view id_text, source_text;
  const quarantine id_why = usable_string(found, kind, id, id_text);
  const quarantine source_why = usable_string(found, kind, source_slot, source_text);
  if (id_why == quarantine::none) {
    entry.id_hash = key_.id_hash(id_text);
    entry.id_offset = found.text[id].begin - begin;
    entry.id_length = static_cast<std::uint16_t>(found.text[id].size());
  }
  if (source_why == quarantine::none) {
    entry.source_offset = found.text[source_slot].begin - begin;
    entry.source_length = static_cast<std::uint16_t>(found.text[source_slot].size());
  }
  raw_string region_text = found.metadata_region;
  if (kind != shape::plain) region_text = found.strings & in(region) ? found.text[region] : raw_string{};
  if (region_text.size() > 0 && region_text.size() <= region_bytes_max) {
    entry.region_offset = region_text.begin - begin;
    entry.region_length = static_cast<std::uint16_t>(region_text.size());
  }
  if (found.strings & in(time_slot)) {
    entry.timestamp_ms = parse_rfc3339(text(found.text[time_slot])).value_or(no_timestamp);
  }

  quarantine why = id_why != quarantine::none ? id_why : source_why;
  if (found.twice & envelopes[static_cast<std::size_t>(kind)]) {
    why = quarantine::duplicate_member;
  } else if (why == quarantine::none && kind == shape::plain && (found.seen & in(metadata))) {
    if (!((found.objects | found.nulls) & in(metadata))) why = quarantine::metadata_not_object;
    if (!found.metadata_strings_only) why = quarantine::metadata_not_string;
  }
  if (why != quarantine::none) {
    out_->metadata.resize(first_metadata_);
    add_quarantined(entry, why);
    return;
  }
  entry.identity = key_.event_identity(source_text, id_text);
  out_->entries.push_back(entry);
  out_->texts.push_back(
      {.id = id_text,
       .source = source_text,
       .metadata_first = static_cast<std::uint32_t>(first_metadata_),
       .metadata_count = static_cast<std::uint32_t>(out_->metadata.size() - first_metadata_)});
}

void event_reader::add_quarantined(event_entry entry, quarantine why) {
  entry.why = static_cast<std::uint8_t>(why);
  entry.identity = key_.bytes_identity(body_.substr(entry.offset, entry.length));
  out_->entries.push_back(entry);
  out_->texts.push_back({});
  ++out_->quarantined;
}

}  // namespace sluice::decode
