#include "CCacheTable.h"

static const unsigned char rules[] = {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
#embed "cache-rules.jsonl"
#pragma clang diagnostic pop
};

const void *cache_table(size_t *count) {
    *count = sizeof rules;
    return rules;
}
