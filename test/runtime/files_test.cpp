// Files: what is opened never blocks, what is saved replaces only what it may, and nothing is left behind.
#include "files/folder_lock.h"
#include "files/log_file.h"
#include "files/put_aside.h"
#include "files/same_file.h"
#include "support.h"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sinter::test {

namespace {

class FilesTest : public testing::Test {
protected:
  Folder folder;
  std::string path = folder / "file";

  int64_t entries() { return std::distance(std::filesystem::directory_iterator(folder.path()), {}); }
  static mode_t modeOf(const std::string &path) {
    struct stat status;
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
};

} // namespace

TEST_F(FilesTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(path.c_str(), 0666), 0);
  EXPECT_EQ(failureOf([&] { readFile(path); }).message, path + ": is a named pipe, not a regular file");
  EXPECT_EQ(failureOf([&] { writeFileAtomically(path, "x"); }).message,
            path + ": cannot save: is a named pipe, not a regular file");
  EXPECT_EQ(failureOf([&] { LogFile(path, -1); }).message, path + ": cannot open the log: nobody reads this pipe");
  for (const char *device : {"/dev/zero", "/dev/tty", "/dev/full"}) {
    if (std::filesystem::exists(device) && device != std::string("/dev/tty")) // which a test may not have
      expectContains(failureOf([&] { readFile(device); }).message, "is a device, not a regular file");
  }
  EXPECT_EQ(failureOf([&] { writeFileAtomically("/dev/null", "x"); }).message,
            "/dev/null: cannot save: is a device, not a regular file");
  EXPECT_EQ(failureOf([&] { readFile(folder.path()); }).message, folder.path() + ": is a folder, not a regular file");
  EXPECT_EQ(failureOf([&] { writeFileAtomically(folder.path(), "x"); }).exit, Exit::Input);
  EXPECT_TRUE(std::filesystem::is_fifo(path));
}

// Streams that the process was given are read, but not for ever.
TEST_F(FilesTest, Streams) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "text", 4), 4);
  close(ends[1]);
  EXPECT_EQ(readFile("/dev/fd/" + std::to_string(ends[0])), "text");
  close(ends[0]);
  const int zeros = open("/dev/zero", O_RDONLY);
  expectContains(failureOf([&] { readFile("/dev/fd/" + std::to_string(zeros)); }).message, "more than 67108864 bytes");
  close(zeros);
  for (const char *none : {"/dev/fd/999", "/dev/fd/", "/dev/fd/0x", "/dev/fd/-1"})
    EXPECT_EQ(failureOf([&] { readFile(none); }).exit, Exit::Input) << none;
  // Of a size that no memory has.
  write(path, "x");
  ASSERT_EQ(truncate(path.c_str(), off_t(1) << 42), 0);
  expectContains(failureOf([&] { readFile(path); }).message, "has 4398046511104 bytes, but the machine's memory only");
}

TEST_F(FilesTest, SavingKeepsPermissionsAndFollowsNothing) {
  write(path, "old");
  for (const mode_t mode : {0600, 0640, 0666, 0755}) {
    chmod(path.c_str(), mode);
    write(path, "new");
    EXPECT_EQ(modeOf(path), mode);
  }
  // A link is replaced, not what it leads to.
  const std::string link = folder / "link";
  ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
  write(link, "other");
  EXPECT_EQ(readFile(path), "new");
  EXPECT_EQ(readFile(link), "other");
  // Whoever guesses the next names of temporary files, and links them elsewhere, makes saving fail, no more.
  int next = 0;
  {
    AtomicFile open(path);
    for (const auto &entry : std::filesystem::directory_iterator(folder.path()))
      if (const std::string name = entry.path().filename(); name.ends_with(".tmp"))
        next = std::stoi(name.substr(name.rfind('-') + 1));
  }
  for (int number = next; number < next + 200; ++number)
    ASSERT_EQ(symlink(path.c_str(),
                      (path + ".sinter-" + std::to_string(getpid()) + "-" + std::to_string(number) + ".tmp").c_str()),
              0);
  EXPECT_EQ(failureOf([&] { write(path, "newer"); }).message,
            path + ": cannot save: open: File exists; what was saved before is unchanged");
  EXPECT_EQ(readFile(path), "new");
  const std::string longName = folder / std::string(255, 'n');
  EXPECT_EQ(readFile(write(longName, "x")), "x");
}

TEST_F(FilesTest, TwoWritersOfOneFile) {
  {
    AtomicFile first(path), second(path);
    first.write("first", 5);
    second.write("second", 6);
    first.commit();
    EXPECT_EQ(readFile(path), "first");
    second.commit();
  }
  EXPECT_EQ(readFile(path), "second");
  EXPECT_EQ(entries(), 1);
}

// What a killed process left goes; what a living one writes stays.
TEST_F(FilesTest, LeftTemporaryFiles) {
  const std::string left = folder / "file.sinter-1-0.tmp", living = folder / "file.sinter-1-1.tmp",
                    theirs = folder / "notes.tmp";
  std::ofstream(left) << "left";
  std::ofstream(theirs) << "theirs";
  const int file = open(living.c_str(), O_WRONLY | O_CREAT, 0666);
  ASSERT_EQ(flock(file, LOCK_EX), 0);
  write(path, "x");
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(living));
  EXPECT_TRUE(std::filesystem::exists(theirs));
  close(file);
}

