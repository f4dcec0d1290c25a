// The bound on bytes in flight: what a socket has read is charged to one budget until the answer is given.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace sluice::net {

/// A number of bytes that all connections share. Thread-safe, lock-free.
class byte_budget {
 public:
  explicit byte_budget(std::size_t limit_bytes) noexcept : limit_(limit_bytes) {}
  byte_budget(const byte_budget&) = delete;
  byte_budget& operator=(const byte_budget&) = delete;

  /// Takes `bytes` or nothing.
  bool try_take(std::size_t bytes) noexcept {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ - used) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::size_t limit() const noexcept { return limit_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
};

/// One request's share of a budget; returned on destruction, wherever that happens.
class lease {
 public:
  lease() = default;
  explicit lease(byte_budget& from) noexcept : from_(&from) {}
  lease(lease&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      release();
      from_ = std::exchange(other.from_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~lease() { release(); }

  /// Charges `more` bytes on top; false, and nothing charged, when the budget has no room.
  bool extend(std::size_t more) noexcept {
    if (from_ == nullptr || !from_->try_take(more)) return false;
    bytes_ += more;
    return true;
  }
  void release() noexcept {
    if (from_ != nullptr && bytes_ > 0) from_->give_back(bytes_);
    bytes_ = 0;
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  byte_budget* from_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::net
