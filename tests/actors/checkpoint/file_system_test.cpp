// What every file system promises, held against the real one and the simulated one alike: what the tests of
// the log see of the simulated disk is what the node sees of a real one.
#include "actors/checkpoint/file_system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "actors/checkpoint/group.hpp"
#include "tests/support/simulated_file_system.hpp"

namespace sluice::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The real file system in a directory of its own that goes away with it.
struct posix_disk {
  posix_disk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-fs-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category());
    directory = pattern;
  }
  ~posix_disk() { std::filesystem::remove_all(directory); }
  std::string directory;
  std::unique_ptr<file_system> files = make_posix_file_system();
};
struct simulated_disk {
  simulated_disk() { EXPECT_TRUE(files->make_directory(directory)); }
  std::string directory = "/data/log";
  std::unique_ptr<file_system> files = std::make_unique<test::simulated_file_system>();
};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_at(const file& from, std::uint64_t offset, std::size_t bytes) {
  std::string text(bytes, '?');
  const auto got = from.read_at(std::as_writable_bytes(std::span(text)), offset);
  EXPECT_TRUE(got) << to_string(got.error());
  text.resize(got ? *got : 0);
  return text;
}

template <class Disk>
class FileSystem : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return disk_.directory + "/" + name; }
  std::unique_ptr<file> open(const std::string& name, open_mode mode, caching how = caching::buffered) {
    auto opened = files_.open(path(name), mode, how);
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }
  void put(const std::string& name, std::string_view text) {
    const auto to = open(name, open_mode::create);
    ASSERT_TRUE(to->write_at(bytes_of(text), 0));
  }
  void expect_error(const error& got, errc code, int sys, const std::string& place) {
    EXPECT_EQ(got.code, code) << to_string(got);
    EXPECT_EQ(got.sys, sys);
    EXPECT_EQ(got.place, place);
    EXPECT_FALSE(got.detail.empty());
  }
  Disk disk_;
  file_system& files_ = *disk_.files;
};

using disks = testing::Types<posix_disk, simulated_disk>;
struct disk_names {
  template <class Disk>
  static std::string GetName(int) {
    return std::is_same_v<Disk, posix_disk> ? "posix" : "simulated";
  }
};
TYPED_TEST_SUITE(FileSystem, disks, disk_names);

