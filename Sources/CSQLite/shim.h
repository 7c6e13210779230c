#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

// Swift calls no C variadics. Declared here, as GRDB's module has the rest of sqlite3.h.
int sqlite3_config(int, ...);

// SQLITE_CONFIG_MEMSTATUS: SQLite counts its memory under a lock that every allocation takes; nothing here reads the count.
// Refused, which does no harm, once SQLite is in use.
static inline int csqlite_without_memory_statistics(void) { return sqlite3_config(9, 0); }

#endif
