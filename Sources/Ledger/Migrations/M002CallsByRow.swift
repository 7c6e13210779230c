/// Calls are found by their row while they are open, and by `model_call_key` within their run: a second index on their
/// number cost every call a page write and served nothing.
enum M002CallsByRow: Migration {
    static let version = 2

    static let sql = "DROP INDEX model_call_number;"
}
