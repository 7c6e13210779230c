import Values
import WorkflowModel

extension RunListReport {
    /// The JSON document of ``json(_:)``, written as `JSONEncoding.pretty` does, run by run: a long list is never in memory.
    public struct Pieces {
        private var isEmpty = true

        public init() {}

        /// What a run adds behind the pieces so far.
        public mutating func piece(_ run: RunRecord) -> String {
            defer { isEmpty = false }
            // A line end in a string is escaped: those that are there are between its parts.
            let text = JSONEncoding.pretty.string(TraceReport.json(run)).lines.joined(separator: "\n    ")
            return (isEmpty ? "{\n  \"runs\": [\n    " : ",\n    ") + text
        }

        /// What ends the document.
        public var end: String { isEmpty ? JSONEncoding.pretty.string(RunListReport.json([])) : "\n  ]\n}" }
    }
}
