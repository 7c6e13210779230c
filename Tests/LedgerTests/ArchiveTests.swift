import Dispatch
import Economics
import Reports
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// What an archive must tell, the same of every journal.
@Suite struct ArchiveTests {
    /// What two runs wrote, and how each archive tells it: SQLite's and the one in memory.
    private func archives() async throws -> [(name: String, archive: any RunArchive, keeps: TemporaryLedger?)] {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        let memory = InMemoryJournal()
        try await Self.write(ledger)
        try await Self.write(memory)
        return [("sqlite", ledger.archive, temporary), ("memory", InMemoryArchive(memory), nil)]
    }

    private static let question = Blob(Array("\"Send?\"".utf8))
    private static let noon = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!

    private static func write(_ journal: any RunJournal) async throws {
        try await journal.begin(.sample("run-a", cap: dollars("10"), tags: ["team": "blue"], decision: "ticket-1"))
        _ = try await journal.write(.node("run-a", "draft", .running, second: 1))
        _ = try await journal.write(.start("run-a", 1, held: dollars("2"), path: "draft"))
        _ = try await journal.write(.end("run-a", 1, .settled, held: dollars("0.5"), cost: dollars("0.5")))
        _ = try await journal.write(.start("run-a", 2, held: dollars("1"), path: "check"))
        _ = try await journal.write(.end("run-a", 2, .unknown, held: dollars("1"), cost: nil, failure: CallFailure(.connection, "gone")))
        _ = try await journal.write(.node("run-a", "draft", .succeeded, second: 4))
        _ = try await journal.write(.node("run-a", "send", .skipped, second: 5, reason: "when is false"))
        for number in 1...5 { _ = try await journal.write(.event("run-a", number % 2 == 0 ? "even" : "odd", "{\"n\":\(number)}")) }
        _ = try await journal.write(.finish("run-a", .succeeded, outcome: "resolved"))
        try await journal.begin(.sample("run-b", workflow: "letters", at: noon))
        let asks = JournalEntry("run-b", .approvalRequested("review", ApprovalRequest(number: 1, message: question.hash, until: nil, onTimeout: .fail)), at: noon)
        asks.blobs = [question]
        _ = try await journal.write(asks)
    }

    @Test func runsAreListedAndFound() async throws {
        for (name, archive, _) in try await archives() {
            #expect(try await archive.runs(filter: RunFilter()).map(\.id) == ["run-b", "run-a"], "\(name)")
            #expect(try await archive.runs(filter: RunFilter(workflow: "letters")).map(\.id) == ["run-b"], "\(name)")
            #expect(try await archive.runs(filter: RunFilter(status: .succeeded)).map(\.id) == ["run-a"], "\(name)")
            #expect(try await archive.runs(filter: RunFilter(since: Self.noon)).map(\.id) == ["run-b"], "\(name)")
            #expect(try await archive.runs(filter: RunFilter(before: "run-b")).map(\.id) == ["run-a"], "\(name)")
            #expect(try await archive.resolveRunID("last") == .found("run-b"), "\(name)")
            #expect(try await archive.resolveRunID("run-a") == .found("run-a"), "\(name)")
            #expect(try await archive.resolveRunID("-a") == .found("run-a"), "\(name)")
            #expect(try await archive.resolveRunID("run") == .ambiguous(["run-b", "run-a"]), "\(name)")
            #expect(try await archive.resolveRunID("nobody") == .none, "\(name)")
            #expect(try await archive.run("nobody") == nil, "\(name)")
            #expect(try await archive.hasBatch("none") == false, "\(name)")
        }
    }

