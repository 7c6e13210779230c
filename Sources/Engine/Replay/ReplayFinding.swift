import Values
import WorkflowModel

/// Where the machines leave the record, before it is looked up what the documents have there.
final class ReplayFinding: @unchecked Sendable {
    let what: ReplayDifference.What
    /// The place of the recorded fact.
    let index: Int?
    let path: String
    let message: String?
    let expected: String?
    let found: String?
    /// What was made, with the documents of its entry.
    let made: JournaledEvent?
    let blobs: [Blob]
    /// The part of the payload that is another one.
    let key: String?

    init(_ what: ReplayDifference.What, at index: Int?, _ message: String, path: String = "", expected: String? = nil, found: String? = nil) {
        self.what = what
        self.index = index
        self.path = path
        self.message = message
        self.expected = expected
        self.found = found
        (made, blobs, key) = (nil, [], nil)
    }

    init(at index: Int?, _ made: JournaledEvent, _ entry: JournalEntry, key: String? = nil, path: String) {
        what = .decision
        self.index = index
        self.path = path
        self.made = made
        self.key = key
        blobs = entry.blobs
        (message, expected, found) = (nil, nil, nil)
    }
}

extension ReplayConductor {
    /// Nothing makes a fact of the record.
    func stuck(at index: Int) -> ReplayFinding {
        let fact = record.facts[index]
        let path = fact.payload["step"]?.stringValue ?? ""
        let asked = waiters.at(record.path(index)).lazy.compactMap(\.intent).first { self.number(at: $0.site) == nil } ?? waiters.everyone.lazy.compactMap(\.intent).first { self.number(at: $0.site) == nil }
        if let asked {
            return ReplayFinding(
                .call, at: index, "\(asked.model) is asked at \(asked.site), which is a call that the record does not hold", path: asked.path, expected: "\(fact.kind) \(fact.payload.jsonText)",
                found: "a call to \(asked.model)")
        }
        if let site = postponed.first(where: { $0.path == path }) {
            return ReplayFinding(.call, at: index, "a call is made at \(site) that the record does not hold", path: path, expected: "\(fact.kind) \(fact.payload.jsonText)", found: "a call at \(site)")
        }
        let what: ReplayDifference.What = fact.kind.utf8.starts(with: "call_".utf8) ? .call : .decision
        return ReplayFinding(what, at: index, "the record has \(fact.kind) here, and nothing makes it", path: path, expected: fact.payload.jsonText)
    }

    /// The run has ended in the record, and not here.
    func surplus() -> ReplayFinding {
        if let asked = waiters.everyone.lazy.compactMap(\.intent).first {
            return ReplayFinding(.call, at: nil, "\(asked.model) is asked at \(asked.site), which is a call that the record does not hold", path: asked.path, found: "a call to \(asked.model)")
        }
        return ReplayFinding(.decision, at: nil, "the run has ended in the record, and goes on here")
    }
}
