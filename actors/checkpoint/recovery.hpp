// What a start makes of a directory: looks at everything first, then changes what must be changed, all before
// the first answer. Also what `log inspect` and `log verify` look with.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/checkpoint/dedup_window.hpp"
#include "actors/checkpoint/log_directory.hpp"
#include "actors/checkpoint/log_state.hpp"
#include "actors/checkpoint/segment_log.hpp"
#include "actors/checkpoint/segment_table.hpp"
#include "actors/checkpoint/side_file.hpp"

namespace sluice::checkpoint {

/// The newest segment, read to its end.
struct tail_scan {
  segment_head head;
  log_state state;                    ///< after its last valid group
  std::vector<std::uint64_t> routed;  ///< by destination, before its first group
  segment_identities identities;
  std::uint64_t groups = 0;
  std::uint64_t events = 0, records = 0;
  group_header last;             ///< of the last valid group, when there is one
  group_number last_data = 0;    ///< 0: there is no data group in it
  std::uint64_t end = 0;         ///< behind the last valid group
  std::uint64_t torn_bytes = 0;  ///< of a torn group whose header survived

  group_number next_group() const noexcept { return groups == 0 ? head.first_group : last.number + 1; }
  bool stopped() const noexcept { return groups != 0 && last.type == group_type::stop; }
};
/// Reads the segment in `path`, which must be `number`. errc::corrupt when a group is bad that another one
/// says was durable, or when the last one is a seal (its successor is missing).
result<tail_scan> scan_tail(const log_directory& where, const std::string& path, std::uint64_t number);

/// How a segment's end and its successor's beginning fit.
enum class link : std::uint8_t {
  whole,      ///< sealed, and the seal names the successor
  seal_owed,  ///< the seal is not there: the successor had just been named, and holds no group
};
struct sealed_end {
  link found = link::whole;
  group_header seal;  ///< valid when `whole`
};
/// `successor_empty`: no group was found in the successor, which is the newest. errc::corrupt when they do
/// not fit.
result<sealed_end> check_link(const log_directory& where, const std::string& path, const segment_head& head,
                              const segment_head& successor, bool successor_empty);

/// errc::corrupt naming the first number that is missing between the first and the last.
result<void> check_dense(const log_directory& where, const std::vector<std::uint64_t>& segments);

/// A directory ready to take groups.
struct recovered_log {
  std::deque<segment_info> segments;
  std::deque<side_info> sides;
  std::map<destination_id, std::deque<spill_head>> spills;  ///< that are needed
  std::vector<std::string> unneeded;                        ///< spill files that may go
  std::vector<std::uint64_t> pool;                          ///< files under pool names, in whatever condition
  bool has_reserve = false;
  std::unique_ptr<file> open;     ///< the newest segment
  segment_identities identities;  ///< of the newest segment
  log_state state;
  group_number next_group = 1;
  group_number last_data = 0;               ///< 0: not known
  group_type last_type = group_type::seal;  ///< of the last group on disk
  log_secret secret{};
};
result<recovered_log> recover(const log_directory& where, const random_source& random, dedup_window& window,
                              recovery_report& report);

/// The number of the newest data group of a sealed segment, from its headers. errc::corrupt with place.
result<group_number> last_data_group(const log_directory& where, const segment_info& segment);

/// Fills the window from side files, oldest first, as many of the newest as it can hold; a missing or bad one
/// is read from its segment, and is damage where that is gone. Marks `segments` whose side file is good. Then
/// `open`.
result<void> load_identities(const log_directory& where, const std::vector<std::uint64_t>& side_numbers,
                             const segment_identities& open, std::uint64_t running_ms, recovered_log& into,
                             dedup_window& window);

/// The spill files that `state` needs, and those that it does not; changes nothing. errc::corrupt when a head
/// is damaged, or when what is needed before the oldest segment is not there without a gap.
result<void> load_spills(const log_directory& where, const directory_listing& listing, const log_state& state,
                         recovered_log& into);

/// Whether `files` of one destination, which it has not passed, hold what it needs before the `oldest`
/// segment. errc::corrupt with place.
result<void> check_spills(const log_directory& where, const destination_need& need,
                          const std::deque<spill_head>& files, const segment_head& oldest);

}  // namespace sluice::checkpoint
