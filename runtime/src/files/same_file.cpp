#include "files/same_file.h"

#include "base/error.h"
#include "base/format.h"

#include <filesystem>
#include <sys/stat.h>

namespace sinter {

// Where a file is, or would be when it is made: links that lead nowhere are followed, too.
static std::filesystem::path placeOf(std::filesystem::path path) {
  std::error_code error;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(path, error) && !std::filesystem::exists(path, error);
       ++links)
    path = path.parent_path() / std::filesystem::read_symlink(path, error); // an absolute target replaces all
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  const std::filesystem::path place = std::filesystem::weakly_canonical(whole, error);
  return error ? whole.lexically_normal() : place;
}

bool sameFile(const std::string &a, const std::string &b) {
  struct stat first, second;
  const bool firstExists = ::stat(a.c_str(), &first) == 0, secondExists = ::stat(b.c_str(), &second) == 0;
  if (firstExists && secondExists)
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
  return firstExists == secondExists && placeOf(a) == placeOf(b);
}

void keepApart(const NamedFile &output, const std::vector<NamedFile> &inputs) {
  if (output.path.empty())
    return;
  for (const NamedFile &input : inputs)
    if (!input.path.empty() && sameFile(output.path, input.path))
      fail(Exit::Usage, formatted("{} {}: is the file of {} as well, which it would destroy; name another",
                                  output.option, output.path, input.option));
  if (sameFile(output.path, "/proc/self/exe"))
    fail(Exit::Usage,
         formatted("{} {}: is this program, which it would destroy; name another", output.option, output.path));
}

} // namespace sinter
