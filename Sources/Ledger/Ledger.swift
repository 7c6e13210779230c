import Dispatch
import Foundation
import GRDB
import Values
import WorkflowModel

/// The journal of all runs, an SQLite file: what happened, what it cost, and every document that was sent and received.
///
/// ```swift
/// let ledger = try Ledger.open(path: "/home/me/.local/state/agentctl/ledger.db")
/// try await ledger.begin(start)
/// switch try await ledger.write(entry) { … }   // durable when it answers
/// ledger.post(outcome)                          // durable before anything that is written later
/// ledger.close()
/// ```
///
/// One thread writes. It takes everything that is queued, writes it in one transaction and answers after the commit, so
/// that many runs share one sync of the disk. Any number of processes may use one file: each owns the runs it began, and
/// every entry asserts that in its transaction.
///
/// Memory is bounded by the callers: a run that waits for each `write` has only the posts since then in the queue, and
/// a slow disk slows it down. `post` itself never blocks, as it is called on event loops; see ``backlog``.
public final class Ledger: RunLedger, Sendable {
    /// As it was opened.
    public let path: String
    private let file: LedgerFile
    private let writer: Writer?
    let own: OwnProcess
    // Opened when the first question comes: a run that asks none should not pay for it.
    private let reader = Mutex<DatabaseQueue?>(nil)
    /// Reads for those who must not wait on their own thread.
    private let readers = DispatchQueue(label: "ledger reader")

    private struct Writer {
        let queue: WriteQueue
        let isDone: DispatchSemaphore
    }

    /// Carries an error from the writer's thread; a class, as a mutex cannot be captured.
    private final class StartFailure: Sendable {
        let error = Mutex<JournalError?>(nil)
    }

    private init(file: LedgerFile, writer: Writer?, reader: DatabaseQueue?, own: OwnProcess) {
        path = file.path
        self.file = file
        self.writer = writer
        self.own = own
        self.reader.withLock { $0 = reader }
    }

    deinit { close() }

    // MARK: Opening and closing

    /// Opens a ledger to write and read; creates its folder, the file (for its owner only) and the schema where they
    /// are missing, and brings an older schema up to date.
    ///
    /// - Throws: `JournalError`: `cannotOpen` for a folder, a network file system or another program's database,
    ///   `readOnly`, `tooNew`, `corrupt`, `busy`, `diskFull`.
    public static func open(path: String, options: LedgerOptions = LedgerOptions()) throws(JournalError) -> Ledger {
        let file = LedgerFile(path: path, options: options)
        let database = try file.openForWriting()
        let queue = WriteQueue(options: options)
        let isDone = DispatchSemaphore(value: 0)
        let isReady = DispatchSemaphore(value: 0)
        let failure = StartFailure()
        let own = OwnProcess(options: options)
        let thread = Thread {
            // The connection is this thread's for as long as it lives.
            database.writeWithoutTransaction { connection in
                do throws(SQLiteFailure) {
                    let committer = try GroupCommitter(database: connection, queue: queue, options: options, path: path, own: own)
                    isReady.signal()
                    committer.run()
                } catch {
                    failure.error.withLock { $0 = JournalError(sqlite: error.code, error.message, path: path) }
                    isReady.signal()
                }
                // So that what is copied or backed up afterwards is one whole file.
                _ = try? connection.checkpoint(.truncate)
            }
            try? database.close()
            isDone.signal()
        }
        thread.name = "ledger"
        thread.start()
        isReady.wait()
        if let error = failure.error.withLock({ $0 }) { throw error }
        return Ledger(file: file, writer: Writer(queue: queue, isDone: isDone), reader: nil, own: own)
    }

    /// Opens a ledger to read only, as `runs`, `show` and `audit` do; also while other processes write.
    ///
    /// - Throws: `JournalError`; `cannotOpen` says so when there is no ledger yet.
    public static func openReadOnly(path: String, options: LedgerOptions = LedgerOptions()) throws(JournalError) -> Ledger {
        let file = LedgerFile(path: path, options: options)
        return Ledger(file: file, writer: nil, reader: try file.openForReading(), own: OwnProcess(options: options))
    }

    /// Writes what is queued, merges the write-ahead log into the file, and ends the writer. Once is enough; blocks
    /// until it is done. Later writes fail.
    public func close() {
        if let writer {
            writer.queue.close()
            writer.isDone.wait()
            // For a second call.
            writer.isDone.signal()
        }
        reader.withLock { queue in
            try? queue?.close()
            queue = nil
        }
    }

    var vantage: Vantage { own.vantage }

