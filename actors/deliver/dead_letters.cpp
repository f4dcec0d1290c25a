// Files of the store: `<16 hex digits>.dlq`. A head block, then groups as the log frames them
// (checkpoint/format.hpp), their salt drawn from the file's number, each synced before its letters count as
// stored.
#include "actors/deliver/dead_letters.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "actors/checkpoint/group.hpp"

namespace sluice::deliver {
namespace {

using checkpoint::block_bytes;
using checkpoint::caching;
using checkpoint::group_header;
using checkpoint::open_mode;

constexpr std::uint64_t file_bytes_max = 16ull << 20;  ///< a file that is longer takes no further group
constexpr std::size_t group_bytes = 4u << 20;          ///< letters beyond it go into another group
constexpr std::uint64_t file_magic = 0x51'4c'44'45'43'55'4c'53;  // "SLUCEDLQ" as bytes

struct file_head {
  std::uint64_t magic = file_magic;
  std::uint32_t version = 1;
  std::uint32_t crc = 0;  ///< CRC32C of this structure with crc = 0
  std::uint64_t number = 0;
};
static_assert(sizeof(file_head) == 24);

/// Before a letter's texts, which follow in the order of their lengths.
struct letter_head {
  std::uint64_t at = 0;
  std::int64_t received_ms = 0, stored_ms = 0;
  std::uint32_t attempts = 0;
  std::uint32_t destination = 0, reason = 0, id = 0, source = 0, region = 0, event = 0;  ///< lengths
  std::uint32_t reserved = 0;
};
static_assert(sizeof(letter_head) == 56);

std::string name_of(std::uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%016llx.dlq", static_cast<unsigned long long>(number));
  return text;
}

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

class letter_reader : public checkpoint::record_visitor {
 public:
  explicit letter_reader(const std::function<bool(const dead_letter&)>& visit) : visit_(visit) {}
  void on_other(const checkpoint::raw_record& record) override {
    if (stopped_ || bad_ || record.header.type != checkpoint::record_type::dead_letter) return;
    letter_head head;
    if (record.payload.size() < sizeof head) return void(bad_ = true);
    std::memcpy(&head, record.payload.data(), sizeof head);
    auto rest = std::string_view(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
    rest.remove_prefix(sizeof head);
    const std::uint64_t texts =
        std::uint64_t{head.destination} + head.reason + head.id + head.source + head.region + head.event;
    if (texts != rest.size()) return void(bad_ = true);
    const auto next = [&rest](std::uint32_t length) {
      std::string text(rest.substr(0, length));
      rest.remove_prefix(length);
      return text;
    };
    dead_letter l;
    l.at = head.at;
    l.attempts = head.attempts;
    l.received_ms = head.received_ms;
    l.stored_ms = head.stored_ms;
    l.destination = next(head.destination);
    l.reason = next(head.reason);
    l.id = next(head.id);
    l.source = next(head.source);
    l.region = next(head.region);
    l.event = next(head.event);
    stopped_ = !visit_(l);
  }
  bool stopped() const noexcept { return stopped_; }
  bool bad() const noexcept { return bad_; }

 private:
  const std::function<bool(const dead_letter&)>& visit_;
  bool stopped_ = false, bad_ = false;
};

struct file_read {
  std::uint64_t end = block_bytes;  ///< behind the last valid group
  std::uint64_t size = 0;
  std::uint64_t last_group = 0;
  bool stopped = false;
};

error damaged(const std::string& path, std::uint64_t offset, const char* what) {
  return error{errc::corrupt, what, path + "+" + std::to_string(offset), 0};
}

/// A later header that knows the group at `bad` as synced tells damage from a torn tail (log.md, "Start", 3).
result<bool> proven_synced(const checkpoint::file& file, std::uint64_t from, std::uint64_t size,
                           std::uint64_t salt, std::uint64_t bad) {
  for (auto at = from; at + sizeof(group_header) <= size; at += block_bytes) {
    group_header header;
    const auto got = file.read_at(std::as_writable_bytes(std::span(&header, 1)), at);
    if (!got) return fail(got.error());
    if (*got == sizeof header && checkpoint::header_valid(header, salt) && header.durable_upto >= bad)
      return true;
  }
  return false;
}

/// Visits the letters of one file. What follows the last valid group is damage when a later group knows it as
/// synced, or when the file is not the newest.
result<file_read> read_file(checkpoint::file_system& files, const std::string& path, std::uint64_t number,
                            bool newest, const std::function<bool(const dead_letter&)>& visit) {
  auto file = files.open(path, open_mode::read, caching::buffered);
  if (!file) return fail(file.error());
  const auto size = (*file)->size();
  if (!size) return fail(size.error());
  file_read read;
  read.size = *size;
  file_head head;
  const auto got = (*file)->read_at(std::as_writable_bytes(std::span(&head, 1)), 0);
  if (!got) return fail(got.error());
  if (*got != sizeof head || head.magic != file_magic || head.number != number ||
      head.crc != head_crc(head)) {
    if (newest && *size <= block_bytes) return read.end = 0, read;  // made, and never written to
    return fail(damaged(path, 0, "the head of a dead-letter file is damaged"));
  }
  if (head.version != 1) return fail(errc::unsupported, "a dead-letter file of another version", path);
  const auto salt = salt_of(number);
  std::vector<std::byte> content;
  while (read.end + sizeof(group_header) <= *size) {
    group_header group;
    if (const auto n = (*file)->read_at(std::as_writable_bytes(std::span(&group, 1)), read.end); !n)
      return fail(n.error());
    bool valid = checkpoint::header_valid(group, salt) && group.number == read.last_group + 1 &&
                 group.content_bytes <= *size - read.end - sizeof group;
    if (valid) {
      content.resize(group.content_bytes);
      if (const auto n = (*file)->read_at(content, read.end + sizeof group); !n) return fail(n.error());
      valid = checkpoint::content_valid(group, content);
    }
    if (!valid) break;
    letter_reader reader(visit);
    if (auto walked = checkpoint::visit_records(group, content, reader); !walked || reader.bad()) {
      return fail(damaged(path, read.end, "a dead letter contradicts its format"));
    }
    read.last_group = group.number;
    read.end += group.disk_bytes();
    if (reader.stopped()) return read.stopped = true, read;
  }
  if (read.end < *size) {
    const auto synced = proven_synced(**file, read.end, *size, salt, read.last_group + 1);
    if (!synced) return fail(synced.error());
    if (*synced || !newest) return fail(damaged(path, read.end, "a stored dead letter is damaged"));
  }
  return read;
}

result<std::vector<std::uint64_t>> file_numbers(checkpoint::file_system& files,
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

class store final : public dead_letter_store {
 public:
  store(checkpoint::file_system& files, dead_letter_options options)
      : files_(files), options_(std::move(options)) {}

  result<void> load() {
    if (auto made = files_.make_directory(options_.directory); !made) return made;
    const auto numbers = file_numbers(files_, options_.directory);
    if (!numbers) return fail(numbers.error());
    for (const auto number : *numbers) {
      const bool newest = number == numbers->back();
      const auto path = options_.directory + "/" + name_of(number);
      const auto read = read_file(files_, path, number, newest, [this](const dead_letter& l) {
        remember(l);
        return true;
      });
      if (!read) return fail(read.error());
      bytes_ += read->end;
      number_ = number;
      end_ = read->end;
      last_group_ = read->last_group;
    }
    return number_ == 0 || end_ == 0 ? result<void>{} : reopen();
  }

  result<void> append(std::span<const dead_letter> letters) override {
    const std::lock_guard lock(mutex_);
    std::vector<const dead_letter*> fresh;
    std::set<key> within;
    for (const auto& l : letters) {
      if (!keys_.contains(key_of(l)) && within.insert(key_of(l)).second) fresh.push_back(&l);
    }
    std::uint64_t needed = 0;
    for (const auto* l : fresh) needed += letter_bytes(*l);
    full_ = !fresh.empty() && bytes_ + needed + 2 * block_bytes > options_.max_bytes;
    if (full_) {
      return fail(errc::backlog_full, "the dead letters have no room, dead_letters.max_bytes is " +
                                          std::to_string(options_.max_bytes) + " bytes");
    }
    for (std::size_t begin = 0; begin < fresh.size();) {
      std::size_t end = begin, size = 0;
      while (end < fresh.size() && (end == begin || size + letter_bytes(*fresh[end]) <= group_bytes)) {
        size += letter_bytes(*fresh[end++]);
      }
      if (auto done = append_group(std::span(fresh).subspan(begin, end - begin), size); !done) return done;
      for (; begin < end; ++begin) remember(*fresh[begin]);
    }
    return {};
  }

  std::uint64_t count(std::string_view destination) const override {
    const std::lock_guard lock(mutex_);
    const auto at = counts_.find(destination);
    return at == counts_.end() ? 0 : at->second;
  }
  std::uint64_t bytes() const override {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  bool full() const noexcept override { return full_; }

 private:
  using key = std::pair<position, std::string>;
  static key key_of(const dead_letter& l) { return {l.at, l.destination}; }
  static std::size_t letter_bytes(const dead_letter& l) {
    const auto texts = l.destination.size() + l.reason.size() + l.id.size() + l.source.size() +
                       l.region.size() + l.event.size();
    return sizeof(checkpoint::record_header) + checkpoint::record_padded(sizeof(letter_head) + texts);
  }

  void remember(const dead_letter& l) {
    if (keys_.insert(key_of(l)).second) ++counts_[l.destination];
  }

  std::string path() const { return options_.directory + "/" + name_of(number_); }

  // Opens the newest file and cuts what is behind its last valid group.
  result<void> reopen() {
    auto file = files_.open(path(), open_mode::write, caching::buffered);
    if (!file) return fail(file.error());
    if (auto cut = (*file)->truncate(end_); !cut) return cut;
    if (auto synced = (*file)->sync(); !synced) return synced;
    file_ = std::move(*file);
    return {};
  }

  result<void> next_file() {
    file_.reset();
    const auto number =
        end_ == 0 && number_ != 0 ? number_ : number_ + 1;  // 0: made by a process that died at once
    const auto made_path = options_.directory + "/" + name_of(number);
    auto file = files_.open(made_path, open_mode::create, caching::buffered);
    if (!file) return fail(file.error());
    std::vector<std::byte> block(block_bytes);
    file_head head;
    head.number = number;
    head.crc = head_crc(head);
    std::memcpy(block.data(), &head, sizeof head);
    auto done = (*file)->truncate(0);
    if (done) done = (*file)->write_at(block, 0);
    if (done) done = (*file)->sync();
    if (done) done = files_.sync_directory(options_.directory);
    if (!done) return done;
    file_ = std::move(*file);
    number_ = number;
    end_ = block_bytes;
    last_group_ = 0;
    bytes_ += block_bytes;
    return {};
  }

  result<void> append_group(std::span<const dead_letter* const> letters, std::size_t size) {
    // After a failed write the file is taken up again where it was good.
    if (!file_ && number_ != 0 && end_ != 0) {
      if (auto opened = reopen(); !opened) return opened;
    }
    if (!file_ || end_ > file_bytes_max) {
      if (auto made = next_file(); !made) return made;
    }
    checkpoint::group_builder group(checkpoint::aligned_buffer(size + sizeof(group_header) + block_bytes));
    for (const auto* l : letters) {
      const auto length = [](const std::string& text) { return static_cast<std::uint32_t>(text.size()); };
      letter_head head{l->at,
                       l->received_ms,
                       l->stored_ms,
                       l->attempts,
                       length(l->destination),
                       length(l->reason),
                       length(l->id),
                       length(l->source),
                       length(l->region),
                       length(l->event),
                       0};
      const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
      const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&head, 1)),
                                                   bytes(l->destination),
                                                   bytes(l->reason),
                                                   bytes(l->id),
                                                   bytes(l->source),
                                                   bytes(l->region),
                                                   bytes(l->event)};
      const bool fits = group.append_raw(checkpoint::record_type::dead_letter, pieces);
      SLUICE_ASSERT(fits);
    }
    group.close({checkpoint::group_type::data, salt_of(number_), last_group_ + 1, 1, last_group_, 0, 0, 0});
    auto done = file_->write_at({group.data(), group.disk_bytes()}, end_);
    if (done) done = file_->sync();
    if (!done) {
      file_.reset();
      return done;
    }
    end_ += group.disk_bytes();
    bytes_ += group.disk_bytes();
    ++last_group_;
    return {};
  }

