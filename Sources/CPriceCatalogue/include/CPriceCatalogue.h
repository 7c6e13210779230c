#ifndef C_PRICE_CATALOGUE_H
#define C_PRICE_CATALOGUE_H

#include <stddef.h>

/// The price list of this build, `prices.jsonl` beside the source: one entry a line, in the program as it stands.
///
/// An array literal of it in Swift takes the compiler minutes.
const void *price_catalogue(size_t *count);

#endif
