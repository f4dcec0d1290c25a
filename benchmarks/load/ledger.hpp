// The sender's own book of what it offered and what it was promised, kept outside the node and believing
// nothing it says.
#pragma once

#include <cstdint>
#include <string>

#include "benchmarks/load/batch_maker.hpp"
#include "messages/result.hpp"

namespace sluice::load {

/// What a 200 said about the events of its batch.
enum class promise : std::uint8_t {
  accepted,   ///< all were new
  duplicate,  ///< all were known
  mixed,      ///< some were known, or quarantined: the answer does not say which
  unstated,   ///< the answer has no counts
};

/// A text file, one line an event, fields separated by one space:
///   offered ID SOURCE          before the first byte of its batch is sent for the first time
///   acked ID SOURCE PROMISE    after the 200 for its batch (again for each further 200); PROMISE as the
///   names of `promise`
/// Lines are appended to what the file holds. A call returns after the system has taken its lines (they
/// survive the end of this process, not a loss of power). An event that is offered and not acked may be
/// delivered once or not at all.
class ledger {
 public:
  /// Opens or creates the file; io with its name.
  static result<ledger> open(const std::string& file);

  ledger(ledger&& other) noexcept;
  ledger& operator=(ledger&& other) noexcept;
  ~ledger();

  result<void> offered(const batch_maker& batch);
  result<void> acked(const batch_maker& batch, promise said);

 private:
  ledger(int fd, std::string file);
  result<void> write_lines();

  int fd_ = -1;
  std::string file_;
  std::string lines_;  ///< of one batch
};

}  // namespace sluice::load