    /// What is handed over and not yet on disk.
    public var backlog: (entries: Int, bytes: Int) { writer?.queue.backlog ?? (0, 0) }

    // MARK: RunJournal

    public func begin(_ run: RunStart, with facts: JournalEntry) async throws(JournalError) {
        _ = try await submit(WriteRequest(.begin(run, facts: .init(facts))))
    }

    public func write(_ entry: JournalEntry, after facts: JournalEntry?) async throws(JournalError) -> JournalReply {
        let request = WriteRequest(.entry(.init(entry, after: facts)))
        guard case .journal(let reply) = try await submit(request) else { preconditionFailure("an entry's reply") }
        return reply
    }

    public func post(_ entry: JournalEntry) {
        // On a closed or read-only ledger nothing is lost silently: the run's next `write` fails.
        _ = writer?.queue.put(WriteRequest(.entry(.init(entry))))
    }

    public var isBehind: Bool { backlog.bytes >= file.options.backlogBytes }

    // MARK: AnswerMemory

    public func recall(_ question: ContentHash, since: Timestamp) async throws(JournalError) -> RememberedAnswer? {
        guard case .answer(let answer) = try await submit(WriteRequest(.recall(question, since: since))) else { preconditionFailure("a question's reply") }
        return answer
    }

    // MARK: Other writes

    /// Records what became of a run, or of a decision: then of every run that belongs to it. The last word counts.
    ///
    /// - Parameters:
    ///   - subject: a run's whole id or a decision's id; see ``resolveRunID(_:)`` for shorter forms.
    ///   - source: who says so.
    /// - Returns: the ids of the runs; empty when there is none of that name.
    public func recordOutcome(
        _ value: String, of subject: String, source: String = "command", at: Timestamp = .now()
    ) async throws(JournalError) -> [String] {
        guard case .runs(let runs) = try await submit(WriteRequest(.outcome(subject: subject, value: value, source: source, at: at))) else {
            preconditionFailure("an outcome's reply")
        }
        return runs
    }

    /// Keeps the price rows that calls are priced by, so that any cost can be derived again; known ones are passed over.
    public func record(priceRows: [(id: String, json: String)], at: Timestamp = .now()) async throws(JournalError) {
        if priceRows.isEmpty { return }
        _ = try await submit(WriteRequest(.priceRows(priceRows, at: at)))
    }

    /// Keeps that this process has a machine on.
    public func machineBegan(_ use: MachineUse) async throws(JournalError) { _ = try await submit(WriteRequest(.machineBegan(use))) }

    /// Nobody waits for it: before ``close()`` it is written. Of a process that ends without it, it is the last moment in which it was heard of.
    public func machineEnded(_ use: MachineUse, at: Timestamp) { _ = writer?.queue.put(WriteRequest(.machineEnded(use, at: at))) }

    func submit(_ request: WriteRequest) async throws(JournalError) -> WriteRequest.Reply {
        await withUnsafeContinuation { waiter in
            request.waiter = waiter
            enqueue(request)
        }
        return try request.reply!.get()
    }

    @inline(never)
    private func enqueue(_ request: WriteRequest) {
        let error: JournalError
        if let writer {
            if writer.queue.put(request) { return }
            error = JournalError(.other, "the ledger \(path) is closed")
        } else {
            error = JournalError(.readOnly, "the ledger \(path) was opened to read only")
        }
        request.reply = .failure(error)
        request.waiter!.resume()
    }

    // MARK: Reading

    /// What was recorded, for those who look on.
    public var archive: any RunArchive & SpendingArchive & RecordProof { LedgerArchive(ledger: self) }

    /// Asks something that blocks, on the reader's thread: whoever asks may be on an event loop.
    func reading<Answer: Sendable>(_ question: @escaping @Sendable (Ledger) throws(JournalError) -> Answer) async throws(JournalError) -> Answer {
        let answer: Result<Answer, JournalError> = await withUnsafeContinuation { waiter in
            readers.async { waiter.resume(returning: Result { () throws(JournalError) in try question(self) }) }
        }
        return try answer.get()
    }

    /// Runs a question on the reader's connection, in a transaction of its own: all it sees is of one moment. Blocks until it is answered.
    func read<Answer>(_ question: (Database) throws -> Answer) throws(JournalError) -> Answer {
        do {
            let queue = try reader.withLock { queue throws(JournalError) in
                if let queue { return queue }
                let opened = try file.openForReading()
                queue = opened
                return opened
            }
            return try queue.read(question)
        } catch {
            throw JournalError(error, path: path)
        }
    }
}
