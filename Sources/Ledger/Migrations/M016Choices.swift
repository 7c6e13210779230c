/// What was chosen of a question, where that is more than yes or no: of a gate's answers that of a tier, or one that a person gave; and why it
/// was asked.
enum M016Choices: Migration {
    static let version = 16

    static let sql = """
        ALTER TABLE approval ADD COLUMN picked_tier TEXT;
        ALTER TABLE approval ADD COLUMN value_hash BLOB;
        -- A stable word, and the same in a sentence.
        ALTER TABLE approval ADD COLUMN cause TEXT;
        ALTER TABLE approval ADD COLUMN reason TEXT;
        """
}
