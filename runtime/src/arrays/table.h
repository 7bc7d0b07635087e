// Tables of numbers as text (CSV): a line an example, columns with or without names.
#pragma once

#include "arrays/array.h"

namespace sinter {

struct Table {
  std::vector<std::string> names; ///< of the columns; empty if the first line has numbers
  Array all;                      ///< [lines, columns]
};

/// Cells are parted by commas, semicolons or tabs, whatever the first line has; a first line that is not all numbers
/// names the columns. Cells that are no finite number are a Failure (input) that names line and column. Columns are
/// kept in 1, 2 or 4 bytes a number, which must not be far more than the file has.
Table readTable(const std::string &path);

/// The columns that `choice` names: names or numbers from 1, "3-5" for several, parted by commas; behind a leading "-"
/// those that are left out. Failure (usage) for those that are not there.
Array chooseColumns(const Table &table, const std::string &choice);

} // namespace sinter
