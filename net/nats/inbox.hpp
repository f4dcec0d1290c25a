// The answers to one burst: in any order, late, twice or never. Told apart by the number that ends each reply
// subject.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::net::nats {

/// What came for one message.
struct answer {
  bool nobody = false;  ///< the server: no one listens on the subject
  std::string text;
};

class inbox {
 public:
  /// A burst of `count` messages begins: forgets the one before. The number of its first message; the others
  /// follow. No number comes twice, so a late answer is nobody's.
  std::uint64_t begin(std::size_t count) {
    first_ += slots_.size();
    slots_.assign(count, {});
    open_ = count;
    return first_;
  }
  /// That message is not sent.
  void expect_nothing(std::uint64_t number) {
    if (slot* const its = waiting(number)) close(*its);
  }
  void answered(std::uint64_t number, answer what) {
    slot* const its = waiting(number);
    if (its == nullptr) return;
    its->what = std::move(what);
    close(*its);
  }
  /// Nothing more is waited for.
  bool is_complete() const noexcept { return open_ == 0; }
  /// For the message `index` of the burst.
  const std::optional<answer>& at(std::size_t index) const { return slots_.at(index).what; }

 private:
  struct slot {
    bool waits = true;
    std::optional<answer> what = {};
  };

  slot* waiting(std::uint64_t number) {
    if (number < first_ || number - first_ >= slots_.size()) return nullptr;
    slot& its = slots_[number - first_];
    return its.waits ? &its : nullptr;
  }
  void close(slot& its) {
    its.waits = false;
    --open_;
  }

  std::uint64_t first_ = 1;  // number of slots_.front()
  std::vector<slot> slots_;
  std::size_t open_ = 0;  // slots that wait
};

}  // namespace sluice::net::nats
