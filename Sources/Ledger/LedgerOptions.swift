import Values

/// How a ledger is opened.
public struct LedgerOptions: Sendable {
    /// Who writes, kept in the ledger's `meta` table: `agentctl 1.2.0`.
    public var program: String
    /// How long to wait for another process's transaction.
    public var busyTimeout: TimeSpan = .seconds(5)
    /// How long this process may be silent before its runs and batches can be taken from it. It says three times as often that it lives.
    public var lease: TimeSpan = .seconds(60)
    /// How long entries that nobody waits for may wait for company. A sequential run then pays one sync a step, as the
    /// outcome of a call becomes durable together with the intent of the next one.
    public var postDelay: TimeSpan = .milliseconds(2)
    /// How long a group waits for as many as waited for the one before: after a commit, runs come back one after the
    /// other, and the first should not cost the rest a sync of their own. A lone run never waits.
    public var gatherDelay: TimeSpan = .milliseconds(1)
    /// Entries that one transaction holds at most.
    public var groupLimit = 512
    /// Bytes that may wait to be written before runs are asked to wait with them.
    public var backlogBytes = 8 << 20
    /// Pages that the write-ahead log collects before they are copied into the file. Many entries change the same
    /// pages, so a longer log is less work in all; 2,000 pages take 16 MB.
    public var checkpointPages = 2000
    /// From where it looks at other processes.
    var vantage = Vantage.current
    /// For tests: called on the writer's thread after each commit.
    var didCommit: (@Sendable () -> Void)?
    /// For tests: the file's greatest size in pages, as if the disk were full beyond it.
    var maximumPages: Int?

    var beatInterval: TimeSpan { TimeSpan(milliseconds: max(1, lease.milliseconds / 3)) }

    public init(program: String = "agentctl") { self.program = program }
}
