// The writer's half of a group: the hot path of the log. Where every event of a batch is new, its entries and
// its body are one copy each; everything else is worked out before the first byte is written, so that a
// refusal changes nothing.
#include <algorithm>
#include <cstring>
#include <limits>

#include "actors/checkpoint/group.hpp"
#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

static_assert(sizeof(target) == 4, "targets are stored as they lie");

constexpr std::string_view hex_digits = "0123456789abcdef";

std::byte* put(std::byte* at, const void* from, std::size_t bytes) noexcept {
  if (bytes != 0) std::memcpy(at, from, bytes);
  return at + bytes;
}

/// Bytes of `targets` as stored, padded.
std::size_t stored_bytes(const target_sets& targets) noexcept {
  std::size_t bytes = 0;
  for (std::size_t i = 1; i < targets.size(); ++i) bytes += sizeof(std::uint16_t) + targets[i].size_bytes();
  return record_padded(bytes);
}

std::byte* put_targets(std::byte* at, const target_sets& targets, std::size_t stored) noexcept {
  std::byte* const end = at + stored;
  for (std::size_t i = 1; i < targets.size(); ++i) {
    const auto set = targets[i];
    SLUICE_ASSERT(set.size() <= std::numeric_limits<std::uint16_t>::max());
    const auto count = static_cast<std::uint16_t>(set.size());
    at = put(at, &count, sizeof count);
    at = put(at, set.data(), set.size_bytes());
  }
  std::memset(at, 0, static_cast<std::size_t>(end - at));
  return end;
}

bool is_dropped(const event_entry& e) noexcept { return e.targets == 0 && !e.quarantined(); }

/// Counts what `text_writer` would write.
struct text_counter {
  std::size_t bytes = 0;
  void raw(std::string_view text) noexcept { bytes += text.size(); }
  std::size_t written() const noexcept { return bytes; }
};
struct text_writer {
  std::byte* const begin;
  std::byte* at = begin;
  void raw(std::string_view text) noexcept { at = put(at, text.data(), text.size()); }
  std::size_t written() const noexcept { return static_cast<std::size_t>(at - begin); }
};

/// The text of a JSON string (RFC 8259, section 7), escaping only what must be: never longer than it came.
template <class Sink>
void put_escaped(Sink& sink, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    sink.raw(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
      case '"':
        sink.raw("\\\"");
        break;
      case '\\':
        sink.raw("\\\\");
        break;
      case '\b':
        sink.raw("\\b");
        break;
      case '\f':
        sink.raw("\\f");
        break;
      case '\n':
        sink.raw("\\n");
        break;
      case '\r':
        sink.raw("\\r");
        break;
      case '\t':
        sink.raw("\\t");
        break;
      default: {
        const char code[] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
        sink.raw({code, sizeof code});
      }
    }
  }
  sink.raw(text.substr(plain));
}

/// What is kept of a dropped event in identity mode: the texts of its envelope. `e`'s offsets become those in
/// it.
template <class Sink>
void put_identity(Sink& sink, const batch& b, std::size_t index, event_entry& e) {
  const std::string_view slice = b.done.body().substr(e.offset, e.length);
  const auto span = [&](std::uint32_t offset, std::uint16_t length) { return slice.substr(offset, length); };
  const std::string_view id = span(e.id_offset, e.id_length), source = span(e.source_offset, e.source_length),
                         region = span(e.region_offset, e.region_length);
  const auto place = [&](std::uint32_t& offset, std::string_view text) {
    offset = static_cast<std::uint32_t>(sink.written());
    sink.raw(text);
  };
  sink.raw(R"({"id":")");
  place(e.id_offset, id);
  sink.raw(R"(","source":")");
  place(e.source_offset, source);
  sink.raw("\"");
  const event_text& text = b.events.texts[index];
  for (std::uint32_t m = 0; m < text.metadata_count; ++m) {
    const metadata_member& member = b.events.metadata[text.metadata_first + m];
    sink.raw(m == 0 ? R"(,"metadata":{")" : ",\"");
    put_escaped(sink, member.key);
    sink.raw("\":\"");
    if (member.key == "region" && e.region_length != 0) {
      place(e.region_offset, region);
    } else {
      put_escaped(sink, member.value);
    }
    sink.raw("\"");
  }
  sink.raw(text.metadata_count == 0 ? "}" : "}}");
  e.length = static_cast<std::uint32_t>(sink.written());
}

