#include "commands/report/report_page.h"

#include "base/error.h"
#include "base/page.h"

SINTER_PAGE(sinter_report_page, SINTER_REPORT_PAGE)

namespace sinter {

std::string reportPage(const std::string &json) {
  if (sinter_report_page_bytes == 0)
    fail(Exit::Input, "report: sinter was built without the page, since npm was not there; --csv and --tensorboard "
                      "write the numbers");
  return fillPage(sinter_report_page, sinter_report_page_bytes, json);
}

} // namespace sinter
