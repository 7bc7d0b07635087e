// sinter.h - everything that a model description may use.
#pragma once

#include "sinter/language_model.h"
#include "sinter/loops.h"
#include "sinter/nn.h"
#include "sinter/ops.h"
#include "sinter/optim.h"
#include "sinter/program.h"
#include "sinter/random.h"
#include "sinter/windows.h"
