// The offline look at a log: the same reading as a start's, but everything that is wrong is listed instead of
// the first, and nothing is written.
#include <algorithm>

#include "actors/checkpoint/group_scan.hpp"
#include "actors/checkpoint/open_log.hpp"
#include "actors/checkpoint/recovery.hpp"
#include "actors/checkpoint/spill_file.hpp"

namespace sluice::checkpoint {
namespace {

constexpr std::size_t window_bytes = 4u << 20;

class inspection {
 public:
  inspection(log_directory where, bool verify) : where_(std::move(where)), verify_(verify) {}
  result<log_summary> run();

 private:
  struct seen {
    std::uint64_t number = 0;
    std::string path;
    std::optional<segment_head> head;
  };
  /// A reading error ends the inspection, damage is listed.
  bool listed(const error& e) {
    if (e.code != errc::corrupt && e.code != errc::unsupported) return false;
    out_.damage.push_back(e);
    return true;
  }
  result<void> look_at_names();
  result<void> read_heads();
  result<void> read_newest();
  result<void> read_sealed(const seen& segment, const seen& successor);
  result<void> read_sides();
  result<void> read_spills();
  result<void> read_secret_file();

  log_directory where_;
  bool verify_;
  directory_listing listing_;
  std::vector<seen> seen_;
  bool newest_empty_ = false;
  log_summary out_;
};

result<void> inspection::look_at_names() {
  const auto listing = list_log(where_);
  if (!listing) return fail(listing.error());
  listing_ = *listing;
  for (const std::uint64_t n : listing_.segments) seen_.push_back({n, where_.segment(n), {}});
  for (const std::uint64_t n : listing_.replaced) {
    out_.notes.push_back(
        error{errc::io, "a recovery was cut short: the next start ends it", where_.replaced(n), 0});
    if (!std::ranges::binary_search(listing_.segments, n)) seen_.push_back({n, where_.replaced(n), {}});
  }
  std::ranges::sort(seen_, {}, &seen::number);
  for (const std::uint64_t n : listing_.pool) out_.pool.push_back(where_.pool(n));
  if (listing_.reserve) out_.pool.push_back(where_.reserve());
  for (const std::uint64_t n : listing_.sides) out_.side_files.push_back(where_.side(n));
  if (seen_.empty() &&
      (listing_.secret || listing_.reserve || !listing_.sides.empty() || !listing_.spills.empty())) {
    out_.damage.push_back(damage(where_.path, 0, "the segments are missing"));
  }
  for (std::size_t i = 1; i < seen_.size(); ++i) {
    for (std::uint64_t n = seen_[i - 1].number + 1; n < seen_[i].number; ++n) {
      out_.damage.push_back(damage(where_.segment(n), 0, "the segment is missing"));
      if (out_.damage.size() >= 1000) break;  // a number from a foreign file must not fill the memory
    }
  }
  return {};
}

result<void> inspection::read_heads() {
  for (seen& s : seen_) {
    const auto from = where_.files->open(s.path, open_mode::read, where_.how);
    if (!from) return fail(from.error());
    const auto head = read_head(**from, s.path, where_.setup.segment_size);
    if (!head) {
      if (!listed(head.error())) return fail(head.error());
      continue;
    }
    if (head->number != s.number) {
      out_.damage.push_back(damage(s.path, 0, "the segment's head has another number than its name"));
      continue;
    }
    s.head = *head;
    if (!verify_) continue;
    if (const auto state = read_state(**from, s.path, *head); !state && !listed(state.error()))
      return fail(state.error());
  }
  return {};
}

result<void> inspection::read_newest() {
  const seen& newest = seen_.back();
  if (!newest.head) return {};
  auto tail = scan_tail(where_, newest.path, newest.number);
  if (!tail) {
    // The state record's damage may be listed already.
    const auto same = [&](const error& e) { return e.place == tail.error().place; };
    if (std::ranges::any_of(out_.damage, same) || listed(tail.error())) return {};
    return fail(tail.error());
  }
  newest_empty_ = tail->groups == 0;
  if (tail->torn_bytes != 0) {
    out_.notes.push_back(error{errc::io,
                               "a torn group of " + std::to_string(tail->torn_bytes) +
                                   " bytes at the end was never acknowledged: the next start cuts it off",
                               newest.path + "+" + std::to_string(tail->end), 0});
  }
  out_.segments.push_back({.file = newest.path,
                           .head = *newest.head,
                           .groups = tail->groups,
                           .events = tail->events,
                           .records = tail->records,
                           .last_group = tail->next_group() - 1,
                           .end = tail->end,
                           .sealed = false,
                           .stopped = tail->stopped()});
  out_.state = std::move(tail->state);
  return {};
}

result<void> inspection::read_sealed(const seen& segment, const seen& successor) {
  segment_summary sum{.file = segment.path,
                      .head = *segment.head,
                      .groups = 0,
                      .events = 0,
                      .records = 0,
                      .last_group = segment.head->first_group - 1,
                      .end = segment.head->data_offset(),
                      .sealed = false,
                      .stopped = false};
  std::uint64_t end = where_.setup.segment_size;
  if (successor.head) {
    const auto fits = check_link(where_, segment.path, *segment.head, *successor.head,
                                 newest_empty_ && &successor == &seen_.back());
    if (!fits && !listed(fits.error())) return fail(fits.error());
    sum.sealed = fits && fits->found == link::whole;
    if (fits) {
      end = successor.head->predecessor_end - (sum.sealed ? 0 : block_bytes);
      if (!sum.sealed) {
        out_.notes.push_back(error{errc::io, "the seal is owed: the next start writes it",
                                   segment.path + "+" + std::to_string(end), 0});
      }
    }
  }
  const auto from = where_.files->open(segment.path, open_mode::read, where_.how);
  if (!from) return fail(from.error());
  group_cursor groups(**from, {sum.head.salt, sum.head.data_offset(), sum.head.first_group, end},
                      window_bytes);
  record_visitor checks_only;
  position next_position = sum.head.first_position;
  while (groups.next_offset() < end) {
    const auto there = groups.next(verify_);
    if (!there) return fail(there.error());
    if (!*there) {
      if (successor.head) {
        out_.damage.push_back(damage(segment.path, groups.next_offset(),
                                     "group " + std::to_string(groups.next_number()) + " is damaged"));
      }
      break;
    }
    const group_header& h = groups.header();
    if (h.first_position != next_position) {
      out_.damage.push_back(
          damage(segment.path, groups.offset(), "the group's first position does not follow"));
    }
    if (verify_) {
      if (const auto walked = visit_records(h, groups.content(), checks_only); !walked) {
        out_.damage.push_back(
            damage(segment.path, groups.offset(), walked.error().place + ": " + walked.error().detail));
      }
    }
    next_position = h.first_position + h.events;
    ++sum.groups;
    sum.events += h.events;
    sum.records += h.records;
    sum.last_group = h.number;
  }
  sum.end = groups.next_offset();
  out_.segments.push_back(std::move(sum));
  return {};
}

result<void> inspection::read_sides() {
  for (const std::uint64_t n : listing_.sides) {
    const auto s = std::ranges::find(seen_, n, &seen::number);
    const bool retained = s != seen_.end();
    std::optional<error> wrong;
    if (const auto head = peek_side(where_, n); !head) {
      wrong = head.error();
    } else if (retained && s->head && head->salt != s->head->salt) {
      wrong = damage(where_.side(n), 0, "the side file belongs to another segment");
    } else if (verify_) {
      const auto all = read_side(where_, n, true);
      if (!all) wrong = all.error();
      if (all && !std::ranges::is_sorted(all->places))
        wrong = damage(where_.side(n), 0, "the side file is not sorted");
    }
    if (!wrong) continue;
    if (wrong->code != errc::corrupt && wrong->code != errc::unsupported) return fail(*wrong);
    (retained ? out_.notes : out_.damage).push_back(*wrong);
  }
  for (const seen& s : seen_) {
    if (&s != &seen_.back() && !std::ranges::binary_search(listing_.sides, s.number)) {
      out_.notes.push_back(error{errc::not_found, "the side file is missing: the next start makes it anew",
                                 where_.side(s.number), 0});
    }
  }
  // Those of recycled segments have no hole between them, nor towards the first segment.
  for (std::size_t i = 0; i < listing_.sides.size() && !seen_.empty(); ++i) {
    const std::uint64_t next = listing_.sides[i] + 1;
    const bool followed = next >= seen_.front().number || std::ranges::binary_search(listing_.sides, next);
    if (!followed)
      out_.damage.push_back(
          damage(where_.side(next), 0, "the side file is missing, and its segment is recycled"));
  }
  return {};
}

result<void> inspection::read_spills() {
  for (const auto& [segment, of] : listing_.spills) {
    const auto head = read_spill_head(where_, segment, of);
    if (!head) {
      if (!listed(head.error())) return fail(head.error());
      continue;
    }
    out_.spills.push_back(*head);
    if (!verify_) continue;
    if (const auto whole = verify_spill(where_, *head); !whole && !listed(whole.error()))
      return fail(whole.error());
  }
  if (out_.segments.empty() || !out_.damage.empty()) return {};
  const segment_head& oldest = out_.segments.front().head;
  for (const destination_need& need : out_.state.needs()) {
    std::deque<spill_head> files;
    for (const spill_head& s : out_.spills) {
      if (s.destination == need.id && s.segment < oldest.number && s.next_position > need.from)
        files.push_back(s);
    }
    if (const auto whole = check_spills(where_, need, files, oldest); !whole && !listed(whole.error()))
      return fail(whole.error());
  }
  return {};
}

result<void> inspection::read_secret_file() {
  if (!listing_.secret) {
    const bool begun = seen_.size() == 1 && seen_[0].number == 1 && newest_empty_ && !listing_.reserve;
    if (begun) {
      out_.notes.push_back(
          error{errc::not_found, "the first start was cut short: the next one ends it", where_.secret(), 0});
    } else if (!seen_.empty()) {
      out_.damage.push_back(damage(where_.secret(), 0, "the secret is missing"));
    }
    return {};
  }
  const auto secret = read_secret(where_);
  if (!secret && !listed(secret.error())) return fail(secret.error());
  return {};
}

result<log_summary> inspection::run() {
  if (auto r = look_at_names(); !r) return fail(r.error());
  if (auto r = read_heads(); !r) return fail(r.error());
  if (!seen_.empty()) {
    if (auto r = read_newest(); !r) return fail(r.error());
    for (std::size_t i = 0; i + 1 < seen_.size(); ++i) {
      if (!seen_[i].head) continue;
      if (auto r = read_sealed(seen_[i], seen_[i + 1]); !r) return fail(r.error());
    }
  }
  std::ranges::sort(out_.segments, {}, [](const segment_summary& s) { return s.head.number; });
  if (auto r = read_spills(); !r) return fail(r.error());
  if (auto r = read_sides(); !r) return fail(r.error());
  if (auto r = read_secret_file(); !r) return fail(r.error());
  return std::move(out_);
}

}  // namespace

result<log_summary> inspect_log(file_system& files, const std::string& directory, bool verify,
                                std::uint64_t segment_size) {
  log_setup setup;
  setup.segment_size = segment_size;
  return inspection({&files, directory, caching::direct, setup}, verify).run();
}

result<log_summary> inspect_log(file_system& files, const std::string& directory, bool verify) {
  return inspect_log(files, directory, verify, segment_bytes);
}

}  // namespace sluice::checkpoint
