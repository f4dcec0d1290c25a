#include "actors/deliver/file_sink.hpp"

#include <span>

namespace sluice::deliver {
namespace {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

result<void> file_sink::attach(std::uint64_t length) {
  file_.reset();
  const auto directory = directory_of(path_);
  if (auto made = files_.make_directory(directory); !made) return made;
  auto opened = files_.open(path_, checkpoint::open_mode::create, checkpoint::caching::buffered);
  if (!opened) return fail(opened.error());
  const auto size = (*opened)->size();
  if (!size) return fail(size.error());
  if (*size < length) {
    return fail(
        errc::corrupt,
        "the file has " + std::to_string(*size) + " bytes, " + std::to_string(length) + " were delivered",
        path_);
  }
  if (*size > length) {
    if (auto cut = (*opened)->truncate(length); !cut) return cut;
  }
  // Also when the file was there: an earlier process may have made it and died before this.
  if (auto synced = files_.sync_directory(directory); !synced) return synced;
  file_ = std::move(*opened);
  length_ = length;
  return {};
}

result<void> file_sink::append(std::string_view lines) {
  SLUICE_ASSERT(file_ != nullptr);
  auto done = file_->write_at(std::as_bytes(std::span(lines)), length_);
  if (done) done = file_->sync();
  if (!done) {
    file_.reset();
    return done;
  }
  length_ += lines.size();
  return {};
}

result<std::uint64_t> file_sink::existing_length(checkpoint::file_system& files, const std::string& path) {
  auto opened = files.open(path, checkpoint::open_mode::read, checkpoint::caching::buffered);
  if (!opened) {
    if (opened.error().code == errc::not_found) return 0;
    return fail(opened.error());
  }
  return (*opened)->size();
}

}  // namespace sluice::deliver
