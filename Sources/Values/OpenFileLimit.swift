/// How many files and sockets a process may have open, and what that lets it do at once.
public struct OpenFileLimit: Sendable {
    public let count: Int

    public init(_ count: Int) { self.count = count }

    /// Without the ledger, the event loop, certificates, the names of hosts, files that are read on the way.
    private var free: Int { max(count - 64, 0) }

    /// Transfers that may be under way at once; each has a socket.
    public var transfers: Int { free - free / 4 }

    /// Programs that may run at once; each has two pipes and a handle, and some more while it starts.
    public var programs: Int { free / 4 / 5 }
}
