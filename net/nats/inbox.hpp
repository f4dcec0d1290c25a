// Where the answers to one connection's messages arrive: on the library's threads, in any order, late, twice
// or never. Told apart by the number that ends each reply subject.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net::nats {

/// What came for one message.
struct answer {
  bool nobody = false;  ///< the server: no one listens on the subject
  std::string text;
};

/// Thread-safe. Holds at most one burst's answers.
class inbox {
 public:
  enum class ending : std::uint8_t { complete, lost, timed_out, stopped };

  inbox();
  ~inbox();
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  /// What C callbacks are given in the place of a pointer: they may still run when the inbox is gone, and
  /// then `find` has nothing.
  void* handle() const noexcept;
  static std::shared_ptr<inbox> find(void* handle);
  static std::shared_ptr<inbox> make();

  /// A burst of `count` messages begins: forgets the one before. The number of its first message; the others
  /// follow. No number comes twice, so a late answer is nobody's.
  std::uint64_t begin(std::size_t count);
  void expect_no_answer(std::uint64_t number);  ///< that message is not sent
  void answered(std::uint64_t number, answer what);
  void complain(std::string_view what);  ///< the server says something about no message in particular
  void lost();                           ///< the connection has ended
  void stop();                           ///< whoever waits shall wait no longer, for ever

  ending wait(std::chrono::steady_clock::time_point deadline);
  /// The answers of the burst, in its order.
  std::vector<std::optional<answer>> take();
  bool is_lost() const;
  std::string complaint() const;  ///< the last one, or empty

 private:
  struct slot {
    bool expected = true;
    std::optional<answer> what;
  };

  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::uint64_t first_ = 1;  // number of slots_.front()
  std::vector<slot> slots_;
  std::size_t open_ = 0;  // slots that wait for an answer
  bool lost_ = false, stopped_ = false;
  std::string complaint_;
  std::uintptr_t id_ = 0;
};

}  // namespace sluice::net::nats
