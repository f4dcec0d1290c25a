// A ring of identities in log order, and an open-addressing table of 8-byte slots into it. A slot's tag holds
// enough of the identity to find its home, so probing and the shift that closes a gap stay within the table;
// the ring is read only where tags are equal.
#include "actors/checkpoint/dedup_window.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <new>

#include "messages/assert.hpp"

namespace sluice::checkpoint {

dedup_window::pages::pages(std::size_t bytes) : bytes_(bytes) {
  at_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at_ == MAP_FAILED) throw std::bad_alloc();
  // Scattered first touches would take 2 MiB each. Advice: where the kernel does not know it, nothing is
  // lost.
  ::madvise(at_, bytes_, MADV_NOHUGEPAGE);
}

dedup_window::pages::~pages() {
  if (at_ != nullptr) ::munmap(at_, bytes_);
}

std::size_t dedup_window::slots_for(std::size_t max_ids) noexcept { return std::bit_ceil(2 * max_ids); }

std::size_t dedup_window::memory_bytes(std::size_t max_ids) noexcept {
  return slots_for(max_ids) * sizeof(slot) + max_ids * (sizeof(hash128) + sizeof(std::uint64_t));
}

dedup_window::dedup_window(std::size_t max_ids, std::uint64_t window_ms)
    : max_ids_(max_ids),
      window_ms_(window_ms),
      mask_(slots_for(max_ids) - 1),
      table_(slots_for(max_ids) * sizeof(slot)),
      id_ring_(max_ids * sizeof(hash128)),
      time_ring_(max_ids * sizeof(std::uint64_t)) {
  SLUICE_ASSERT(max_ids >= 1 && max_ids <= (std::size_t{1} << 30));
}

namespace {
std::uint32_t tag_of(hash128 id) noexcept { return static_cast<std::uint32_t>(id.low); }
}  // namespace

std::size_t dedup_window::index_of(sequence n) const noexcept {
  const std::size_t index = begin_index_ + static_cast<std::size_t>(n - begin_);
  return index < max_ids_ ? index : index - max_ids_;
}

void dedup_window::prefetch(std::span<const event_entry> entries) const noexcept {
  const slot* const table = slots();
  for (const event_entry& e : entries) __builtin_prefetch(&table[tag_of(e.identity) & mask_], 1);
  // As many will have to leave, and their slots are as scattered.
  if (size() + entries.size() <= max_ids_) return;
  const std::size_t leaving = std::min(size() + entries.size() - max_ids_, size());
  for (std::size_t i = 0; i < leaving; ++i) {
    __builtin_prefetch(&table[tag_of(ids()[index_of(begin_ + i)]) & mask_], 1);
  }
}

std::uint64_t dedup_window::probe(hash128 id) const noexcept {
  const slot* const table = slots();
  const std::uint32_t tag = tag_of(id);
  std::uint64_t at = tag & mask_;
  for (; table[at].index_plus_one != 0; at = (at + 1) & mask_) {
    if (table[at].tag == tag && ids()[table[at].index_plus_one - 1] == id) break;
  }
  return at;
}

bool dedup_window::contains(hash128 id) const noexcept { return slots()[probe(id)].index_plus_one != 0; }

bool dedup_window::insert(hash128 id, std::uint64_t running_ms) {
  slot* const table = slots();
  std::uint64_t at = probe(id);
  if (table[at].index_plus_one != 0) return false;
  const std::uint32_t tag = tag_of(id);
  if (size() == max_ids_) {
    SLUICE_ASSERT(begin_ < durable_);
    left_early_ = true;
    left_early_ms_ = times()[begin_index_];
    const std::uint64_t gap = drop_oldest();
    // All slots from home to `at` were taken: the new gap, where it is among them, is now the first empty
    // one.
    if (((gap - tag) & mask_) < ((at - tag) & mask_)) at = gap;
  }
  newest_ms_ = std::max(newest_ms_, running_ms);
  ids()[end_index_] = id;
  times()[end_index_] = newest_ms_;
  table[at] = {tag, static_cast<std::uint32_t>(end_index_ + 1)};
  end_index_ = end_index_ + 1 == max_ids_ ? 0 : end_index_ + 1;
  ++end_;
  return true;
}

std::uint64_t dedup_window::erase(std::size_t index) noexcept {
  slot* const table = slots();
  std::uint64_t gap = tag_of(ids()[index]) & mask_;
  while (table[gap].index_plus_one != index + 1) gap = (gap + 1) & mask_;
  // Whoever stands behind the gap and would be looked for at or before it moves into it; then the gap is
  // there.
  for (std::uint64_t at = (gap + 1) & mask_; table[at].index_plus_one != 0; at = (at + 1) & mask_) {
    const std::uint64_t from_home = (at - table[at].tag) & mask_;
    if (from_home < ((at - gap) & mask_)) continue;
    table[gap] = table[at];
    gap = at;
  }
  table[gap] = {0, 0};
  return gap;
}

std::uint64_t dedup_window::drop_oldest() noexcept {
  const std::uint64_t gap = erase(begin_index_);
  begin_index_ = begin_index_ + 1 == max_ids_ ? 0 : begin_index_ + 1;
  ++begin_;
  return gap;
}

void dedup_window::expire(std::uint64_t running_ms) {
  while (begin_ < durable_ && running_ms > times()[begin_index_] &&
         running_ms - times()[begin_index_] > window_ms_) {
    drop_oldest();
  }
}

hash128 dedup_window::at(sequence n) const noexcept {
  SLUICE_ASSERT(n >= begin_ && n < end_);
  return ids()[index_of(n)];
}

std::uint64_t dedup_window::running_ms_at(sequence n) const noexcept {
  SLUICE_ASSERT(n >= begin_ && n < end_);
  return times()[index_of(n)];
}

void dedup_window::confirm(sequence n) noexcept {
  SLUICE_ASSERT(n <= end_);
  durable_ = std::max(durable_, n);
}

void dedup_window::roll_back(sequence n) {
  SLUICE_ASSERT(n >= durable_ && n <= end_);
  while (end_ > n) {
    end_index_ = (end_index_ == 0 ? max_ids_ : end_index_) - 1;
    erase(end_index_);
    --end_;
  }
}

std::uint64_t dedup_window::effective_window_ms(std::uint64_t running_ms) const noexcept {
  if (!left_early_) return window_ms_;
  return std::min(window_ms_, running_ms > left_early_ms_ ? running_ms - left_early_ms_ : 0);
}

}  // namespace sluice::checkpoint
