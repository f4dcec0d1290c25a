// Names, heads, state records and the secret: the only place that knows how they lie in the directory.
#include "actors/checkpoint/log_directory.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "messages/assert.hpp"

namespace sluice::checkpoint {
namespace {

constexpr std::uint64_t secret_magic = 0x5445524345534c53;  // "SLSECRET" as bytes

struct secret_file {
  std::uint64_t magic = secret_magic;
  std::uint16_t version = format_version;
  std::uint16_t reserved[3] = {};
  log_secret secret{};
  std::uint32_t crc = 0;  ///< of everything before
  std::uint32_t reserved1 = 0;
};
static_assert(sizeof(secret_file) == 216);

std::string hex16(std::uint64_t number) {
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4) out[i] = "0123456789abcdef"[number & 15];
  return out;
}

std::optional<std::uint64_t> number_in(std::string_view text, int base) {
  std::uint64_t n = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), n, base);
  if (text.empty() || bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::optional<std::uint64_t> numbered(std::string_view name, std::string_view suffix) {
  if (name.size() != 16 + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  const auto n = number_in(name.substr(0, 16), 16);
  if (!n || *n == 0 || hex16(*n) != name.substr(0, 16)) return std::nullopt;
  return n;
}

/// `<16 hex>-<destination>` and `suffix`.
std::optional<std::pair<std::uint64_t, destination_id>> spill_numbers(std::string_view name,
                                                                      std::string_view suffix) {
  if (name.size() < 17 + suffix.size() || name[16] != '-' || !name.ends_with(suffix)) return std::nullopt;
  const std::string_view digits = name.substr(17, name.size() - 17 - suffix.size());
  const auto segment = numbered(name.substr(0, 16), "");
  const auto of = number_in(digits, 10);
  if (!segment || !of || *of > std::numeric_limits<destination_id>::max() || std::to_string(*of) != digits)
    return std::nullopt;
  return std::pair{*segment, static_cast<destination_id>(*of)};
}

std::uint32_t crc_of(segment_head head) {
  head.crc = 0;
  return crc32c(std::as_bytes(std::span(&head, 1)));
}

std::uint32_t crc_of(const secret_file& s) {
  return crc32c(std::as_bytes(std::span(&s, 1)).first(offsetof(secret_file, crc)));
}

}  // namespace

std::string log_directory::segment(std::uint64_t number) const { return in(hex16(number) + ".seg"); }
std::string log_directory::replaced(std::uint64_t number) const { return in(hex16(number) + ".old"); }
std::string log_directory::side(std::uint64_t number) const { return in(hex16(number) + ".ids"); }
std::string log_directory::spill(std::uint64_t number, destination_id of) const {
  return in(hex16(number) + "-" + std::to_string(of) + ".spill");
}
std::string log_directory::pool(std::uint64_t n) const { return in("pool-" + std::to_string(n) + ".seg"); }

result<directory_listing> list_log(const log_directory& where) {
  auto entries = where.files->list(where.path);
  if (!entries) return fail(entries.error());
  directory_listing out;
  for (const directory_entry& e : *entries) {
    const std::string_view name = e.name;
    if (const auto s = numbered(name, ".seg")) {
      out.segments.push_back(*s);
    } else if (const auto r = numbered(name, ".old")) {
      out.replaced.push_back(*r);
    } else if (const auto i = numbered(name, ".ids")) {
      out.sides.push_back(*i);
      out.side_bytes += e.size;
    } else if (const auto spill = spill_numbers(name, ".spill")) {
      out.spills.push_back(*spill);
    } else if (name == "reserve.seg") {
      out.reserve = true;
    } else if (name == "secret") {
      out.secret = true;
    } else if (name.ends_with(".tmp") &&
               (name == "secret.tmp" || numbered(name, ".ids.tmp") || spill_numbers(name, ".spill.tmp"))) {
      out.temporary.push_back(e.name);
    } else if (name.starts_with("pool-") && name.ends_with(".seg")) {
      if (const auto n = number_in(name.substr(5, name.size() - 9), 10)) out.pool.push_back(*n);
    }
  }
  std::ranges::sort(out.segments);
  std::ranges::sort(out.sides);
  std::ranges::sort(out.spills);
  std::ranges::sort(out.pool);
  return out;
}

error damage(const std::string& path, std::uint64_t offset, std::string what) {
  return error{errc::corrupt, std::move(what), path + "+" + std::to_string(offset), 0};
}

error final_error(error e) {
  e.code = errc::io;
  return e;
}

result<aligned_buffer> read_blocks(const file& from, std::uint64_t offset, std::size_t bytes) {
  SLUICE_ASSERT(offset % block_bytes == 0 && bytes % block_bytes == 0);
  aligned_buffer buffer(bytes);
  const auto got = from.read_at({buffer.data(), bytes}, offset);
  if (!got) return fail(got.error());
  std::memset(buffer.data() + *got, 0, bytes - *got);
  return buffer;
}

result<segment_head> read_head(const file& from, const std::string& path, std::uint64_t segment_size) {
  const auto block = read_blocks(from, 0, block_bytes);
  if (!block) return fail(block.error());
  segment_head head;
  std::memcpy(&head, block->data(), sizeof head);
  if (head.magic != segment_magic) return fail(damage(path, 0, "the segment has no head"));
  if (head.version != format_version) {
    return fail(errc::unsupported,
                "format version " + std::to_string(head.version) + " is not known, this build reads " +
                    std::to_string(format_version),
                path + "+0");
  }
  if (crc_of(head) != head.crc) return fail(damage(path, 0, "the segment's head contradicts its checksum"));
  if (head.number == 0 || head.salt == 0 || head.first_position == 0 || head.first_group == 0 ||
      head.state_bytes > state_bytes_max || head.data_offset() + block_bytes > segment_size) {
    return fail(damage(path, 0, "the segment's head is out of bounds"));
  }
  return head;
}

result<std::vector<std::byte>> read_state(const file& from, const std::string& path,
                                          const segment_head& head) {
  const auto blocks = read_blocks(from, block_bytes, padded(head.state_bytes));
  if (!blocks) return fail(blocks.error());
  std::vector<std::byte> state(blocks->data(), blocks->data() + head.state_bytes);
  if (crc32c(state) != head.state_crc) {
    return fail(damage(path, block_bytes, "the state record contradicts its checksum"));
  }
  return state;
}

result<segment_head> write_head(file& to, segment_head head, std::span<const std::byte> state) {
  SLUICE_ASSERT(state.size() <= state_bytes_max);
  head.state_bytes = static_cast<std::uint32_t>(state.size());
  head.state_crc = crc32c(state);
  head.crc = crc_of(head);
  aligned_buffer buffer(head.data_offset());
  std::memset(buffer.data(), 0, head.data_offset());
  std::memcpy(buffer.data(), &head, sizeof head);
  if (!state.empty()) std::memcpy(buffer.data() + block_bytes, state.data(), state.size());
  if (const auto wrote = to.write_at({buffer.data(), head.data_offset()}, 0); !wrote)
    return fail(wrote.error());
  return head;
}

result<void> write_small(const log_directory& where, const std::string& path,
                         std::span<const std::span<const std::byte>> pieces) {
  const std::string temporary = path + ".tmp";
  {
    auto to = where.files->open(temporary, open_mode::create, caching::buffered);
    if (!to) return fail(to.error());
    if (const auto cut = (*to)->truncate(0); !cut) return cut;
    std::uint64_t offset = 0;
    for (const auto piece : pieces) {
      if (const auto wrote = (*to)->write_at(piece, offset); !wrote) return wrote;
      offset += piece.size();
    }
    if (const auto synced = (*to)->sync(); !synced) return synced;
  }
  if (const auto named = where.files->rename(temporary, path); !named) return named;
  return where.sync();
}

result<std::vector<std::byte>> read_small(const log_directory& where, const std::string& path) {
  const auto from = where.files->open(path, open_mode::read, caching::buffered);
  if (!from) return fail(from.error());
  const auto size = (*from)->size();
  if (!size) return fail(size.error());
  std::vector<std::byte> bytes(*size);
  const auto got = (*from)->read_at(bytes, 0);
  if (!got) return fail(got.error());
  bytes.resize(*got);
  return bytes;
}

result<log_secret> read_secret(const log_directory& where) {
  const auto bytes = read_small(where, where.secret());
  if (!bytes) return fail(bytes.error());
  secret_file s;
  if (bytes->size() != sizeof s) return fail(damage(where.secret(), 0, "the secret has the wrong length"));
  std::memcpy(&s, bytes->data(), sizeof s);
  if (s.magic != secret_magic || s.crc != crc_of(s)) {
    return fail(damage(where.secret(), 0, "the secret contradicts its checksum"));
  }
  if (s.version != format_version)
    return fail(errc::unsupported, "the secret's version is not known", where.secret() + "+8");
  return s.secret;
}

result<log_secret> create_secret(const log_directory& where, const random_source& random) {
  secret_file s;
  random(std::as_writable_bytes(std::span(s.secret)));
  s.crc = crc_of(s);
  const std::span<const std::byte> piece = std::as_bytes(std::span(&s, 1));
  if (const auto wrote = write_small(where, where.secret(), {&piece, 1}); !wrote) return fail(wrote.error());
  return s.secret;
}

std::uint64_t draw_salt(const random_source& random) {
  std::uint64_t salt = 0;
  while (salt == 0) random(std::as_writable_bytes(std::span(&salt, 1)));
  return salt;
}

}  // namespace sluice::checkpoint
