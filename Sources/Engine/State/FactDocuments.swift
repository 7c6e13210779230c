import Values
import WorkflowModel

/// What the documents say that a fact names by their hashes. Where the fact has just happened they are at hand, and nobody reads what
/// was just written; where it is folded, they come from the journal.
enum FactDocuments {
    case none
    /// The output, the list of items, or the text of the answer that the fact names.
    case value(JSONValue)
    /// The scope that was made to be opened.
    case scope(ExecutionScope)
    /// A document of the record; `nil`: it is not there, or is no JSON.
    case journal((ContentHash) -> JSONValue?)

    func value(of hash: ContentHash) throws(IllegalFact) -> JSONValue {
        switch self {
        case .value(let value): return value
        case .journal(let read):
            guard let value = read(hash) else { throw IllegalFact("the document \(hash) is not in the ledger") }
            return value
        case .none, .scope: throw IllegalFact("the document \(hash) is not at hand")
        }
    }
}