/// True when the identity form is what is kept of entry `i`; it is never longer than the slice.
bool keeps_identity_only(const batch& b, std::size_t i, std::size_t& bytes) {
  event_entry e = b.events.entries[i];
  bytes = e.length;
  if (!is_dropped(e)) return false;
  text_counter counter;
  put_identity(counter, b, i, e);
  if (counter.bytes >= bytes) return false;
  bytes = counter.bytes;
  return true;
}

}  // namespace

group_builder::group_builder(aligned_buffer buffer) : buffer_(std::move(buffer)) {
  SLUICE_ASSERT(buffer_.data() != nullptr && buffer_.capacity() >= block_bytes);
}

std::size_t group_builder::batch_bytes(const batch& b) noexcept {
  return sizeof(record_header) + sizeof(batch_head) + b.events.entries.size() * sizeof(event_entry) +
         stored_bytes(b.targets) + record_padded(b.done.body().size());
}

std::byte* group_builder::grow(record_type type, std::size_t payload) {
  constexpr std::size_t payload_max = group_bytes_max - sizeof(group_header) - sizeof(record_header);
  if (payload > payload_max) return nullptr;
  const std::size_t used = used_ + sizeof(record_header) + record_padded(payload);
  if (padded(used) > std::min<std::uint64_t>(buffer_.capacity(), group_bytes_max)) return nullptr;
  const record_header header{type, 0, static_cast<std::uint32_t>(payload)};
  std::byte* const at = put(buffer_.data() + used_, &header, sizeof header);
  std::memset(at + payload, 0, record_padded(payload) - payload);
  used_ = used;
  header_.content_bytes = used_ - sizeof(group_header);
  ++header_.records;
  return at;
}

bool group_builder::append_batch(const batch& b, std::span<const std::uint8_t> is_new, bool whole) {
  const auto& entries = b.events.entries;
  const std::string_view body = b.done.body();
  SLUICE_ASSERT(is_new.size() == entries.size());
  SLUICE_ASSERT(body.size() <= std::numeric_limits<std::uint32_t>::max());
  batch_head head;
  head.received_ms = b.received_ms;
  std::size_t compact_bytes = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (is_new[i] == 0) continue;
    ++head.events;
    head.dropped += is_dropped(entries[i]);
    head.quarantined += entries[i].quarantined();
    if (!whole) {
      std::size_t bytes = 0;
      keeps_identity_only(b, i, bytes);
      compact_bytes += bytes;
    }
  }
  head.duplicates = static_cast<std::uint32_t>(entries.size() - head.events);
  const std::size_t target_bytes = stored_bytes(b.targets);
  // A batch of nothing but duplicates keeps no body: no entry points into it.
  whole = whole && head.events != 0;
  const std::size_t body_bytes = whole ? body.size() : compact_bytes;
  SLUICE_ASSERT(body_bytes <= body.size());
  head.target_bytes = static_cast<std::uint32_t>(target_bytes);
  head.body_bytes = static_cast<std::uint32_t>(body_bytes);

  std::byte* at = grow(record_type::batch, sizeof head + head.events * sizeof(event_entry) +
                                               head.duplicates * sizeof(hash128) + target_bytes + body_bytes);
  if (at == nullptr) return false;
  at = put(at, &head, sizeof head);
  std::byte* const first_entry = at;
  std::byte* const duplicates = at + head.events * sizeof(event_entry);
  std::byte* const targets = duplicates + head.duplicates * sizeof(hash128);
  std::byte* const first_body = put_targets(targets, b.targets, target_bytes);

  if (head.duplicates == 0) {
    put(first_entry, entries.data(), entries.size() * sizeof(event_entry));
  } else {
    std::byte* next_duplicate = duplicates;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (is_new[i] != 0) {
        at = put(at, &entries[i], sizeof(event_entry));
      } else {
        next_duplicate = put(next_duplicate, &entries[i].identity, sizeof(hash128));
      }
    }
  }
  if (whole) {
    put(first_body, body.data(), body.size());
  } else {
    put_slices(b, is_new, first_entry, first_body);
  }
  header_.events += head.events;
  return true;
}

