#include "actors/deliver/dead_letter_file.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "messages/assert.hpp"

namespace sluice::deliver {
namespace {

using checkpoint::block_bytes;
using checkpoint::group_header;
using checkpoint::record_type;

constexpr std::uint64_t file_magic = 0x51'4c'44'45'43'55'4c'53;  // "SLUCEDLQ" as bytes
constexpr std::uint32_t file_version = 2;

struct file_head {
  std::uint64_t magic = file_magic;
  std::uint32_t version = file_version;
  std::uint32_t crc = 0;  ///< CRC32C of this structure with crc = 0
  std::uint64_t number = 0;
};
static_assert(sizeof(file_head) == 24);

/// Before a letter's texts, which follow in the order of their lengths.
struct letter_head {
  std::uint64_t at = 0, origin = 0;
  std::int64_t received_ms = 0, redriven_ms = 0, first_stored_ms = 0, stored_ms = 0;
  std::uint32_t generation = 0, attempts = 0;
  std::uint32_t destination = 0, reason = 0, id = 0, source = 0, region = 0, event = 0;  ///< lengths
  std::uint16_t lane = 0, reserved = 0;
  std::uint32_t reserved1 = 0;
};
static_assert(sizeof(letter_head) == 88);

/// Before the destination's name.
struct removed_head {
  std::uint64_t origin = 0;
  std::uint32_t generation = 0;
  std::uint32_t destination = 0;  ///< length
};
static_assert(sizeof(removed_head) == 16);

std::optional<std::uint64_t> number_of(const std::string& name) {
  if (name.size() != 20 || !name.ends_with(".dlq")) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : name.substr(0, 16)) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
    number = number * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return number;
}

/// No file's groups pass for another's.
std::uint64_t salt_of(std::uint64_t number) { return file_magic ^ (number * 0x9e3779b97f4a7c15) ^ 1; }

std::uint32_t head_crc(file_head head) {
  head.crc = 0;
  return checkpoint::crc32c(std::as_bytes(std::span(&head, 1)));
}

error damaged(const std::string& path, std::uint64_t offset, const char* what) {
  return error{errc::corrupt, what, path + "+" + std::to_string(offset), 0};
}

/// Takes a record's parts off its payload; failed once something was not there.
class payload_reader {
 public:
  explicit payload_reader(std::span<const std::byte> payload)
      : rest_(reinterpret_cast<const char*>(payload.data()), payload.size()) {}
  template <class Head>
  Head head() {
    Head head;
    if (rest_.size() < sizeof head) return failed_ = true, Head{};
    std::memcpy(&head, rest_.data(), sizeof head);
    rest_.remove_prefix(sizeof head);
    return head;
  }
  std::string text(std::uint32_t length) {
    if (failed_ || rest_.size() < length) return failed_ = true, std::string();
    std::string text(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return text;
  }
  bool whole() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

class records : public checkpoint::record_visitor {
 public:
  explicit records(const record_visit& with) : with_(with) {}
  void on_other(const checkpoint::raw_record& record) override {
    if (stopped_ || bad_) return;
    payload_reader from(record.payload);
    if (record.header.type == record_type::dead_letter) return letter(from);
    if (record.header.type != record_type::dead_letter_removed) return void(bad_ = true);
    const auto head = from.head<removed_head>();
    const letter_key key{from.text(head.destination), head.origin, head.generation};
    if (bad_ = !from.whole(); !bad_) with_.removed(key);
  }
  bool stopped() const noexcept { return stopped_; }
  bool bad() const noexcept { return bad_; }

 private:
  void letter(payload_reader& from) {
    const auto head = from.head<letter_head>();
    dead_letter l;
    l.at = head.at;
    l.origin = head.origin;
    l.generation = head.generation;
    l.lane = head.lane;
    l.attempts = head.attempts;
    l.received_ms = head.received_ms;
    l.redriven_ms = head.redriven_ms;
    l.first_stored_ms = head.first_stored_ms;
    l.stored_ms = head.stored_ms;
    l.destination = from.text(head.destination);
    l.reason = from.text(head.reason);
    l.id = from.text(head.id);
    l.source = from.text(head.source);
    l.region = from.text(head.region);
    l.event = from.text(head.event);
    if (bad_ = !from.whole(); !bad_) stopped_ = !with_.letter(std::move(l));
  }

  const record_visit& with_;
  bool stopped_ = false, bad_ = false;
};

}  // namespace

std::string dead_letter_file_name(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%016llx.dlq", static_cast<unsigned long long>(number));
  return text;
}

result<std::vector<std::uint64_t>> dead_letter_files(checkpoint::file_system& files,
                                                     const std::string& directory) {
  auto entries = files.list(directory);
  if (!entries) return fail(entries.error());
  std::vector<std::uint64_t> numbers;
  for (const auto& e : *entries) {
    if (const auto number = number_of(e.name)) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::vector<std::byte> dead_letter_file_head(std::uint64_t number) {
  std::vector<std::byte> block(block_bytes);
  file_head head;
  head.number = number;
  head.crc = head_crc(head);
  std::memcpy(block.data(), &head, sizeof head);
  return block;
}

std::size_t record_bytes(const dead_letter& l) {
  const auto texts = l.destination.size() + l.reason.size() + l.id.size() + l.source.size() +
                     l.region.size() + l.event.size();
  return sizeof(checkpoint::record_header) + checkpoint::record_padded(sizeof(letter_head) + texts);
}

std::size_t record_bytes(const letter_key& removed) {
  return sizeof(checkpoint::record_header) +
         checkpoint::record_padded(sizeof(removed_head) + removed.destination.size());
}

void append_record(checkpoint::group_builder& group, const dead_letter& l) {
  const auto length = [](const std::string& text) { return static_cast<std::uint32_t>(text.size()); };
  letter_head head;
  head.at = l.at;
  head.origin = l.origin;
  head.received_ms = l.received_ms;
  head.redriven_ms = l.redriven_ms;
  head.first_stored_ms = l.first_stored_ms != 0 ? l.first_stored_ms : l.stored_ms;
  head.stored_ms = l.stored_ms;
  head.generation = l.generation;
  head.attempts = l.attempts;
  head.destination = length(l.destination);
  head.reason = length(l.reason);
  head.id = length(l.id);
  head.source = length(l.source);
  head.region = length(l.region);
  head.event = length(l.event);
  head.lane = l.lane;
  const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&head, 1)),
                                               bytes(l.destination),
                                               bytes(l.reason),
                                               bytes(l.id),
                                               bytes(l.source),
                                               bytes(l.region),
                                               bytes(l.event)};
  const bool fits = group.append_raw(record_type::dead_letter, pieces);
  SLUICE_ASSERT(fits);
}

void append_record(checkpoint::group_builder& group, const letter_key& removed) {
  const removed_head head{removed.origin, removed.generation,
                          static_cast<std::uint32_t>(removed.destination.size())};
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&head, 1)),
                                               std::as_bytes(std::span(removed.destination))};
  const bool fits = group.append_raw(record_type::dead_letter_removed, pieces);
  SLUICE_ASSERT(fits);
}