TYPED_TEST(FileSystem, ReadsWhatWasWritten) {
  const auto f = this->open("a", open_mode::create_new);
  ASSERT_TRUE(f->write_at(bytes_of("hello world"), 0));
  ASSERT_TRUE(f->write_at(bytes_of("W"), 6));
  ASSERT_TRUE(f->write_at(bytes_of("far"), 10'000));
  EXPECT_TRUE(f->sync());
  EXPECT_EQ(text_at(*f, 0, 11), "hello World");
  EXPECT_EQ(text_at(*f, 11, 4), std::string(4, '\0')) << "a hole reads as zeros";
  EXPECT_EQ(text_at(*f, 9'999, 100), std::string("\0far", 4)) << "short only at the end";
  EXPECT_EQ(text_at(*f, 20'000, 10), "");
  EXPECT_EQ(*f->size(), 10'003u);
  EXPECT_EQ(text_at(*this->open("a", open_mode::read), 0, 5), "hello");
}

TYPED_TEST(FileSystem, OpensAsTheModeSays) {
  const auto missing = this->files_.open(this->path("none"), open_mode::read, caching::buffered);
  ASSERT_FALSE(missing);
  this->expect_error(missing.error(), errc::not_found, ENOENT, this->path("none"));
  EXPECT_FALSE(this->files_.open(this->path("none"), open_mode::write, caching::buffered));
  EXPECT_FALSE(this->files_.open(this->path("no/such/directory"), open_mode::create, caching::buffered));

  this->put("there", "kept");
  EXPECT_EQ(text_at(*this->open("there", open_mode::create), 0, 9), "kept") << "create does not cut";
  EXPECT_TRUE(this->open("there", open_mode::write)->write_at(bytes_of("K"), 0));
  const auto twice = this->files_.open(this->path("there"), open_mode::create_new, caching::buffered);
  ASSERT_FALSE(twice);
  this->expect_error(twice.error(), errc::io, EEXIST, this->path("there"));
  const auto reader = this->open("there", open_mode::read);
  EXPECT_FALSE(reader->write_at(bytes_of("x"), 0));
  EXPECT_FALSE(reader->truncate(0));
  EXPECT_EQ(text_at(*reader, 0, 9), "Kept");
  EXPECT_FALSE(this->files_.open(this->disk_.directory, open_mode::write, caching::buffered))
      << "a directory";
}

TYPED_TEST(FileSystem, WritesDirectlyInBlocks) {
  const auto f = this->open("direct", open_mode::create_new, caching::direct);
  aligned_buffer out(3 * block_bytes), in(4 * block_bytes);
  for (std::size_t i = 0; i < out.capacity(); ++i) out.data()[i] = static_cast<std::byte>(i * 31 % 251);
  ASSERT_TRUE(f->write_at({out.data(), out.capacity()}, block_bytes));
  ASSERT_TRUE(f->sync());
  const auto got = f->read_at({in.data(), in.capacity()}, block_bytes);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, out.capacity());
  EXPECT_EQ(std::memcmp(in.data(), out.data(), out.capacity()), 0);
  ASSERT_TRUE(f->truncate(2 * block_bytes + 100));
  const auto end = f->read_at({in.data(), in.capacity()}, 0);
  ASSERT_TRUE(end) << to_string(end.error());
  EXPECT_EQ(*end, 2 * block_bytes + 100) << "an end within a block";
}

TYPED_TEST(FileSystem, TruncatesBothWaysWithZeros) {
  this->put("t", "abcdefgh");
  const auto f = this->open("t", open_mode::write);
  ASSERT_TRUE(f->truncate(3));
  EXPECT_EQ(*f->size(), 3u);
  ASSERT_TRUE(f->truncate(6));
  EXPECT_EQ(text_at(*f, 0, 99), std::string("abc\0\0\0", 6));
}

TYPED_TEST(FileSystem, AllocatesWithoutTouchingWhatIsThere) {
  this->put("alloc", "abc");
  const auto f = this->open("alloc", open_mode::write);
  ASSERT_TRUE(f->allocate(1'000'000));
  EXPECT_EQ(*f->size(), 1'000'000u);
  EXPECT_EQ(text_at(*f, 0, 5), std::string("abc\0\0", 5));
  ASSERT_TRUE(f->allocate(10)) << "less than there is";
  EXPECT_EQ(*f->size(), 1'000'000u);
}

TYPED_TEST(FileSystem, ListsFilesByName) {
  for (const char* name : {"b", "c", "a"}) this->put(name, std::string(3, 'x'));
  ASSERT_TRUE(this->files_.make_directory(this->path("sub")));
  const auto found = this->files_.list(this->disk_.directory);
  ASSERT_TRUE(found);
  std::vector<std::string> names;
  for (const auto& entry : *found) {
    names.push_back(entry.name);
    EXPECT_EQ(entry.size, 3u);
  }
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
  const auto none = this->files_.list(this->path("none"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, errc::not_found);
}

TYPED_TEST(FileSystem, RenamesOverAndRemoves) {
  this->put("from", "new");
  this->put("to", "old");
  const auto handle = this->open("from", open_mode::read);
  ASSERT_TRUE(this->files_.rename(this->path("from"), this->path("to")));
  EXPECT_TRUE(this->files_.sync_directory(this->disk_.directory));
  EXPECT_EQ(text_at(*this->open("to", open_mode::read), 0, 9), "new");
  EXPECT_EQ(text_at(*handle, 0, 9), "new") << "a handle stays with its file";
  const auto gone = this->files_.rename(this->path("from"), this->path("to"));
  ASSERT_FALSE(gone);
  this->expect_error(gone.error(), errc::not_found, ENOENT, this->path("from"));
  ASSERT_TRUE(this->files_.remove(this->path("to")));
  EXPECT_EQ(text_at(*handle, 0, 9), "new");
  const auto again = this->files_.remove(this->path("to"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::not_found);
  EXPECT_FALSE(this->files_.remove(this->disk_.directory)) << "not a file";
}

TYPED_TEST(FileSystem, MakesDirectoriesWithTheirParents) {
  EXPECT_TRUE(this->files_.make_directory(this->path("x/y/z")));
  EXPECT_TRUE(this->files_.make_directory(this->path("x/y/z/")));
  this->put("x/y/z/file", "1");
  EXPECT_TRUE(this->files_.sync_directory(this->path("x/y/z")));
  const auto on_file = this->files_.make_directory(this->path("x/y/z/file"));
  ASSERT_FALSE(on_file);
  EXPECT_EQ(on_file.error().sys, ENOTDIR);
  EXPECT_FALSE(this->files_.sync_directory(this->path("none")));
}

TYPED_TEST(FileSystem, TellsFreeSpace) {
  const auto free = this->files_.free_bytes(this->disk_.directory);
  ASSERT_TRUE(free);
  EXPECT_GT(*free, 0u);
  EXPECT_FALSE(this->files_.free_bytes(this->path("none")));
}

TYPED_TEST(FileSystem, LocksOnceAndNamesTheHolder) {
  auto held = this->files_.lock(this->path("lock"));
  ASSERT_TRUE(held) << to_string(held.error());
  EXPECT_EQ(text_at(**held, 0, 30), std::to_string(::getpid()) + "\n");
  const auto second = this->files_.lock(this->path("lock"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::locked);
  EXPECT_THAT(second.error().detail, HasSubstr(std::to_string(::getpid())));
  held->reset();
  EXPECT_TRUE(this->files_.lock(this->path("lock")));
}

class PosixFileSystem : public FileSystem<posix_disk> {};

TEST_F(PosixFileSystem, FollowsNoSymbolicLink) {
  put("target", "secret");
  ASSERT_EQ(::symlink(path("target").c_str(), path("link").c_str()), 0);
  const auto opened = files_.open(path("link"), open_mode::create, caching::buffered);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().sys, ELOOP);
  EXPECT_FALSE(files_.lock(path("link")));
  const auto found = files_.list(disk_.directory);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 1u) << "a link is not a regular file";
}

TEST_F(PosixFileSystem, RefusesWhatIsNoFileWithoutWaitingForIt) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(files_.open(path("fifo"), open_mode::read, caching::buffered));
  EXPECT_FALSE(files_.open(path("fifo"), open_mode::create, caching::direct));
}

TEST_F(PosixFileSystem, KeepsFilesToItsOwner) {
  put("private", "x");
  ASSERT_TRUE(files_.make_directory(path("inner")));
  struct stat info {};
  ASSERT_EQ(::stat(path("private").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(path("inner").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

/// From here on this process is told EOPNOTSUPP by fallocate, as by a file system that cannot reserve.
bool refuse_fallocate() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fallocate, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(steps), steps};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Runs in a process of its own: 0 when all is right, else the line that is not.
int allocate_by_writing(file_system& files, const std::string& path, caching how) {
  const auto opened = files.open(path, open_mode::create, how);
  if (!opened || !refuse_fallocate()) return __LINE__ % 256;
  file& f = **opened;
  if (!f.truncate(300'000) || !f.allocate(2'000'001)) return __LINE__ % 256;
  if (*f.size() != 2'000'001) return __LINE__ % 256;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || info.st_blocks * 512 < 2'000'001)
    return __LINE__ % 256;  // the hole too
  return 0;
}

TEST_F(PosixFileSystem, WritesZerosWhereItCannotReserve) {
  for (const caching how : {caching::buffered, caching::direct}) {
    put("zeros", "kept");
    EXPECT_EXIT(std::_Exit(allocate_by_writing(files_, path("zeros"), how)), testing::ExitedWithCode(0), "");
    EXPECT_EQ(text_at(*open("zeros", open_mode::read), 0, 6), std::string("kept\0\0", 6));
    ASSERT_TRUE(files_.remove(path("zeros")));
  }
}

TEST_F(PosixFileSystem, ReservesBlocks) {
  const auto f = open("reserved", open_mode::create_new);
  ASSERT_TRUE(f->allocate(1u << 20));
  struct stat info {};
  ASSERT_EQ(::stat(path("reserved").c_str(), &info), 0);
  EXPECT_GE(static_cast<std::uint64_t>(info.st_blocks) * 512, 1u << 20);
}

}  // namespace
}  // namespace sluice::checkpoint
