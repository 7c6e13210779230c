/// Runs that came in bundles. They have a row in `run`, their facts and their documents, and rows in no other table: nothing that sums up
/// what was spent finds any of them.
enum M023Imports: Migration {
    static let version = 23

    static let sql = """
        CREATE TABLE imported(
            run INTEGER NOT NULL PRIMARY KEY REFERENCES run(id),
            -- The file as it was named, and its hash.
            file TEXT NOT NULL,
            bundle BLOB NOT NULL,
            at INTEGER NOT NULL,
            -- Documents that its facts name and that the bundle left out: a JSON list of hashes.
            left_out TEXT
        ) STRICT;
        """
}
