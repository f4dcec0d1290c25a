// Writes the JSON and notes where everything stands while it does so.
#include "tests/support/sample_batch.hpp"

namespace sluice::test {
namespace {

/// FNV-1a, 64 bits, from a given start.
std::uint64_t fnv1a(std::string_view text, std::uint64_t hash) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ull;
  }
  return hash;
}

struct placed_text {
  std::uint32_t offset = 0;
  std::uint16_t length = 0;
};

placed_text put_member(std::string& body, std::size_t slice, std::string_view key, std::string_view value) {
  body += '"';
  body += key;
  body += "\":\"";
  const placed_text at{static_cast<std::uint32_t>(body.size() - slice),
                       static_cast<std::uint16_t>(value.size())};
  body += value;
  body += '"';
  return at;
}

}  // namespace

hash128 sample_identity(std::string_view source, std::string_view id) {
  const std::uint64_t low = fnv1a(id, fnv1a("\n", fnv1a(source, 0xcbf29ce484222325ull)));
  return {low, fnv1a(source, fnv1a(id, 0x9e3779b97f4a7c15ull))};
}

std::unique_ptr<batch> make_batch(const std::vector<sample_event>& events, std::int64_t received_ms,
                                  std::vector<result<receipt>>* said) {
  std::string body = "[";
  std::vector<event_entry> entries;
  target_sets sets;
  for (const sample_event& event : events) {
    if (body.size() > 1) body += ",";
    const std::size_t slice = body.size();
    event_entry e;
    body += "{";
    const placed_text id = put_member(body, slice, "id", event.id);
    body += ",";
    const placed_text source = put_member(body, slice, "source", event.source);
    placed_text region;
    if (!event.region.empty()) {
      body += ",\"metadata\":{";
      region = put_member(body, slice, "region", event.region);
      body += "}";
    }
    if (event.padding != 0) body += ",\"detail\":\"" + std::string(event.padding, 'x') + "\"";
    body += "}";
    e.identity = sample_identity(event.source, event.id);
    e.id_hash = fnv1a(event.id, 0xcbf29ce484222325ull);
    e.timestamp_ms = received_ms - 1000;
    e.offset = static_cast<std::uint32_t>(slice);
    e.length = static_cast<std::uint32_t>(body.size() - slice);
    e.id_offset = id.offset;
    e.id_length = id.length;
    e.source_offset = source.offset;
    e.source_length = source.length;
    e.region_offset = region.offset;
    e.region_length = region.length;
    e.targets = event.why == quarantine::none ? sets.intern(event.targets) : std::uint16_t{0};
    e.rule = e.targets == 0 ? no_rule : std::uint16_t{0};
    e.why = static_cast<std::uint8_t>(event.why);
    entries.push_back(e);
  }
  body += "]";

  auto made = std::make_unique<batch>(std::make_unique<memory_inbound>(std::move(body), said));
  made->received_ms = received_ms;
  made->targets = std::move(sets);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string_view whole = made->done.body().substr(entries[i].offset, entries[i].length);
    event_text text{whole.substr(entries[i].id_offset, entries[i].id_length),
                    whole.substr(entries[i].source_offset, entries[i].source_length), 0, 0};
    if (entries[i].region_length != 0) {
      text.metadata_first = static_cast<std::uint32_t>(made->events.metadata.size());
      text.metadata_count = 1;
      made->events.metadata.push_back(
          {"region", whole.substr(entries[i].region_offset, entries[i].region_length)});
    }
    made->events.texts.push_back(text);
    made->events.quarantined += entries[i].quarantined();
  }
  made->events.entries = std::move(entries);
  return made;
}

}  // namespace sluice::test
