#ifndef C_CACHE_TABLE_H
#define C_CACHE_TABLE_H

#include <stddef.h>

/// How prompt caches work, `cache-rules.jsonl` beside the source: one JSON object a line, in the program as it stands.
const void *cache_table(size_t *count);

#endif
