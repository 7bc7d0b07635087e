// The page at "/": the playground that runtime/web builds, or a word about why there is none.
#pragma once

#include "http.h"

namespace sinter::serve {

bool hasPlayground();
Response playgroundPage();

} // namespace sinter::serve
