// The order in which files go keeps removed letters removed: a file whose records of removals may still be
// needed goes only when no older one is there, and each going is durable before the next.
#include "actors/deliver/dead_letters.hpp"

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "actors/deliver/dead_letter_file.hpp"
#include "actors/deliver/letter_index.hpp"
#include "messages/assert.hpp"

namespace sluice::deliver {
namespace {

using checkpoint::block_bytes;
using checkpoint::caching;
using checkpoint::group_header;
using checkpoint::open_mode;

/// Files whose letters one call moves, so that no call takes long; more when it cannot be done without.
constexpr int moves_max = 8;

/// Place of a letter as a page's `next` tells it: the group, and how many of its letters were passed.
struct page_mark {
  letter_place group;
  std::uint64_t passed = 0;
};

std::string to_text(const page_mark& mark) {
  char text[64];
  std::snprintf(text, sizeof text, "%" PRIx64 "-%" PRIx64 "-%" PRIx64, mark.group.file, mark.group.offset,
                mark.passed);
  return text;
}

result<page_mark> parse_mark(const std::string& text) {
  page_mark mark;
  if (text.empty()) return mark;
  if (std::sscanf(text.c_str(), "%16" SCNx64 "-%16" SCNx64 "-%16" SCNx64, &mark.group.file,
                  &mark.group.offset, &mark.passed) != 3 ||
      to_text(mark) != text || mark.group.offset % block_bytes != 0 || mark.group.offset < block_bytes) {
    return fail(errc::bad_request, "not where a page of dead letters begins", text);
  }
  return mark;
}

class store final : public dead_letter_store {
 public:
  store(checkpoint::file_system& files, dead_letter_options options)
      : disk_(files),
        options_(std::move(options)),
        group_bytes_(options_.file_bytes / 4 - sizeof(group_header)) {}

  result<void> load(const letter_predicate& gone) {
    std::vector<letter_key> left;
    if (auto made = disk_.make_directory(options_.directory); !made) return made;
    const auto numbers = dead_letter_files(disk_, options_.directory);
    if (!numbers) return fail(numbers.error());
    for (const auto number : *numbers) {
      const bool newest = number == numbers->back();
      auto reader = dead_letter_file_reader::open(disk_, options_.directory, number, newest);
      if (!reader) return fail(reader.error());
      bool removals = false;
      for (;;) {
        const auto more = reader->next();
        if (!more) return fail(more.error());
        if (!*more) break;
        const letter_place place{number, reader->group_offset()};
        const auto read = reader->visit({[&](dead_letter&& l) {
                                           index_.put(l.key(), place, record_bytes(l));
                                           if (gone && gone(l)) left.push_back(l.key());
                                           return true;
                                         },
                                         [&](const letter_key& key) {
                                           removals = true;
                                           index_.erase(key);
                                         }});
        if (!read) return fail(read.error());
      }
      number_ = number;
      end_ = reader->offset();
      last_group_ = reader->last_group();
      bytes_ += end_;
      if (end_ != 0) files_[number] = {end_, removals};
    }
    if (number_ == 0 || end_ == 0) return {};
    if (auto opened = reopen(); !opened) return opened;
    const auto removed = remove(left);
    return removed ? result<void>{} : fail(removed.error());
  }

  result<void> append(std::span<const dead_letter> letters) override {
    const std::lock_guard lock(mutex_);
    std::vector<const dead_letter*> fresh;
    std::set<letter_key> within;
    std::uint64_t needed = 0;
    for (const auto& l : letters) {
      if (index_.find(l.key()) != nullptr || !within.insert(l.key()).second) continue;
      fresh.push_back(&l);
      needed += record_bytes(l);
    }
    const auto room = [&] { return room_for(needed, 2 * spare()); };
    if (!fresh.empty() && !room()) {
      auto moved =
          reclaim([&](int moves) { return moves < moves_max && !room() && reclaimable() >= bytes_ / 8; });
      if (!moved) return moved;
    }
    full_ = !fresh.empty() && !room();
    if (full_) {
      return fail(errc::backlog_full, "the dead letters have no room, dead_letters.max_bytes is " +
                                          std::to_string(options_.max_bytes) + " bytes");
    }
    if (auto written = write(std::span<const dead_letter* const>(fresh)); !written)
      return fail(written.error());
    return {};
  }