void group_builder::put_slices(const batch& b, std::span<const std::uint8_t> is_new, std::byte* entry,
                               std::byte* const body) {
  std::byte* at = body;
  for (std::size_t i = 0; i < is_new.size(); ++i) {
    if (is_new[i] == 0) continue;
    event_entry e = b.events.entries[i];
    const std::string_view slice = b.done.body().substr(e.offset, e.length);
    std::size_t bytes = 0;
    if (keeps_identity_only(b, i, bytes)) {
      text_writer writer{at};
      put_identity(writer, b, i, e);
      e.cut = 1;
    } else {
      put(at, slice.data(), slice.size());
    }
    e.offset = static_cast<std::uint32_t>(at - body);
    at += bytes;
    entry = put(entry, &e, sizeof e);
  }
}

bool group_builder::append_outcome(const outcome_head& head, std::string_view reason,
                                   std::span<const named_event> names) {
  constexpr std::size_t text_max = std::numeric_limits<std::uint16_t>::max();
  SLUICE_ASSERT(reason.size() <= text_max && names.size() <= std::numeric_limits<std::uint32_t>::max());
  constexpr std::size_t fixed = sizeof(position) + 3 * sizeof(std::uint16_t);
  std::size_t payload = sizeof head + record_padded(reason.size());
  for (const named_event& n : names) {
    SLUICE_ASSERT(n.id.size() <= text_max && n.source.size() <= text_max && n.region.size() <= text_max);
    payload += record_padded(fixed + n.id.size() + n.source.size() + n.region.size());
  }
  std::byte* at = grow(record_type::outcome, payload);
  if (at == nullptr) return false;
  outcome_head stored = head;
  stored.reserved = 0;
  stored.reserved1 = 0;
  stored.reason_bytes = static_cast<std::uint16_t>(reason.size());
  stored.names = static_cast<std::uint32_t>(names.size());
  at = put(at, &stored, sizeof stored);
  const auto pad = [&at](const std::byte* begin) {
    const auto bytes = static_cast<std::size_t>(at - begin);
    std::memset(at, 0, record_padded(bytes) - bytes);
    at += record_padded(bytes) - bytes;
  };
  const std::byte* begin = at;
  at = put(at, reason.data(), reason.size());
  pad(begin);
  for (const named_event& n : names) {
    begin = at;
    const std::uint16_t lengths[] = {static_cast<std::uint16_t>(n.id.size()),
                                     static_cast<std::uint16_t>(n.source.size()),
                                     static_cast<std::uint16_t>(n.region.size())};
    at = put(at, &n.at, sizeof n.at);
    at = put(at, lengths, sizeof lengths);
    for (const std::string_view text : {n.id, n.source, n.region}) at = put(at, text.data(), text.size());
    pad(begin);
  }
  return true;
}

bool group_builder::append_offer(const offer_head& offer) {
  std::byte* const at = grow(record_type::offer, sizeof offer);
  if (at != nullptr) put(at, &offer, sizeof offer);
  return at != nullptr;
}

bool group_builder::append_control(const control_head& control, std::string_view name) {
  control_head stored = control;
  stored.name_bytes = static_cast<std::uint32_t>(name.size());
  std::byte* const at = grow(record_type::control, sizeof stored + name.size());
  if (at != nullptr) put(put(at, &stored, sizeof stored), name.data(), name.size());
  return at != nullptr;
}

