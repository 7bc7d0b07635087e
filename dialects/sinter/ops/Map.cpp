#include "dialects/sinter/Sinter.h"
