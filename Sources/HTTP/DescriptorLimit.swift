import Glibc

/// How many files and sockets this process may have open, and what that lets it do at once.
public struct DescriptorLimit: Sendable {
    /// The soft limit, which `EventLoop` raises to the hard one.
    public let count: Int

    public init(_ count: Int) { self.count = count }

    /// Of this process. Raised as far as it may be raised.
    public static let current: DescriptorLimit = {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return DescriptorLimit(1024) }
        if limit.rlim_cur < limit.rlim_max {
            let soft = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = soft }
        }
        return DescriptorLimit(Int(clamping: limit.rlim_cur))
    }()

    /// The ledger, the event loop, certificates, the names of hosts, files that are read on the way.
    private var free: Int { max(count - 64, 8) }

    /// Transfers that may be under way at once; each has a socket.
    public var transfers: Int { max(1, free - free / 4) }

    /// Programs that may run at once; each has two pipes and a handle, and some more while it starts.
    public var programs: Int { max(1, free / 4 / 5) }

    /// Whether an error of the system says that there is no descriptor left, and what to say then.
    public static func explanation(of code: Int32) -> String? {
        switch code {
        case EMFILE: "this process has \(current.count) files and sockets open, all that it may: raise the limit (ulimit -n), or do less at once"
        case ENFILE: "the machine has no file or socket left to open: close some, or raise fs.file-max"
        default: nil
        }
    }
}
