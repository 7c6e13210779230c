import Reports
import Values
import WorkflowModel

/// What is said where filters leave nothing: which of them is to blame, and what there is instead.
///
/// It looks at the newest thousand runs, so that a ledger of millions answers at once.
struct NothingMatches {
    /// A filter as it was given.
    enum Filter {
        case workflow(String)
        case status(String)
        case batch(String)
        case tag(key: String, value: String)
        case since(String, Timestamp)
        case until(String, Timestamp)
        /// Ended before.
        case olderThan(String, Timestamp)
        case resumable
        /// By its whole id.
        case parent(String)

        /// As it stands on the command line.
        var flag: String {
            switch self {
            case .workflow(let name): "--workflow \(ShellWord.of(name))"
            case .status(let status): "--status \(status)"
            case .batch(let name): "--batch \(ShellWord.of(name))"
            case .tag(let key, let value): "--tag \(ShellWord.of("\(key)=\(value)"))"
            case .since(let text, _): "--since \(ShellWord.of(text))"
            case .until(let text, _): "--until \(ShellWord.of(text))"
            case .olderThan(let text, _): "--older-than \(ShellWord.of(text))"
            case .resumable: "--resumable"
            case .parent(let run): "--parent \(run)"
            }
        }

        func matches(_ run: RunRecord) -> Bool {
            switch self {
            case .workflow(let name): run.workflow == name
            case .status(let status): run.status.rawValue == status
            case .batch(let name): run.batch == name
            // A step may have it that its run has not.
            case .tag(let key, let value): run.tags[key].map { Self.text($0) == value } ?? false
            case .since(_, let moment): run.startedAt >= moment
            case .until(_, let moment): run.startedAt < moment
            case .olderThan(_, let moment): run.endedAt.map { $0 < moment } ?? false
            case .resumable: run.isResumable
            case .parent(let id): run.parent == id
            }
        }

        static func text(_ value: JSONValue) -> String { value.stringValue ?? value.jsonText }
    }

    private static let looked = 1_000
    private static let mostNames = 12

    let archive: any RunArchive & SpendingArchive

    /// Lines, each ended; of an empty ledger how to fill it.
    ///
    /// - Parameter what: is not there without filters: `call`.
    func text(_ filters: [Filter], what: String = "run") async throws -> String {
        let runs = try await archive.runs(filter: RunFilter(limit: Self.looked))
        guard !runs.isEmpty else { return "no run is recorded yet; start one: agentctl run FILE\n" }
        // What was imported counts in nothing that is asked for with `what`.
        if what != "run", runs.allSatisfy(\.isImported) { return "no \(what) is recorded: all runs here were imported, and count in nothing\n" }
        guard !filters.isEmpty else { return "no \(what) is recorded: \(Self.counted(runs))\n" }
        var lines = ["nothing matches " + filters.map(\.flag).joined(separator: " ")]
        var blamed = 0
        for filter in filters where !runs.contains(where: filter.matches) {
            guard let reason = try await reason(filter, runs) else { continue }
            blamed += 1
            lines.append("  " + reason)
        }
        if blamed == 0 {
            lines.append("  " + (filters.count > 1 ? "each of them alone has runs, together they have none; " : "") + "there are: \(Self.counted(runs))")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// That there is no tag of that name, and which there are.
    func tag(_ key: String) async throws -> String {
        Self.known("tag", key, try await archive.runs(filter: RunFilter(limit: Self.looked)).flatMap { $0.tags.keys })
    }

    /// Why a filter that no run matches has none; `nil` where it is not to blame.
    private func reason(_ filter: Filter, _ runs: [RunRecord]) async throws -> String? {
        switch filter {
        case .workflow(let name): return Self.known("workflow", name, runs.map(\.workflow))
        case .status(let status): return "no run is \(status); there are: \(Self.counted(runs))"
        case .batch(let name): return Self.known("batch", name, runs.compactMap(\.batch))
        case .tag(let key, let value):
            let values = try await archive.audit(by: [.tag(key)], filter: AuditFilter()).compactMap(\.keys.first).filter { !$0.isEmpty }
            if values.isEmpty { return Self.known("tag", key, runs.flatMap { $0.tags.keys }) }
            return values.contains(value) ? nil : Self.known("\(key)", value, values)
        case .since: return "the last run began \(runs[0].startedAt.shortText) UTC"
        case .until: return runs.count < Self.looked ? "the first run began \(runs.last!.startedAt.shortText) UTC" : nil
        case .olderThan:
            guard runs.count < Self.looked, let first = runs.compactMap(\.endedAt).min() else { return nil }
            return "the first run ended \(first.shortText) UTC"
        case .parent(let run): return "no run was made from \(run)"
        case .resumable: return "no run can be gone on with; there are: \(Self.counted(runs))"
        }
    }

    /// `there is no workflow 'mial': did you mean 'mail'? there are: …`.
    static func known(_ what: String, _ name: String, _ names: [String]) -> String {
        var seen: Set<[UInt8]> = []
        let unique = names.filter { seen.insert(Array($0.utf8)).inserted }
        guard !unique.isEmpty else { return "there is no \(what) '\(name)': no run has any" }
        let hint = Suggestion.closest(to: name, in: unique).map { ": did you mean '\($0)'?" } ?? ";"
        let more = unique.count > mostNames ? " and \(unique.count - mostNames) more" : ""
        return "there is no \(what) '\(name)'\(hint) there \(unique.count == 1 ? "is" : "are"): \(unique.prefix(mostNames).joined(separator: ", "))\(more)"
    }

    /// `3 succeeded, 1 failed`.
    private static func counted(_ runs: [RunRecord]) -> String {
        let counts = RunStatus.allCases.compactMap { status in
            let count = runs.count { $0.status == status }
            return count == 0 ? nil : "\(count) \(status.rawValue)"
        }
        return counts.joined(separator: ", ") + (runs.count == looked ? " of the last \(looked) runs" : "")
    }
}
