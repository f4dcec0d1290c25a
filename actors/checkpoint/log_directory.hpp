// The names in a log's directory and the small structures at the start of its files: who is called what, and
// how a head, a state record and the secret are read and written. Everything else of the log goes through
// these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/checkpoint/file_system.hpp"
#include "actors/checkpoint/format.hpp"
#include "actors/checkpoint/group.hpp"

namespace sluice::checkpoint {

/// Fills its argument with random bytes.
using random_source = std::function<void(std::span<std::byte>)>;
using log_secret = std::array<std::byte, 192>;

/// What tests make small and single-threaded; a node runs with the defaults.
struct log_setup {
  std::uint64_t segment_size = segment_bytes;  ///< a multiple of block_bytes
  std::size_t ready_ahead = 2;                 ///< pool files that the keeper keeps prepared
  std::size_t chunk_bytes = 1u << 20;  ///< of the writes that prepare a pool file, and of the laggards' reads
  std::uint64_t spill_bytes_per_s = 64u << 20;  ///< read for spill files while nobody waits for room
  bool threads = true;  ///< false: keeper and fetches run inside the calls that need them
};

/// One directory. Copyable; thread-safe as far as the file system is.
struct log_directory {
  file_system* files = nullptr;
  std::string path;
  caching how = caching::direct;
  log_setup setup;

  std::string in(std::string_view name) const { return path + "/" + std::string(name); }
  std::string segment(std::uint64_t number) const;   ///< `<16 hex>.seg`
  std::string replaced(std::uint64_t number) const;  ///< `<16 hex>.old`: see recovery_copy.hpp
  std::string side(std::uint64_t number) const;      ///< `<16 hex>.ids`
  std::string spill(std::uint64_t number, destination_id of) const;  ///< `<16 hex>-<destination>.spill`
  std::string pool(std::uint64_t n) const;                           ///< `pool-<n>.seg`
  std::string reserve() const { return in("reserve.seg"); }
  std::string lock() const { return in("lock"); }
  std::string secret() const { return in("secret"); }

  result<void> sync() const { return files->sync_directory(path); }
};

/// What a directory holds, by kind. Names that are not ours are left alone.
struct directory_listing {
  std::vector<std::uint64_t> segments;  ///< ascending
  std::vector<std::uint64_t> replaced;
  std::vector<std::uint64_t> sides;                              ///< ascending
  std::vector<std::pair<std::uint64_t, destination_id>> spills;  ///< ascending
  std::vector<std::uint64_t> pool;                               ///< the n of each name
  std::vector<std::string> temporary;  ///< left by a crash in the middle of a small write
  bool reserve = false;
  bool secret = false;
  std::uint64_t side_bytes = 0;
};
result<directory_listing> list_log(const log_directory& where);

/// errc::corrupt at `path+offset`.
error damage(const std::string& path, std::uint64_t offset, std::string what);

/// `errc::io` of a sync whatever errno it gave: a failed sync is final, a full disk or not.
error final_error(error e);

/// Reads `bytes` at `offset` (both whole blocks); the rest is zero where the file is shorter.
result<aligned_buffer> read_blocks(const file& from, std::uint64_t offset, std::size_t bytes);

/// Checks magic, version, checksum and bounds. errc::corrupt or errc::unsupported, with place.
result<segment_head> read_head(const file& from, const std::string& path, std::uint64_t segment_size);
/// The state record behind `head`. errc::corrupt with place.
result<std::vector<std::byte>> read_state(const file& from, const std::string& path,
                                          const segment_head& head);
/// Completes checksums and writes both at once; no sync. `state` <= state_bytes_max.
result<segment_head> write_head(file& to, segment_head head, std::span<const std::byte> state);

/// A whole small file, durable under `path` or not there at all: temporary name, sync, rename, directory
/// sync.
result<void> write_small(const log_directory& where, const std::string& path,
                         std::span<const std::span<const std::byte>> pieces);
result<std::vector<std::byte>> read_small(const log_directory& where, const std::string& path);

/// errc::corrupt when it is not the whole secret.
result<log_secret> read_secret(const log_directory& where);
result<log_secret> create_secret(const log_directory& where, const random_source& random);

/// A salt, never 0.
std::uint64_t draw_salt(const random_source& random);

}  // namespace sluice::checkpoint
