// Reading the store's files without the store, perhaps while a node changes them: a file that went meanwhile
// had its letters moved into a newer one, so the directory is looked at again.
#include <set>
#include <utility>

#include "actors/deliver/dead_letter_file.hpp"
#include "actors/deliver/dead_letters.hpp"
#include "actors/deliver/letter_index.hpp"

namespace sluice::deliver {
namespace {

enum class walk_end : std::uint8_t { whole, stopped, file_gone };

/// Calls `visit` for the groups of all files in their order; it returns false to end the walk.
result<walk_end> walk_files(
    checkpoint::file_system& files, const std::string& directory,
    const std::function<result<bool>(const dead_letter_file_reader&, letter_place)>& visit) {
  const auto numbers = dead_letter_files(files, directory);
  if (!numbers) return fail(numbers.error());
  for (const auto number : *numbers) {
    auto reader = dead_letter_file_reader::open(files, directory, number, number == numbers->back());
    if (!reader && reader.error().code == errc::not_found) return walk_end::file_gone;
    if (!reader) return fail(reader.error());
    for (;;) {
      const auto more = reader->next();
      if (!more) return fail(more.error());
      if (!*more) break;
      const auto whole = visit(*reader, {number, reader->group_offset()});
      if (!whole) return fail(whole.error());
      if (!*whole) return walk_end::stopped;
    }
  }
  return walk_end::whole;
}

}  // namespace

result<void> read_dead_letters(checkpoint::file_system& files, const std::string& directory,
                               const std::function<bool(const dead_letter&)>& visit) {
  std::set<letter_key> seen;  // bounded by the store's bytes
  for (;;) {
    // A letter's last copy is the one that lives, unless a removal follows it.
    letter_index living;
    auto end = walk_files(files, directory, [&](const dead_letter_file_reader& group, letter_place place) {
      return group.visit({[&](dead_letter&& l) {
                            living.put(l.key(), place, 0);
                            return true;
                          },
                          [&](const letter_key& key) { living.erase(key); }});
    });
    if (end && *end == walk_end::whole) {
      end = walk_files(files, directory, [&](const dead_letter_file_reader& group, letter_place place) {
        return group.visit({[&](dead_letter&& l) {
                              const auto* at = living.find(l.key());
                              const bool lives = at != nullptr && *at == place;
                              return !lives || !seen.insert(l.key()).second || visit(l);
                            },
                            [](const letter_key&) {}});
      });
    }
    if (!end) return fail(end.error());
    if (*end != walk_end::file_gone) return {};
  }
}

}  // namespace sluice::deliver
