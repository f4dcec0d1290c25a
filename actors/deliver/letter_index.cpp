#include "actors/deliver/letter_index.hpp"

namespace sluice::deliver {

void letter_index::take_off(const entry& e) {
  const auto file = files_.find(e.place.file);
  file->second.bytes -= e.bytes;
  if (--file->second.letters == 0) files_.erase(file);
  bytes_ -= e.bytes;
}

void letter_index::put(const letter_key& of, letter_place place, std::uint64_t bytes) {
  const auto number = destinations_.try_emplace(of.destination, counts_.size()).first->second;
  if (number == counts_.size()) counts_.push_back(0);
  const auto [at, is_new] = letters_.try_emplace({number, of.generation, of.origin});
  if (is_new) {
    ++counts_[number];
  } else {
    take_off(at->second);
  }
  at->second = {place, bytes};
  auto& file = files_[place.file];
  ++file.letters;
  file.bytes += bytes;
  bytes_ += bytes;
}

bool letter_index::erase(const letter_key& of) {
  const auto destination = destinations_.find(of.destination);
  if (destination == destinations_.end()) return false;
  const auto at = letters_.find({destination->second, of.generation, of.origin});
  if (at == letters_.end()) return false;
  take_off(at->second);
  letters_.erase(at);
  --counts_[destination->second];
  return true;
}

const letter_place* letter_index::find(const letter_key& of) const {
  const auto destination = destinations_.find(of.destination);
  if (destination == destinations_.end()) return nullptr;
  const auto at = letters_.find({destination->second, of.generation, of.origin});
  return at == letters_.end() ? nullptr : &at->second.place;
}

std::uint64_t letter_index::count(std::string_view destination) const {
  const auto at = destinations_.find(destination);
  return at == destinations_.end() ? 0 : counts_[at->second];
}

letter_index::share letter_index::living_in(std::uint64_t file) const {
  const auto at = files_.find(file);
  return at == files_.end() ? share{} : at->second;
}

}  // namespace sluice::deliver
