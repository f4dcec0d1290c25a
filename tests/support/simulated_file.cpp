// Page arithmetic of the simulated disk.
#include "tests/support/simulated_file.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::test {
namespace {
constexpr std::uint64_t page_of(std::uint64_t offset) { return offset / simulated_file::page_bytes; }
constexpr std::uint64_t pages_for(std::uint64_t bytes) {
  return page_of(bytes + simulated_file::page_bytes - 1);
}
}  // namespace

simulated_file::page_ptr simulated_file::current(std::uint64_t index) const {
  const auto found = pages_.find(index);
  return found == pages_.end() ? nullptr : found->second;
}

void simulated_file::set_current(std::uint64_t index, page_ptr content) {
  unsynced_page& kept = unsynced_[index];
  kept.states.push_back(content);
  kept.dirty = true;
  if (content) {
    pages_[index] = std::move(content);
  } else {
    pages_.erase(index);
  }
}

void simulated_file::set_length(std::uint64_t length) {
  if (length == length_) return;
  length_ = length;
  lengths_.push_back(length);
}

void simulated_file::mark_present(std::uint64_t from_page, std::uint64_t to_page) {
  if (present_.size() < to_page) present_.resize(to_page);
  for (std::uint64_t i = from_page; i < to_page; ++i) {
    if (!present_[i]) ++present_count_;
    present_[i] = true;
  }
}

std::uint64_t simulated_file::new_pages(std::uint64_t offset, std::uint64_t bytes) const {
  std::uint64_t missing = 0;
  for (std::uint64_t i = page_of(offset); i < pages_for(offset + bytes); ++i) {
    if (i >= present_.size() || !present_[i]) ++missing;
  }
  return missing;
}

std::size_t simulated_file::read(std::span<std::byte> into, std::uint64_t offset) const {
  if (offset >= length_) return 0;
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), length_ - offset));
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t within = (offset + done) % page_bytes;
    const std::size_t step = std::min(bytes - done, page_bytes - within);
    if (const auto from = current(page_of(offset + done))) {
      std::memcpy(into.data() + done, from->data() + within, step);
    } else {
      std::memset(into.data() + done, 0, step);
    }
    done += step;
  }
  return bytes;
}

void simulated_file::write(std::span<const std::byte> from, std::uint64_t offset) {
  for (std::size_t done = 0; done < from.size();) {
    const std::size_t within = (offset + done) % page_bytes;
    const std::size_t step = std::min(from.size() - done, page_bytes - within);
    const std::uint64_t index = page_of(offset + done);
    const auto before = current(index);
    auto changed = before ? std::make_shared<page>(*before) : std::make_shared<page>();
    std::memcpy(changed->data() + within, from.data() + done, step);
    set_current(index, std::move(changed));
    done += step;
  }
  mark_present(page_of(offset), pages_for(offset + from.size()));
  set_length(std::max(length_, offset + from.size()));
}

void simulated_file::truncate(std::uint64_t length) {
  if (length < length_) {
    zero_tail(length);
    for (std::uint64_t i = pages_for(length); i < present_.size(); ++i) {
      if (present_[i]) --present_count_;
      present_[i] = false;
    }
  }
  set_length(length);
}

void simulated_file::zero_tail(std::uint64_t length) {
  const std::uint64_t first_gone = pages_for(length);
  std::vector<std::uint64_t> gone;
  for (auto next = pages_.lower_bound(first_gone); next != pages_.end(); ++next) gone.push_back(next->first);
  for (const std::uint64_t index : gone) set_current(index, nullptr);
  const std::size_t within = length % page_bytes;
  const auto last = current(page_of(length));
  if (within == 0 || !last) return;
  auto cut = std::make_shared<page>(*last);
  std::fill(cut->begin() + static_cast<std::ptrdiff_t>(within), cut->end(), std::byte{0});
  set_current(page_of(length), std::move(cut));
}

void simulated_file::allocate(std::uint64_t length) {
  mark_present(0, pages_for(length));
  set_length(std::max(length_, length));
}

void simulated_file::sync() {
  for (auto next = unsynced_.begin(); next != unsynced_.end();) {
    if (!next->second.dirty) {
      ++next;
      continue;
    }
    durable_[next->first] = next->second.states.back();
    next = unsynced_.erase(next);
  }
  durable_length_ = length_;
  lengths_.clear();
}

void simulated_file::fail_sync() {
  for (auto& [index, kept] : unsynced_) kept.dirty = false;
}

void simulated_file::corrupt(std::uint64_t offset, std::byte flip) {
  const std::uint64_t index = page_of(offset);
  const auto flipped = [&](const page_ptr& from) {
    auto changed = from ? std::make_shared<page>(*from) : std::make_shared<page>();
    (*changed)[offset % page_bytes] ^= flip;
    return changed;
  };
  pages_[index] = flipped(current(index));
  durable_[index] = flipped(durable_[index]);
  if (const auto kept = unsynced_.find(index); kept != unsynced_.end()) {
    for (auto& state : kept->second.states) state = flipped(state);
  }
}

simulated_file simulated_file::durable_image(std::map<std::uint64_t, page_ptr> pages,
                                             std::uint64_t length) const {
  simulated_file image;
  std::erase_if(pages, [&](const auto& p) { return !p.second || p.first >= pages_for(length); });
  image.length_ = length;
  image.pages_ = std::move(pages);
  image.zero_tail(length);
  image.unsynced_.clear();
  image.durable_ = image.pages_;
  image.durable_length_ = length;
  for (const auto& [index, content] : image.pages_) image.mark_present(index, index + 1);
  const std::uint64_t reserved = std::min<std::uint64_t>(present_.size(), pages_for(length));
  for (std::uint64_t i = 0; i < reserved; ++i) {
    if (present_[i]) image.mark_present(i, i + 1);
  }
  return image;
}

simulated_file simulated_file::without_unsynced() const { return durable_image(durable_, durable_length_); }

simulated_file simulated_file::with_unsynced() const { return durable_image(pages_, length_); }

simulated_file::page_ptr simulated_file::pick(std::span<const page_ptr> states, std::mt19937_64& random) {
  const auto any = [&]() -> const page_ptr& { return states[random() % states.size()]; };
  if (random() % 4 != 0) return any();
  auto torn = std::make_shared<page>();
  for (std::size_t at = 0; at < page_bytes; at += sector_bytes) {
    if (const page_ptr& from = any()) std::memcpy(torn->data() + at, from->data() + at, sector_bytes);
  }
  return torn;
}

simulated_file simulated_file::with_some_unsynced(std::mt19937_64& random) const {
  auto pages = durable_;
  for (const auto& [index, kept] : unsynced_) {
    std::vector<page_ptr> states{pages[index]};
    states.insert(states.end(), kept.states.begin(), kept.states.end());
    pages[index] = pick(states, random);
  }
  std::vector<std::uint64_t> lengths{durable_length_};
  lengths.insert(lengths.end(), lengths_.begin(), lengths_.end());
  return durable_image(std::move(pages), lengths[random() % lengths.size()]);
}

}  // namespace sluice::test
