/// The ledger is sound, can be written, and has a schema that this program knows.
enum LedgerCheck {
    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        let path = facts.ledger.path
        switch facts.ledger.state {
        case .absent(true): return [HealthFinding("ledger", .ok, "\(path) is not there yet: the first run makes it")]
        case .absent(false):
            return [HealthFinding("ledger", .problem, "\(path) is not there and cannot be made: its folder cannot be written to", hint: "choose another with --ledger or ledger: in the project file")]
        case .unusable(let message): return [HealthFinding("ledger", .problem, message, hint: "choose another with --ledger or ledger: in the project file")]
        case .open(_, _, _, let faults) where !faults.isEmpty:
            return [HealthFinding("ledger", .problem, "\(path) is damaged: \(faults.joined(separator: "; "))", hint: "keep a copy; `sqlite3 FILE .recover` saves what can be read")]
        case .open(let schema, let current, let isWritable, _):
            guard isWritable else {
                return [HealthFinding("ledger", .warning, "\(path) can be read, but not be written", hint: "runs need a ledger that they can write: check its owner and mode")]
            }
            let size = facts.ledger.bytes.map { ", \(ByteCount.text($0))" } ?? ""
            if schema == 0 { return [HealthFinding("ledger", .ok, "\(path) is empty: the first run fills it")] }
            if schema < current {
                return [HealthFinding("ledger", .warning, "\(path) has schema \(schema) of \(current)\(size)", hint: "the next run brings it up to date; older programs can then not write it")]
            }
            return [HealthFinding("ledger", .ok, "\(path), schema \(schema), sound\(size)")]
        }
    }
}