TEST_F(FilesTest, SameFile) {
  write(path, "x");
  ASSERT_EQ(symlink("file", (folder / "link").c_str()), 0);
  ASSERT_EQ(::link(path.c_str(), (folder / "hard").c_str()), 0);
  ASSERT_EQ(symlink(folder.path().c_str(), (folder / "here").c_str()), 0);
  for (const char *name : {"link", "hard", "here/file", "./file", "here/../" /* resolved by the system */})
    EXPECT_EQ(sameFile(path, folder / name), std::string(name) != "here/../") << name;
  write(folder / "copy", "x");
  EXPECT_FALSE(sameFile(path, folder / "copy"));
  // Files that are not there yet.
  ASSERT_EQ(symlink("new", (folder / "dangling").c_str()), 0);
  ASSERT_EQ(symlink((folder / "dangling").c_str(), (folder / "twice").c_str()), 0);
  for (const char *name : {"new", "dangling", "twice", "here/new", "./here/./twice"})
    EXPECT_TRUE(sameFile(folder / "new", folder / name)) << name;
  EXPECT_FALSE(sameFile(folder / "new", path));
  EXPECT_FALSE(sameFile(folder / "new", folder / "newer"));
  EXPECT_EQ(failureOf([&] { keepApart({"--out", folder / "hard"}, {{"--a", ""}, {"--b", path}}); }).message,
            "--out " + (folder / "hard") + ": is the file of --b as well, which it would destroy; name another");
  EXPECT_EQ(failureOf([&] { keepApart({"--out", "/proc/self/exe"}, {}); }).exit, Exit::Usage);
  keepApart({"--out", ""}, {{"--a", ""}});
  keepApart({"--out", folder / "newer"}, {{"--a", path}});
}

TEST_F(FilesTest, PutAsideNeverReplaces) {
  const auto named = [&](const std::string &name) { return folder / name; };
  for (int run = 0; run < 4; ++run) {
    write(named("c.safetensors"), std::to_string(run));
    const std::string aside = putAside(named("c.safetensors"));
    EXPECT_EQ(aside, named("c.previous" + (run ? "-" + std::to_string(run + 1) : "") + ".safetensors"));
    // A start that is killed now leaves both names; the next one finds that the file is kept already.
    EXPECT_EQ(putAside(named("c.safetensors")), aside);
    if (run == 3) {
      takeBack(named("c.safetensors"), aside);
      EXPECT_FALSE(std::filesystem::exists(aside));
    }
  }
  EXPECT_EQ(readFile(named("c.previous.safetensors")), "0");
  EXPECT_EQ(readFile(named("c.previous-2.safetensors")), "1");
  EXPECT_EQ(readFile(named("c.previous-3.safetensors")), "2");
  EXPECT_EQ(readFile(named("c.safetensors")), "3");
}

TEST_F(FilesTest, OneLockAFolder) {
  {
    const FolderLock lock(folder.path());
    EXPECT_EQ(
        failureOf([&] { FolderLock(folder / "../" + std::filesystem::path(folder.path()).filename().string()); }).exit,
        Exit::Input);
  }
  const FolderLock again(folder.path());
  EXPECT_EQ(entries(), 0);
}

TEST_F(FilesTest, LogsAreCutAndOthersAreNot) {
  const std::string log =
      "{\"step\":1,\"loss\":2}\n{\"step\":2,\"loss\":2}\n{\"step\":2,\"val_loss\":2}\n{\"step\":3,\"loss\":1}\n";
  const auto cutAt = [&](const std::string &text, int64_t step) {
    write(path, text);
    LogFile(path, step);
    return readFile(path);
  };
  EXPECT_EQ(cutAt(log, 2), log.substr(0, log.find("{\"step\":3")));
  EXPECT_EQ(cutAt(log, 9), log);
  EXPECT_EQ(cutAt(log, 0), "");
  EXPECT_EQ(cutAt(log + "{\"step\":4,\"lo", 9), log);
  EXPECT_EQ(cutAt(log + "{\"st", 9), log);
  EXPECT_EQ(cutAt("{", 9), "");
  for (const std::string &other :
       {std::string("my notes\nline 2\n"), log + "a note\n", "\n" + log, log + "\n" + log, std::string("x"),
        log + "{\"step\":-1}\n", std::string("{\"steps\":1}\n"), std::string(1, '\0')})
    for (const int64_t step : {int64_t(-1), int64_t(2)}) {
      write(path, other);
      expectContains(failureOf([&] { LogFile(path, step); }).message, "is not the log of a training: line ");
      EXPECT_EQ(readFile(path), other);
    }
  // A new log does not replace one that is there.
  write(path, log);
  {
    LogFile anew(path, -1);
    EXPECT_EQ(readFile(path), "");
    EXPECT_EQ(readFile(path + ".previous"), log);
    expectContains(failureOf([&] { LogFile(path, -1); }).message, "another training writes this log");
    EXPECT_TRUE(anew.write("{\"step\":1}\n", 11));
  }
  EXPECT_EQ(readFile(path), "{\"step\":1}\n");
}

} // namespace sinter::test
