// The reader's half of a group. The bytes are not trusted, checksum or not: every length is checked before it
// is used, so that a visitor may use the views it gets without looking again.
#include <algorithm>
#include <cstring>
#include <string>

#include "actors/checkpoint/group.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

template <class T>
T read_as(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// One named event at the start of `bytes`, and how much it takes there; 0 when it does not fit.
std::size_t read_name(std::span<const std::byte> bytes, named_event& into) noexcept {
  constexpr std::size_t fixed = sizeof(position) + 3 * sizeof(std::uint16_t);
  if (bytes.size() < fixed) return 0;
  into.at = read_as<position>(bytes.data());
  std::size_t lengths[3];
  for (std::size_t i = 0; i < 3; ++i)
    lengths[i] = read_as<std::uint16_t>(bytes.data() + sizeof(position) + 2 * i);
  const std::size_t all = record_padded(fixed + lengths[0] + lengths[1] + lengths[2]);
  if (bytes.size() < all) return 0;
  into.id = as_text(bytes.subspan(fixed, lengths[0]));
  into.source = as_text(bytes.subspan(fixed + lengths[0], lengths[1]));
  into.region = as_text(bytes.subspan(fixed + lengths[0] + lengths[1], lengths[2]));
  return all;
}

/// Takes the next target set off `bytes`; empty at the padding or the end.
std::span<const target> next_set(std::span<const std::byte>& bytes) noexcept {
  if (bytes.size() < sizeof(std::uint16_t)) return {};
  const std::size_t count = read_as<std::uint16_t>(bytes.data());
  const auto rest = bytes.subspan(sizeof(std::uint16_t));
  if (rest.size() < count * sizeof(target)) return {};
  if (count != 0) bytes = rest.subspan(count * sizeof(target));
  // Targets are pairs of u16 at even offsets: as aligned as they need to be.
  return {reinterpret_cast<const target*>(rest.data()), count};
}
static_assert(sizeof(target) == 4 && alignof(target) == 2);

class walk {
 public:
  walk(const group_header& header, std::span<const std::byte> content, record_visitor& visitor)
      : header_(header), content_(content), visitor_(visitor) {}

  result<void> run() {
    if (content_.size() != header_.content_bytes)
      return corrupt("the content is not as long as the header says");
    for (record_ = 0; record_ < header_.records; ++record_) {
      if (content_.size() - at_ < sizeof(record_header)) return corrupt("the record's header passes the end");
      const auto record = read_as<record_header>(content_.data() + at_);
      at_ += sizeof(record_header);
      if (record_padded(record.bytes) > content_.size() - at_) return corrupt("the record passes the end");
      if (record.flags != 0) return refuse("unknown record flags " + std::to_string(record.flags));
      if (auto done = dispatch(record, content_.subspan(at_, record.bytes)); !done) return done;
      at_ += record_padded(record.bytes);
    }
    if (at_ != content_.size()) return corrupt("bytes follow the last record");
    if (events_ != header_.events)
      return corrupt("the batches hold another number of events than the header says");
    return {};
  }

 private:
  result<void> dispatch(record_header record, std::span<const std::byte> payload) {
    if (header_.type == group_type::spilled) return spilled(record, payload);
    switch (record.type) {
      case record_type::batch:
        return events(payload, header_.first_position + events_, nullptr);
      case record_type::rewritten:
        return rewritten(payload, header_.first_position + events_);
      case record_type::outcome:
        return outcome(payload);
      case record_type::offer: {
        if (payload.size() != sizeof(offer_head)) return corrupt("an offer of a wrong size");
        visitor_.on_offer(read_as<offer_head>(payload.data()));
        return {};
      }
      case record_type::control:
        return control(payload);
      case record_type::audited: {
        if (payload.size() != sizeof(audited_head)) return corrupt("an audit progress of a wrong size");
        visitor_.on_audited(read_as<audited_head>(payload.data()));
        return {};
      }
      case record_type::dead_letter:
      case record_type::dead_letter_removed:
        break;
      default: {
        const auto type = static_cast<std::uint16_t>(record.type);
        if (type < skippable_record) return refuse("unknown record type " + std::to_string(type));
      }
    }
    visitor_.on_other({record, payload});
    return {};
  }

  result<void> spilled(record_header record, std::span<const std::byte> payload) {
    if (record.type != record_type::batch && record.type != record_type::rewritten)
      return corrupt("a spilled group holds something other than events");
    if (payload.size() < sizeof(position)) return corrupt("spilled events without their position");
    const auto first = read_as<position>(payload.data());
    const std::uint32_t before = events_;
    if (first < next_) return corrupt("spilled events do not lie behind those before");
    const auto rest = payload.subspan(sizeof first);
    if (auto read = record.type == record_type::batch ? events(rest, first, nullptr) : rewritten(rest, first);
        !read) {
      return read;
    }
    next_ = first + (events_ - before);
    if (next_ < first || next_ > header_.first_position + header_.events)
      return corrupt("spilled events lie behind their group");
    return {};
  }

  result<void> rewritten(std::span<const std::byte> payload, position first) {
    if (payload.size() < sizeof(rewritten_head)) return corrupt("rewritten events without their head");
    rewritten_view view;
    view.head = read_as<rewritten_head>(payload.data());
    if (view.head.kind < rewrite_kind::redrive || view.head.kind > rewrite_kind::backfill)
      return refuse("events rewritten for an unknown reason");
    auto rest = payload.subspan(sizeof(rewritten_head));
    const std::size_t who = record_padded(view.head.who_bytes);
    const std::uint64_t before = std::uint64_t{view.head.events} * sizeof(rewritten_event);
    if (view.head.events == 0 || rest.size() < who + before)
      return corrupt("rewritten events pass the record's end");
    view.who = as_text(rest.first(view.head.who_bytes));
    view.before = {reinterpret_cast<const rewritten_event*>(rest.data() + who), view.head.events};
    for (const rewritten_event& e : view.before) {
      if (e.origin == 0 || e.origin >= first) return corrupt("a rewritten event's origin is not before it");
    }
    return events(rest.subspan(who + static_cast<std::size_t>(before)), first, &view);
  }

  /// A batch's payload, of a batch record or behind what `again` tells of it.
  result<void> events(std::span<const std::byte> payload, position first, rewritten_view* again) {
    if (payload.size() < sizeof(batch_head)) return corrupt("a batch without its head");
    batch_view view;
    view.head = read_as<batch_head>(payload.data());
    const batch_head& head = view.head;
    const std::uint64_t entry_bytes = std::uint64_t{head.events} * sizeof(event_entry);
    const std::uint64_t duplicate_bytes = std::uint64_t{head.duplicates} * sizeof(hash128);
    if (sizeof head + entry_bytes + duplicate_bytes + head.target_bytes + head.body_bytes != payload.size()) {
      return corrupt("the parts of a batch are not as long as the whole");
    }
    if (head.target_bytes % 8 != 0) return corrupt("target sets that are not padded");
    if (head.events > header_.events - events_) return corrupt("more events than the header says");
    auto rest = payload.subspan(sizeof head);
    const auto take = [&rest](std::uint64_t bytes) {
      const auto part = rest.first(static_cast<std::size_t>(bytes));
      rest = rest.subspan(part.size());
      return part;
    };
    // Records start at multiples of 8 and these parts are multiples of 8 long: aligned for both.
    view.entries = {reinterpret_cast<const event_entry*>(take(entry_bytes).data()), head.events};
    view.duplicates = {reinterpret_cast<const hash128*>(take(duplicate_bytes).data()), head.duplicates};
    view.targets = take(head.target_bytes);
    view.body = as_text(rest);
    view.first = first;
    const auto sets = count_sets(view.targets);
    if (!sets) return fail(sets.error());
    if (auto checked = check_entries(view, *sets); !checked) return checked;
    events_ += head.events;
    if (again == nullptr) {
      visitor_.on_batch(view);
      return {};
    }
    if (head.events != again->head.events || head.duplicates + head.dropped + head.quarantined != 0)
      return corrupt("rewritten events that are not routed, or are not as many as their head says");
    again->batch = view;
    visitor_.on_rewritten(*again);
    return {};
  }

  /// The number of sets, the empty one included. They must differ, because interning them again must number
  /// them alike.
  result<std::size_t> count_sets(std::span<const std::byte> bytes) {
    sets_.clear();
    for (;;) {
      const auto set = next_set(bytes);
      if (set.empty()) break;
      if (sets_.size() + 1 == target_sets::sets_max) return corrupt("more target sets than a batch may have");
      sets_.push_back(set);
    }
    const bool padding =
        bytes.size() < 8 && std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
    if (!padding) return corrupt("target sets that contradict their length");
    const std::size_t sets = sets_.size() + 1;
    std::ranges::sort(sets_, [](auto a, auto b) { return std::ranges::lexicographical_compare(a, b); });
    const auto twin =
        std::ranges::adjacent_find(sets_, [](auto a, auto b) { return std::ranges::equal(a, b); });
    if (twin != sets_.end()) return corrupt("a target set that occurs twice");
    return sets;
  }

  result<void> check_entries(const batch_view& view, std::size_t sets) {
    const std::uint64_t body = view.body.size();
    std::uint32_t dropped = 0, quarantined = 0;
    bool fits = true;
    for (const event_entry& e : view.entries) {
      const auto inside = [&e](std::uint64_t offset, std::uint64_t length) {
        return offset + length <= e.length;
      };
      fits &= e.length > 0 && std::uint64_t{e.offset} + e.length <= body &&
              inside(e.id_offset, e.id_length) && inside(e.source_offset, e.source_length) &&
              inside(e.region_offset, e.region_length) && e.targets < sets &&
              e.cut <= (e.targets == 0 && !e.quarantined() ? 1 : 0);
      dropped += e.targets == 0 && !e.quarantined();
      quarantined += e.quarantined();
    }
    if (!fits) return corrupt("an event's entry points outside its batch");
    if (dropped != view.head.dropped || quarantined != view.head.quarantined) {
      return corrupt("a batch's totals are not those of its events");
    }
    return {};
  }

  result<void> outcome(std::span<const std::byte> payload) {
    if (payload.size() < sizeof(outcome_head)) return corrupt("an outcome without its head");
    outcome_view view;
    view.head = read_as<outcome_head>(payload.data());
    if (view.head.how > settlement::dropped_oldest) return refuse("an unknown kind of settlement");
    if (view.head.reserved != 0 || view.head.reserved1 != 0) return refuse("unknown bits in an outcome");
    const auto rest = payload.subspan(sizeof(outcome_head));
    const std::size_t reason = record_padded(view.head.reason_bytes);
    if (rest.size() < reason) return corrupt("an outcome's reason passes its end");
    view.reason = as_text(rest.first(view.head.reason_bytes));
    view.names = rest.subspan(reason);
    auto names = view.names;
    for (std::uint32_t i = 0; i < view.head.names; ++i) {
      named_event name;
      const std::size_t bytes = read_name(names, name);
      if (bytes == 0) return corrupt("an outcome's names pass its end");
      names = names.subspan(bytes);
    }
    if (!names.empty()) return corrupt("bytes follow an outcome's names");
    visitor_.on_outcome(view);
    return {};
  }

  result<void> control(std::span<const std::byte> payload) {
    if (payload.size() < sizeof(control_head)) return corrupt("a control record without its head");
    control_view view;
    view.head = read_as<control_head>(payload.data());
    if (view.head.kind < control_kind::destination_added ||
        view.head.kind > control_kind::letters_discarded) {
      return refuse("an unknown kind of control record");
    }
    const auto name = payload.subspan(sizeof(control_head));
    if (name.size() != view.head.name_bytes) return corrupt("a control record's name contradicts its length");
    view.name = as_text(name);
    visitor_.on_control(view);
    return {};
  }

  std::string place() const {
    return "group " + std::to_string(header_.number) + ", record " + std::to_string(record_);
  }
  tl::unexpected<error> corrupt(std::string what) const {
    return fail(errc::corrupt, std::move(what), place());
  }
  tl::unexpected<error> refuse(std::string what) const {
    return fail(errc::unsupported, std::move(what), place());
  }

  const group_header& header_;
  std::span<const std::byte> content_;
  record_visitor& visitor_;
  std::size_t at_ = 0;
  std::uint32_t record_ = 0;
  std::uint32_t events_ = 0;
  position next_ = 1;                          // of a spilled group: behind its last event so far
  std::vector<std::span<const target>> sets_;  // fewer than target_sets::sets_max
};

}  // namespace

