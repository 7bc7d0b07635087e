// Its one symbol is what sinterc asks the linker for.
#include "pairs/part.h"

#include "pairs/pairs.h"
#include "pairs/score.h"

extern "C" const sinter::PairsPart sinter_pairs = {
    .load = sinter::loadPairs, .score = sinter::score, .translate = sinter::translate};
