import Economics
import Reports
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// A run with many items is shown without reading most of them.
@Suite struct FoldedTraceTests {
    private static func end(of path: String, _ status: NodeStatus) -> RunEvent {
        switch status {
        case .succeeded: .nodeSucceeded(path, OutputReference(hash: ContentHash(of: path)))
        case .failed: .nodeFailed(path, StepFailure(.command, "\(path) failed"))
        case .skipped: .stepSkipped(path, .conditionFalse)
        case .cancelled: .nodeCancelled(path)
        case .waiting: .approvalRequested(path, ApprovalRequest(message: ContentHash(of: path), until: nil, onTimeout: .fail))
        case .pending, .running: .nodeStarted(path)
        }
    }

    /// Random items, steps inside them, passes, and calls of all of these.
    private static func fill(_ ledger: Ledger, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let start = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
        try await ledger.begin(.sample("r"))
        var number = 0
        func record(_ path: String, _ status: NodeStatus?) async throws {
            let begun = start.adding(.milliseconds(Int64.random(in: 0...50, using: &random)))
            let status = status ?? [.succeeded, .succeeded, .succeeded, .failed, .running, .skipped, .cancelled, .waiting].randomElement(using: &random)!
            let entry = JournalEntry(run: RunID("r"))
            if status != .skipped { entry.facts.append(JournaledEvent(.nodeStarted(path), at: begun)) }
            if status != .running {
                let at = begun.adding(.milliseconds(Int64.random(in: 0...40, using: &random)))
                entry.facts.append(JournaledEvent(Self.end(of: path, status), at: at))
            }
            _ = try await ledger.write(entry)
        }
        func call(_ path: String) async throws {
            number += 1
            let held = Int.random(in: 0..<5, using: &random) == 0 ? nil : dollars("0.5")
            let model = ["small-model", "large-model"].randomElement(using: &random)!
            _ = try await ledger.write(.start("r", number, held: held, path: path, model: model))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: break
            case 1: _ = try await ledger.write(.end("r", number, .unknown, held: held, cost: nil))
            case 2: _ = try await ledger.write(.end("r", number, .void, held: held.map { _ in .zero }, cost: .zero))
            default:
                let cost = held.map { _ in Money(picoDollars: Int64.random(in: 1...400_000_000_000, using: &random)) }
                _ = try await ledger.write(.end("r", number, .settled, held: cost, cost: cost))
            }
        }
        try await record("plan", .succeeded)
        try await call("plan")
        for (step, count) in [("many", 60), ("few", Int.random(in: 1...20, using: &random)), ("group/inner", 25)] {
            if step.hasPrefix("group") { try await record("group", .running) }
            try await record(step, .running)
            for index in 0..<count {
                let item = "\(step)[\(index)]"
                try await record(item, nil)
                guard step == "many" else {
                    if Bool.random(using: &random) { try await call(item) }
                    continue
                }
                try await record(item + "/a", nil)
                try await call(item + "/a")
                // As an item of a step that is a loop.
                try await record(item + "[0]/turn", nil)
                try await call(item + "[0]/turn")
                if index % 3 == 0 {
                    try await record(item + "/b", nil)
                    for inner in 0..<3 { try await record("\(item)/b[\(inner)]", nil); try await call("\(item)/b[\(inner)]") }
                }
            }
        }
        try await record("again", .running)
        for pass in 0..<2 {
            try await record("again[\(pass)]/list", .running)
            for index in 0..<23 { try await record("again[\(pass)]/list[\(index)]", nil) }
            try await call("again[\(pass)]/list[2]")
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func isShownAsAWholeOneIs(seed: UInt64) async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await Self.fill(ledger, seed: seed)
        let whole = try #require(try ledger.trace(run: "r"))
        let folded = try #require(try ledger.trace(run: "r", maxItems: 20))
        #expect(folded.folded.map(\.path) == ["group/inner", "many"])
        #expect(folded.nodes.count < whole.nodes.count - 60)
        #expect(folded.calls.count + folded.folded.flatMap(\.calls).reduce(0) { $0 + $1.count } == whole.calls.count)
        let options = TraceReport.Options(now: Timestamp(rfc3339: "2026-11-21T10:01:00Z")!)
        for width in [nil, 80] {
            let style = TextStyle(usesColor: false, width: width, isUnicode: true)
            #expect(TraceReport.text(folded, style: style, options: options) == TraceReport.text(whole, style: style, options: options))
        }
    }

    @Test func manyStepsWithManyItems() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("r"))
        let entry = JournalEntry(run: RunID("r"))
        let start = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
        for step in 0..<120 {
            for item in 0..<22 {
                let path = "s\(step)[\(item)]"
                for (status, at) in [(NodeStatus.running, 0), (item % 7 == 3 ? .failed : .succeeded, Int64(item * step % 17))] {
                    let fact = status == .running ? .nodeStarted(path) : Self.end(of: path, status)
                    entry.facts.append(JournaledEvent(fact, at: start.adding(.milliseconds(at))))
                }
            }
        }
        _ = try await ledger.write(entry)
        let whole = try #require(try ledger.trace(run: "r"))
        let folded = try #require(try ledger.trace(run: "r", maxItems: 20))
        #expect(folded.folded.count == 120 && folded.nodes.count == 120 * 8)
        let options = TraceReport.Options(now: start.adding(.seconds(60)))
        #expect(TraceReport.text(folded, style: .plain, options: options) == TraceReport.text(whole, style: .plain, options: options))
    }

    @Test func isWholeWhereNothingIsLeftOut() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        try await Self.fill(ledger, seed: 3)
        let folded = try #require(try ledger.trace(run: "r", maxItems: 60))
        #expect(folded.folded.isEmpty)
        #expect(try folded.nodes.count == ledger.trace(run: "r")?.nodes.count)
    }
}