void batch_view::read_targets(target_sets& into) const {
  into.clear();
  auto bytes = targets;
  for (;;) {
    const auto set = next_set(bytes);
    if (set.empty()) break;
    into.add(set);  // they differ: the record was checked
  }
}

void outcome_view::for_each_name(const std::function<void(const named_event&)>& visit) const {
  auto rest = names;
  for (std::uint32_t i = 0; i < head.names; ++i) {
    named_event name;
    const std::size_t bytes = read_name(rest, name);
    SLUICE_ASSERT(bytes != 0);
    visit(name);
    rest = rest.subspan(bytes);
  }
}

result<void> visit_records(const group_header& header, std::span<const std::byte> content,
                           record_visitor& visitor) {
  SLUICE_ASSERT(reinterpret_cast<std::uintptr_t>(content.data()) % 8 == 0);
  return walk(header, content, visitor).run();
}

bool header_valid(const group_header& header, std::uint64_t salt) noexcept {
  if (header.magic != group_magic || header.version != format_version || header.salt != salt) return false;
  if (header.type < group_type::data || header.type > group_type::spilled) return false;
  group_header summed = header;
  summed.header_crc = 0;
  if (crc32c(std::as_bytes(std::span(&summed, 1))) != header.header_crc) return false;
  if (header.content_bytes > group_bytes_max - sizeof(group_header)) return false;
  if (std::uint64_t{header.records} * sizeof(record_header) > header.content_bytes) return false;
  if (std::uint64_t{header.events} * sizeof(event_entry) > header.content_bytes) return false;
  if (header.durable_upto >= header.number) return false;
  if ((header.type == group_type::seal) != (header.successor != 0)) return false;
  return header.type == group_type::data || header.type == group_type::spilled || header.content_bytes == 0;
}

bool content_valid(const group_header& header, std::span<const std::byte> content) noexcept {
  return content.size() == header.content_bytes && crc32c(content) == header.content_crc;
}

}  // namespace sluice::checkpoint
