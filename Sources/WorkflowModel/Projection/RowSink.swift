import Values

/// Takes the rows that follow from facts, value by value: a ledger binds them to its statements, whoever checks one keeps them.
public protocol RowSink: AnyObject {
    /// The values that follow are of ``RowChange/columns``, in their order.
    func begin(_ change: RowChange) throws
    func put(_ value: Int64?)
    func put(_ text: String?)
    func put(_ hash: ContentHash?)
    /// All values of the row are put.
    func end() throws
}

extension RowSink {
    func put(_ value: Int?) { put(value.map(Int64.init)) }
    func put(_ value: Bool) { put(Int64(value ? 1 : 0)) }
}