  result<std::uint64_t> remove(std::span<const letter_key> keys) override {
    const std::lock_guard lock(mutex_);
    std::vector<const letter_key*> there;
    std::set<letter_key> within;
    std::uint64_t needed = 0;
    for (const auto& k : keys) {
      if (index_.find(k) == nullptr || !within.insert(k).second) continue;
      there.push_back(&k);
      needed += record_bytes(k);
    }
    if (!there.empty() && !room_for(needed, spare())) {
      // Once round, and nothing is left that could go.
      const auto files = static_cast<int>(files_.size());
      auto moved = reclaim([&](int moves) { return moves <= files && !room_for(needed, spare()); });
      if (!moved) return fail(moved.error());
      if (!room_for(needed, 0))
        return fail(errc::backlog_full, "no room to note which dead letters are removed");
    }
    if (auto written = write(std::span<const letter_key* const>(there)); !written)
      return fail(written.error());
    if (auto gone = drop_empty(); !gone) return fail(gone.error());
    const auto moved = reclaim([this](int moves) {
      return moves < moves_max && reclaimable() > index_.bytes() + 2 * options_.file_bytes;
    });
    if (!moved) return fail(moved.error());
    if (!there.empty()) full_ = false;
    return there.size();
  }

  result<letter_page> page(const letter_filter& which, const std::string& after,
                           const page_bounds& bounds) const override {
    auto mark = parse_mark(after);
    if (!mark) return fail(mark.error());
    letter_page found;
    std::size_t event_bytes = 0;
    std::uint64_t read_bytes = 0;
    for (auto number = next_file_from(mark->group.file); number; number = next_file_from(*number + 1)) {
      if (*number != mark->group.file) *mark = {{*number, block_bytes}, 0};
      auto reader =
          dead_letter_file_reader::open(disk_, options_.directory, *number, *number == newest_number());
      if (!reader) {
        if (reader.error().code == errc::not_found) continue;  // its letters were moved
        return fail(reader.error());
      }
      if (reader->offset() == 0) break;
      reader->seek(mark->group.offset);
      for (;;) {
        if (read_bytes >= bounds.read_bytes) return found.next = to_text(*mark), found;
        const auto more = reader->next();
        if (!more) return fail(more.error());
        if (!*more) break;
        read_bytes += reader->offset() - reader->group_offset();
        std::uint64_t seen = 0;
        const auto whole =
            reader->visit({[&](dead_letter&& l) {
                             if (seen++ < mark->passed) return true;
                             if (found.letters.size() >= bounds.letters || event_bytes >= bounds.event_bytes)
                               return false;
                             mark->passed = seen;
                             if (which.matches(l) && lives_at(l.key(), mark->group)) {
                               event_bytes += l.event.size();
                               found.letters.push_back(std::move(l));
                             }
                             return true;
                           },
                           [](const letter_key&) {}});
        if (!whole) return fail(whole.error());
        if (!*whole) return found.next = to_text(*mark), found;
        *mark = {{*number, reader->offset()}, 0};
      }
    }
    return found;
  }

  result<std::optional<dead_letter>> find(const letter_key& key) const override {
    for (;;) {
      const auto place = place_of(key);
      if (!place) return std::nullopt;
      auto reader = dead_letter_file_reader::open(disk_, options_.directory, place->file,
                                                  place->file == newest_number());
      if (!reader) {
        if (reader.error().code == errc::not_found && place_of(key) != place) continue;  // it was moved
        return fail(reader.error());
      }
      reader->seek(place->offset);
      if (const auto there = reader->next(); !there) return fail(there.error());
      std::optional<dead_letter> found;
      const auto read = reader->visit({[&](dead_letter&& l) {
                                         if (l.key() == key) found = std::move(l);
                                         return !found;
                                       },
                                       [](const letter_key&) {}});
      if (!read) return fail(read.error());
      return found;
    }
  }

