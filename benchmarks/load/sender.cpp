// The public face of the engine.
#include "benchmarks/load/sender.hpp"

#include <utility>

#include "benchmarks/load/engine.hpp"

namespace sluice::load {

result<sender> sender::open(const sender_options& options, ledger* book) {
  auto made = std::make_unique<engine>(options, book);
  if (auto opened = made->open(); !opened) return tl::unexpected(opened.error());
  return sender(std::move(made));
}

sender::sender(std::unique_ptr<engine> made) noexcept : engine_(std::move(made)) {}
sender::sender(sender&&) noexcept = default;
sender& sender::operator=(sender&&) noexcept = default;
sender::~sender() = default;

result<outcome> sender::run(const run_options& options) { return engine_->run(options); }

}  // namespace sluice::load