  checkpoint::file_system& files_;
  const dead_letter_options options_;
  mutable std::mutex mutex_;
  std::set<key> keys_;                                        // bounded by max_bytes
  std::map<std::string, std::uint64_t, std::less<>> counts_;  // bounded by the destinations
  std::unique_ptr<checkpoint::file> file_;
  std::uint64_t number_ = 0, end_ = 0, last_group_ = 0, bytes_ = 0;
  std::atomic<bool> full_ = false;
};

}  // namespace

result<std::unique_ptr<dead_letter_store>> dead_letter_store::open(checkpoint::file_system& files,
                                                                   dead_letter_options options) {
  auto made = std::make_unique<store>(files, std::move(options));
  if (auto loaded = made->load(); !loaded) return fail(loaded.error());
  return made;
}

result<void> read_dead_letters(checkpoint::file_system& files, const std::string& directory,
                               const std::function<bool(const dead_letter&)>& visit) {
  const auto numbers = file_numbers(files, directory);
  if (!numbers) return fail(numbers.error());
  for (const auto number : *numbers) {
    const auto read =
        read_file(files, directory + "/" + name_of(number), number, number == numbers->back(), visit);
    if (!read) return fail(read.error());
    if (read->stopped) return {};
  }
  return {};
}

}  // namespace sluice::deliver