bool group_builder::append_audited(const audited_head& audited) {
  std::byte* const at = grow(record_type::audited, sizeof audited);
  if (at != nullptr) put(at, &audited, sizeof audited);
  return at != nullptr;
}

bool group_builder::append_rewritten(const rewriting& what, const event_run& events) {
  return append_run(std::nullopt, what, events);
}

bool group_builder::append_spilled(position first, const std::optional<rewriting>& again,
                                   const event_run& events) {
  return append_run(first, again, events);
}

bool group_builder::append_run(std::optional<position> first, const std::optional<rewriting>& again,
                               const event_run& events) {
  batch_head head;
  head.received_ms = events.received_ms;
  head.events = static_cast<std::uint32_t>(events.entries.size());
  head.target_bytes = static_cast<std::uint32_t>(stored_bytes(events.targets));
  for (const event_entry& e : events.entries) {
    head.body_bytes += e.length;
    head.dropped += is_dropped(e);
    head.quarantined += e.quarantined();
  }
  std::size_t payload = (first ? sizeof(position) : 0) + sizeof head + events.entries.size_bytes() +
                        head.target_bytes + head.body_bytes;
  if (again) {
    SLUICE_ASSERT(again->before.size() == events.entries.size() && head.events > 0);
    payload += sizeof(rewritten_head) + record_padded(again->who.size()) + again->before.size_bytes();
  }
  std::byte* at = grow(again ? record_type::rewritten : record_type::batch, payload);
  if (at == nullptr) return false;
  if (first) at = put(at, &*first, sizeof *first);
  if (again) {
    const rewritten_head before{again->kind, static_cast<std::uint16_t>(again->who.size()), head.events};
    at = put(put(at, &before, sizeof before), again->who.data(), again->who.size());
    const std::size_t padding = record_padded(again->who.size()) - again->who.size();
    std::memset(at, 0, padding);
    at = put(at + padding, again->before.data(), again->before.size_bytes());
  }
  at = put(at, &head, sizeof head);
  std::uint32_t offset = 0;
  for (const event_entry& e : events.entries) {
    event_entry stored = e;
    stored.offset = offset;
    offset += e.length;
    at = put(at, &stored, sizeof stored);
  }
  at = put_targets(at, events.targets, head.target_bytes);
  for (const event_entry& e : events.entries) at = put(at, events.body.data() + e.offset, e.length);
  header_.events += head.events;
  return true;
}

void group_builder::reserve(std::size_t capacity) {
  if (capacity <= buffer_.capacity()) return;
  aligned_buffer larger(capacity);
  put(larger.data(), buffer_.data(), used_);
  buffer_ = std::move(larger);
}

bool group_builder::append_raw(record_type type, std::span<const std::span<const std::byte>> pieces) {
  std::size_t payload = 0;
  for (const auto& piece : pieces) payload += piece.size();
  std::byte* at = grow(type, payload);
  if (at == nullptr) return false;
  for (const auto& piece : pieces) at = put(at, piece.data(), piece.size());
  return true;
}

void group_builder::close(const closing& with) noexcept {
  SLUICE_ASSERT(with.salt != 0 && with.durable_upto < with.number);
  SLUICE_ASSERT((with.type == group_type::seal) == (with.successor != 0));
  SLUICE_ASSERT(with.type == group_type::data || with.type == group_type::spilled || header_.records == 0);
  std::memset(buffer_.data() + used_, 0, static_cast<std::size_t>(disk_bytes()) - used_);
  header_.type = with.type;
  header_.salt = with.salt;
  header_.number = with.number;
  header_.durable_upto = with.durable_upto;
  header_.first_position = with.first_position;
  header_.running_ms = with.running_ms;
  header_.wall_ms = with.wall_ms;
  header_.successor = with.successor;
  header_.content_crc = crc32c({buffer_.data() + sizeof(group_header), header_.content_bytes});
  header_.header_crc = 0;
  header_.header_crc = crc32c(std::as_bytes(std::span(&header_, 1)));
  put(buffer_.data(), &header_, sizeof header_);
}

}  // namespace sluice::checkpoint
