#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

// Swift calls no C variadics. Declared here, as GRDB's module has the rest of sqlite3.h.
int sqlite3_config(int, ...);

// SQLITE_CONFIG_MEMSTATUS: SQLite counts its memory under a lock that every allocation takes; nothing here reads the count.
// Refused, which does no harm, once SQLite is in use.
static inline int csqlite_without_memory_statistics(void) { return sqlite3_config(9, 0); }

// Where SQLite keeps temporary files. Its own variable and not SQLITE_TMPDIR: another thread may read the environment while it
// is changed. What it was before is left, as a connection may use it.
extern char *sqlite3_temp_directory;
char *sqlite3_mprintf(const char *, ...);
static inline void csqlite_keep_temporary_files_in(const char *folder) { sqlite3_temp_directory = sqlite3_mprintf("%s", folder); }

#endif