void close_group(checkpoint::group_builder& group, std::uint64_t file, std::uint64_t number) {
  group.close({checkpoint::group_type::data, salt_of(file), number, 1, number - 1, 0, 0, 0});
}

result<dead_letter_file_reader> dead_letter_file_reader::open(checkpoint::file_system& files,
                                                              const std::string& directory,
                                                              std::uint64_t number, bool newest) {
  dead_letter_file_reader made;
  made.path_ = directory + "/" + dead_letter_file_name(number);
  made.salt_ = salt_of(number);
  made.newest_ = newest;
  auto file = files.open(made.path_, checkpoint::open_mode::read, checkpoint::caching::buffered);
  if (!file) return fail(file.error());
  made.file_ = std::move(*file);
  const auto size = made.file_->size();
  if (!size) return fail(size.error());
  made.size_ = *size;
  file_head head;
  const auto got = made.file_->read_at(std::as_writable_bytes(std::span(&head, 1)), 0);
  if (!got) return fail(got.error());
  if (*got != sizeof head || head.magic != file_magic || head.number != number ||
      head.crc != head_crc(head)) {
    if (newest && *size <= block_bytes) return made;  // made, and never written to
    return fail(damaged(made.path_, 0, "the head of a dead-letter file is damaged"));
  }
  if (head.version != file_version)
    return fail(errc::unsupported, "a dead-letter file of another version", made.path_);
  made.offset_ = block_bytes;
  return made;
}

void dead_letter_file_reader::seek(std::uint64_t offset) noexcept {
  anywhere_ = offset != block_bytes;
  offset_ = offset;
}

result<bool> dead_letter_file_reader::next() {
  if (offset_ == 0 || offset_ + sizeof(group_header) > size_) return at_the_end();
  if (const auto n = file_->read_at(std::as_writable_bytes(std::span(&header_, 1)), offset_); !n)
    return fail(n.error());
  bool valid = checkpoint::header_valid(header_, salt_) && (anywhere_ || header_.number == last_group_ + 1) &&
               header_.content_bytes <= size_ - offset_ - sizeof header_;
  if (valid) {
    content_.resize(header_.content_bytes);
    if (const auto n = file_->read_at(content_, offset_ + sizeof header_); !n) return fail(n.error());
    valid = checkpoint::content_valid(header_, content_);
  }
  if (!valid) return at_the_end();
  anywhere_ = false;
  last_group_ = header_.number;
  group_offset_ = offset_;
  offset_ += header_.disk_bytes();
  return true;
}

result<bool> dead_letter_file_reader::at_the_end() {
  if (offset_ >= size_ || offset_ == 0) return false;
  const auto synced = proven_synced(last_group_ + 1);
  if (!synced) return fail(synced.error());
  if (*synced || !newest_) return fail(damaged(path_, offset_, "a stored dead letter is damaged"));
  return false;
}

// A later header that knows the group as synced tells damage from a torn tail (log.md, "Start", 3).
result<bool> dead_letter_file_reader::proven_synced(std::uint64_t group) const {
  for (auto at = offset_; at + sizeof(group_header) <= size_; at += block_bytes) {
    group_header header;
    const auto got = file_->read_at(std::as_writable_bytes(std::span(&header, 1)), at);
    if (!got) return fail(got.error());
    if (*got == sizeof header && checkpoint::header_valid(header, salt_) && header.durable_upto >= group)
      return true;
  }
  return false;
}

result<bool> dead_letter_file_reader::visit(const record_visit& with) const {
  records visitor(with);
  const auto walked = checkpoint::visit_records(header_, content_, visitor);
  if (!walked || visitor.bad())
    return fail(damaged(path_, group_offset_, "a dead letter contradicts its format"));
  return !visitor.stopped();
}

}  // namespace sluice::deliver
