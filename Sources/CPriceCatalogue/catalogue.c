#include "CPriceCatalogue.h"

static const unsigned char prices[] = {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#embed "prices.jsonl"
#pragma clang diagnostic pop
};

const void *price_catalogue(size_t *count) {
    *count = sizeof prices;
    return prices;
}
