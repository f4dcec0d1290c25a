// How committed groups reach their readers: from a bounded ring of memory at the tail, from the files for
// laggards.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "actors/checkpoint/group.hpp"

namespace sluice::checkpoint {

/// Thread-safe. Readers ask for groups behind a number; they never wait in here.
class log_feed {
 public:
  using wake = std::function<void()>;  ///< must only post
  using fetched = std::function<void(result<std::vector<committed_group_ptr>>)>;
  virtual ~log_feed() = default;

  enum class where : std::uint8_t {
    memory,  ///< groups follow
    wait,    ///< nothing behind `after` is durable yet: the reader's wake will be called once
    file,    ///< it left the ring: use `fetch`
  };
  struct tail_read {
    where found = where::wait;
    std::vector<committed_group_ptr> groups;  ///< in order; gaps in numbers are seals, or of no concern
  };

  /// A reader's registration; ends with the handle (no wake is called after its destructor returned).
  class reader {
   public:
    virtual ~reader() = default;
  };
  /// With `of`, a lane's reader: it may be given groups without an event for the lane, but need not be, and
  /// is woken only for one that has; and it reads what was copied for the lane's destination of segments that
  /// are gone.
  virtual std::unique_ptr<reader> add_reader(wake call, std::optional<target> of = {}) = 0;

  /// Groups with number > `after` from the ring: at least one when there is one, else up to `max_bytes`
  /// together. `where::wait` arms `who`'s wake.
  virtual tail_read next(reader& who, group_number after, std::size_t max_bytes) = 0;

  /// Reads groups with number > `after` from the files on the reader thread, up to `max_bytes` (at least
  /// one), and calls `done` there. Groups that are not retained any more are passed over: what a reader's
  /// durable cursor still needs is retained, or was copied for its destination (a spilled group then stands
  /// for several, up to its number, and holds nothing else). errc::corrupt with file and offset. At most one
  /// fetch a reader at a time.
  virtual void fetch(reader& who, group_number after, std::size_t max_bytes, fetched done) = 0;

  /// The highest durable group.
  virtual group_number durable() const = 0;
};

}  // namespace sluice::checkpoint