  std::uint64_t count(std::string_view destination) const override {
    const std::lock_guard lock(mutex_);
    return index_.count(destination);
  }
  std::uint64_t bytes() const override {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  bool full() const noexcept override { return full_; }

 private:
  struct file_use {
    std::uint64_t bytes = 0;
    bool removals = false;  ///< it holds records of removals
  };

  // For those who read without the lock.
  std::optional<std::uint64_t> next_file_from(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    const auto at = files_.lower_bound(number);
    return at == files_.end() ? std::nullopt : std::optional(at->first);
  }
  std::uint64_t newest_number() const {
    const std::lock_guard lock(mutex_);
    return number_;
  }
  std::optional<letter_place> place_of(const letter_key& key) const {
    const std::lock_guard lock(mutex_);
    const auto* place = index_.find(key);
    return place == nullptr ? std::nullopt : std::optional(*place);
  }
  bool lives_at(const letter_key& key, letter_place place) const { return place_of(key) == place; }

  std::string path(std::uint64_t number) const {
    return options_.directory + "/" + dead_letter_file_name(number);
  }

  /// Room that is kept for moving a file's letters; and as much again for noting removals, which give room
  /// back.
  std::uint64_t spare() const { return options_.file_bytes + 4 * block_bytes; }
  bool room_for(std::uint64_t record_bytes, std::uint64_t kept) const {
    const auto blocks = 2 + record_bytes / group_bytes_;  // what groups are padded by, and a file's head
    return bytes_ + record_bytes + blocks * block_bytes + kept <= options_.max_bytes;
  }

  /// Bytes that moving the letters together could give back, but for what frames them.
  std::uint64_t reclaimable() const { return bytes_ - std::min(bytes_, index_.bytes()); }

  // Opens the newest file and cuts what is behind its last valid group.
  result<void> reopen() {
    auto file = disk_.open(path(number_), open_mode::write, caching::buffered);
    if (!file) return fail(file.error());
    if (auto cut = (*file)->truncate(end_); !cut) return cut;
    if (auto synced = (*file)->sync(); !synced) return synced;
    file_ = std::move(*file);
    return {};
  }

  // After a failed write the file is taken up again where it was good.
  result<void> take_up() { return file_ || end_ == 0 ? result<void>{} : reopen(); }

  // Only behind a file that ends where it was good.
  result<void> next_file() {
    if (auto taken = take_up(); !taken) return taken;
    file_.reset();
    const auto number =
        end_ == 0 && number_ != 0 ? number_ : number_ + 1;  // 0: made by a process that died at once
    auto file = disk_.open(path(number), open_mode::create, caching::buffered);
    if (!file) return fail(file.error());
    auto done = (*file)->truncate(0);
    if (done) done = (*file)->write_at(dead_letter_file_head(number), 0);
    if (done) done = (*file)->sync();
    if (done) done = disk_.sync_directory(options_.directory);
    if (!done) return done;
    file_ = std::move(*file);
    number_ = number;
    end_ = block_bytes;
    last_group_ = 0;
    bytes_ += block_bytes;
    files_[number] = {block_bytes, false};
    return {};
  }

  // What a record in the group at `place` means, once it is synced.
  void note(const dead_letter& l, letter_place place) { index_.put(l.key(), place, record_bytes(l)); }
  void note(const letter_key& key, letter_place place) {
    index_.erase(key);
    files_[place.file].removals = true;
  }

  /// Writes records in as few groups as their order allows; with `keep_rest` not the last one, which may take
  /// more. Tells how many were written.
  template <class Record>
  result<std::size_t> write(std::span<const Record* const> what, bool keep_rest = false) {
    std::size_t begin = 0;
    while (begin < what.size()) {
      std::size_t end = begin, size = 0;
      while (end < what.size() && (end == begin || size + record_bytes(*what[end]) <= group_bytes_)) {
        size += record_bytes(*what[end++]);
      }
      if (keep_rest && end == what.size()) break;
      if (auto done = write_group(what.subspan(begin, end - begin), size); !done) return fail(done.error());
      begin = end;
    }
    return begin;
  }

  template <class Record>
  result<void> write_group(std::span<const Record* const> what, std::size_t size) {
    if (auto taken = take_up(); !taken) return taken;
    const auto group_bytes = checkpoint::padded(size + sizeof(group_header));
    if (!file_ || (end_ > block_bytes && end_ + group_bytes > options_.file_bytes)) {
      if (auto made = next_file(); !made) return made;
    }
    checkpoint::group_builder group(checkpoint::aligned_buffer(group_bytes + block_bytes));
    for (const auto* record : what) append_record(group, *record);
    close_group(group, number_, last_group_ + 1);
    auto done = file_->write_at({group.data(), group.header().disk_bytes()}, end_);
    if (done) done = file_->sync();
    if (!done) {
      file_.reset();
      return done;
    }
    for (const auto* record : what) note(*record, {number_, end_});
    end_ += group.header().disk_bytes();
    bytes_ += group.header().disk_bytes();
    files_[number_].bytes = end_;
    ++last_group_;
    return {};
  }

  result<void> drop(std::uint64_t number) {
    if (auto gone = disk_.remove(path(number)); !gone && gone.error().code != errc::not_found) return gone;
    if (auto synced = disk_.sync_directory(options_.directory); !synced) return synced;
    bytes_ -= files_[number].bytes;
    files_.erase(number);
    return {};
  }

  // Files in which nothing lives, where the rule at the top lets them go.
  result<void> drop_empty() {
    for (auto at = files_.begin(); at != files_.end();) {
      const auto number = at->first;
      const bool may_go = !at->second.removals || at == files_.begin();
      ++at;
      if (!may_go || number == number_ || index_.living_in(number).letters != 0) continue;
      if (auto gone = drop(number); !gone) return gone;
    }
    return {};
  }

  /// Moves the letters of the oldest files behind the newest, and lets the files go, while `wanted` holds and
  /// there is room to do so.
  result<void> reclaim(const std::function<bool(int moves)>& wanted) {
    for (int moves = 0; !files_.empty() && wanted(moves); ++moves) {
      const auto [oldest, use] = *files_.begin();
      const auto needed = index_.living_in(oldest).letters == 0 ? 0 : use.bytes;
      if (bytes_ + needed + 2 * block_bytes > options_.max_bytes) return {};
      if (oldest == number_) {
        if (end_ == block_bytes) return {};
        if (auto made = next_file(); !made) return made;
      }
      if (auto moved = move_letters(oldest); !moved) return moved;
      if (auto gone = drop(oldest); !gone) return gone;
      if (auto gone = drop_empty(); !gone) return gone;
    }
    return {};
  }

  result<void> move_letters(std::uint64_t from) {
    if (index_.living_in(from).letters == 0) return {};
    auto reader = dead_letter_file_reader::open(disk_, options_.directory, from, false);
    if (!reader) return fail(reader.error());
    std::deque<dead_letter> gathered;  // two groups' worth at most
    const auto put = [&](bool keep_rest) -> result<void> {
      std::vector<const dead_letter*> all;
      for (const auto& l : gathered) all.push_back(&l);
      const auto written = write(std::span<const dead_letter* const>(all), keep_rest);
      if (!written) return fail(written.error());
      gathered.erase(gathered.begin(), gathered.begin() + static_cast<std::ptrdiff_t>(*written));
      return {};
    };
    for (;;) {
      const auto more = reader->next();
      if (!more) return fail(more.error());
      if (!*more) break;
      const letter_place place{from, reader->group_offset()};
      const auto read = reader->visit({[&](dead_letter&& l) {
                                         const auto* lives = index_.find(l.key());
                                         if (lives != nullptr && *lives == place)
                                           gathered.push_back(std::move(l));
                                         return true;
                                       },
                                       [](const letter_key&) {}});
      if (!read) return fail(read.error());
      if (auto done = put(true); !done) return done;
    }
    return put(false);
  }

  checkpoint::file_system& disk_;
  const dead_letter_options options_;
  const std::uint64_t group_bytes_;  // records beyond it go into another group
  mutable std::mutex mutex_;
  letter_index index_;
  std::map<std::uint64_t, file_use> files_;  // bounded by max_bytes
  std::unique_ptr<checkpoint::file> file_;   // the newest
  std::uint64_t number_ = 0, end_ = 0, last_group_ = 0, bytes_ = 0;
  std::atomic<bool> full_ = false;
};

}  // namespace

result<std::unique_ptr<dead_letter_store>> dead_letter_store::open(checkpoint::file_system& files,
                                                                   dead_letter_options options,
                                                                   const letter_predicate& gone) {
  auto made = std::make_unique<store>(files, std::move(options));
  if (auto loaded = made->load(gone); !loaded) return fail(loaded.error());
  return made;
}

}  // namespace sluice::deliver