    /// The latest prompts that were billed, and how many bytes a token of them had.
    @Test func whatPromptsWereBilledAsIsTold() async throws {
        let temporary = try TemporaryLedger()
        let (ledger, memory) = (try temporary.open(), InMemoryJournal())
        let model = ModelReference(provider: "local", model: "small-model")
        for journal in [ledger, memory] as [any RunJournal] {
            try await journal.begin(.sample("run-a", cap: dollars("1000")))
            func call(
                _ number: Int, bytes: Int, tokens: Int, _ state: CallState = .settled, purpose: CallPurpose = .try, model: String = "small-model", attached: Bool = false
            ) async throws {
                let text = Blob(Array(String(repeating: "x", count: bytes).utf8))
                let more = attached ? #","media_type":"image/png""# : ""
                let request = Blob(Array(#"{"model":"local/small-model","segments":[{"hash":"\#(text.hash.hex)"\#(more)}]}"#.utf8))
                let start = JournalEntry.start(
                    "run-a", number, held: dollars("1"), purpose: purpose, model: model, request: request, at: Self.noon.adding(.milliseconds(Int64(number))))
                start.blobs.append(text)
                _ = try await journal.write(start)
                _ = try await journal.write(
                    .end("run-a", number, state, held: dollars("0.1"), cost: dollars("0.1"), usage: TokenUsage(plainInput: tokens - 1, cacheRead: 1, plainOutput: 1)))
            }
            // What is cached is part of a prompt.
            for number in 1...45 { try await call(number, bytes: number * 10, tokens: number * 2) }
            try await call(46, bytes: 1000, tokens: 1, .estimated)
            try await call(47, bytes: 1000, tokens: 1, .void, purpose: .count)
            try await call(48, bytes: 1000, tokens: 1, model: "other")
            try await call(49, bytes: 1000, tokens: 1, attached: true)
        }
        for (name, archive) in [("sqlite", ledger.archive), ("memory", InMemoryArchive(memory))] as [(String, any RunArchive)] {
            let billed = try await archive.billedPrompts(of: model)
            #expect(billed.map(\.tokens) == [1] + (7...45).reversed().map { $0 * 2 }, "\(name)")
            let ratio = try #require(try await archive.tokenRatio(of: model), "\(name)")
            // Without the one with a picture.
            #expect(ratio.calls == 39 && ratio.thousandths == 5000 && ratio.low == 5000 && ratio.high == 5000, "\(name)")
            #expect(try await archive.tokenRatio(of: ModelReference(provider: "local", model: "other")) == nil, "\(name)")
        }
    }

    @Test func aRunIsToldTheSame() async throws {
        var traces: [String] = []
        for (name, archive, _) in try await archives() {
            let trace = try #require(try await archive.trace(run: "run-a", maxItems: nil))
            #expect(trace.run.status == .succeeded && trace.run.outcome == "resolved" && trace.run.decisionID == "ticket-1", "\(name)")
            #expect(trace.run.spending.known == MoneySum(dollars("0.5")) && trace.run.spending.heldOpen == MoneySum(dollars("1")), "\(name)")
            #expect(trace.calls.map(\.state) == [.settled, .unknown] && trace.calls[1].failure?["kind"] == "connection", "\(name)")
            traces.append(JSONEncoding.pretty.string(TraceReport.json(trace)))
            #expect(try await archive.trace(run: "nobody", maxItems: nil) == nil, "\(name)")
        }
        #expect(traces.count == 2)
        #expect(traces[0].split(separator: "\n") == traces[1].split(separator: "\n"))
    }

    @Test func eventsComePageByPage() async throws {
        for (name, archive, _) in try await archives() {
            let all = try await archive.events(run: "run-a", filter: EventFilter())
            #expect(all.map(\.sequence) == Array(1...all.count), "\(name)")
            for page in [1, 2, 3, 100] {
                var seen: [Int] = []
                try await archive.forEachEvent(of: "run-a", page: page) { seen.append($0.sequence) }
                #expect(seen == all.map(\.sequence), "\(name), pages of \(page)")
                var odd: [JSONValue?] = []
                try await archive.forEachEvent(of: "run-a", EventFilter(kinds: ["odd"]), page: page) { odd.append($0.payload["n"]) }
                #expect(odd == [1, 3, 5], "\(name), pages of \(page)")
                var some: [JSONValue?] = []
                try await archive.forEachEvent(of: "run-a", EventFilter(kinds: ["odd", "even"], limit: 3), page: page) { some.append($0.payload["n"]) }
                #expect(some == [1, 2, 3], "\(name), pages of \(page)")
            }
            #expect(try await archive.events(run: "nobody", filter: EventFilter()).isEmpty, "\(name)")
        }
    }

    @Test func questionsHaveTheirTexts() async throws {
        for (name, archive, _) in try await archives() {
            let open = try await archive.approvals(run: nil, isOpen: true)
            #expect(open.map(\.path) == ["review"] && open.first?.request.text == "Send?", "\(name)")
            #expect(try await archive.approvals(run: "run-a", isOpen: false).isEmpty, "\(name)")
            #expect(try await archive.json(Self.question.hash) == "Send?", "\(name)")
            #expect(try await archive.document(ContentHash(of: "nothing")) == nil, "\(name)")
        }
    }

    /// A list that is longer than a page, of which some runs began in one microsecond.
    @Test(arguments: [1, 2, 3, 7, 50]) func runsComePageByPage(page: Int) async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        let memory = InMemoryJournal()
        for number in 0..<20 {
            let start = { SampleStart.sample("r\(number)", workflow: number % 3 == 0 ? "third" : "other", at: Self.noon.adding(.seconds(Int64(number / 4)))) }
            try await ledger.begin(start())
            try await memory.begin(start())
        }
        for (name, archive) in [("sqlite", ledger.archive as any RunArchive), ("memory", InMemoryArchive(memory))] {
            var seen: [String] = []
            try await archive.forEachRun(page: page) { seen.append($0.id) }
            #expect(seen == (0..<20).reversed().map { "r\($0)" }, "\(name)")
            seen = []
            try await archive.forEachRun(RunFilter(workflow: "third", limit: 5), page: page) { seen.append($0.id) }
            #expect(seen == ["r18", "r15", "r12", "r9", "r6"], "\(name)")
        }
    }

    /// The document that `runs --json` prints is the one that is made whole.
    @Test func aListPieceByPieceIsTheWholeDocument() async throws {
        for count in 0...3 {
            let runs = (0..<count).map { number in
                var run = RunRecord(id: "r\(number)", workflow: "w\n\(number)", file: "f", status: .running, startedAt: Self.noon)
                run.tags = ["a": "line\nline"]
                return run
            }
            var pieces = RunListReport.Pieces()
            var text = ""
            for run in runs { text += pieces.piece(run) }
            #expect(text + pieces.end == JSONEncoding.pretty.string(RunListReport.json(runs)))
        }
    }
}

/// Reading does not hold up the thread of whoever asks.
@Suite struct EventLoopReadingTests {
    /// One thread, as an event loop has.
    private final class OneThread: TaskExecutor {
        private let queue = DispatchQueue(label: "one thread")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    /// While the reader is busy, what asks it waits and leaves its thread to others.
    @Test func whatWaitsForTheReaderLeavesItsThread() async throws {
        let temporary = try TemporaryLedger()
        let earlier = try temporary.open()
        try await earlier.begin(.sample("r"))
        let entry = JournalEntry.finish("r", .interrupted)
        let document = Blob(Array("\"kept\"".utf8))
        entry.blobs = [document]
        _ = try await earlier.write(entry)
        earlier.close()
        let ledger = try temporary.open()
        try await ledger.begin(.sample("own"))

        let (isReading, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        DispatchQueue(label: "a long question").async {
            _ = try? ledger.read { _ in
                isReading.signal()
                mayGoOn.wait()
            }
        }
        let loop = OneThread()
        await withCheckedContinuation { waiter in
            DispatchQueue(label: "waits").async {
                isReading.wait()
                waiter.resume()
            }
        }
        let documents = Task(executorPreference: loop) { try await ledger.documents([document.hash]) }
        let requests = Task(executorPreference: loop) { try await ledger.requests() }
        let run = Task(executorPreference: loop) { try await ledger.takeOver(RunID("r")) }
        let archived = Task(executorPreference: loop) { try await ledger.archive.run("own") }
        // So that it ends where they do hold the thread.
        let isPatient = Mutex(true)
        DispatchQueue(label: "patience").asyncAfter(deadline: .now() + 30) {
            isPatient.withLock { $0 = false }
            mayGoOn.signal()
        }
        await Task(executorPreference: loop) {}.value
        #expect(isPatient.withLock { $0 }, "another task of the thread waited for the reader")
        mayGoOn.signal()
        #expect(try await documents.value == [document.hash: document.bytes])
        #expect(try await requests.value == [])
        #expect(try await run.value.id == RunID("r"))
        #expect(try await archived.value?.status == .running)
        ledger.close()
    }
}
