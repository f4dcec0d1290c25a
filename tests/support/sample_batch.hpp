// Batches as decode and route would hand them on, made from a list of events: for tests of everything behind
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/batch.hpp"

namespace sluice::test {

/// A body in memory; answers go to `said` when that is given.
class memory_inbound final : public inbound {
 public:
  explicit memory_inbound(std::string body, std::vector<result<receipt>>* said = nullptr)
      : body_(std::move(body)), size_(body_.size()), said_(said) {
    body_.append(body_padding, '\0');
  }
  std::string_view body() const noexcept override { return std::string_view(body_).substr(0, size_); }
  void answer(const result<receipt>& said) noexcept override {
    if (said_ != nullptr) said_->push_back(said);
  }

 private:
  std::string body_;
  std::size_t size_;
  std::vector<result<receipt>>* said_;
};

/// One event of a sample batch. Texts stand in the body as they are given: escaped.
struct sample_event {
  std::string id = "e1";
  std::string source = "genesys";
  std::string region = {};           ///< metadata.region, absent when empty
  std::vector<target> targets = {};  ///< none: dropped
  quarantine why = quarantine::none;
  std::size_t padding = 0;  ///< bytes of a member `detail` that nothing reads
};

/// A hash that tells events apart by source and id; not the node's keyed one.
hash128 sample_identity(std::string_view source, std::string_view id);

/// `[{…},{…}]` with the entries, texts and target sets that decode and route would have made of it.
std::unique_ptr<batch> make_batch(const std::vector<sample_event>& events,
                                  std::int64_t received_ms = 1'700'000'000'000,
                                  std::vector<result<receipt>>* said = nullptr);

}  // namespace sluice::test
