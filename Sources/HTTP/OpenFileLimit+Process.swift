import Glibc
import Values

extension OpenFileLimit {
    /// Of this process: the soft limit, raised to the hard one.
    public static let current: OpenFileLimit = {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return OpenFileLimit(1024) }
        let soft = limit.rlim_cur
        if soft < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = soft }
        }
        return OpenFileLimit(Int(clamping: limit.rlim_cur))
    }()

    /// What a process has open that does nothing yet, and a few more for what it does: with less, programs could not be started at all.
    public static var least: Int { 64 }

    /// What an error of the system says of open files, and the way out; `nil` when it is another one.
    public static func explanation(of code: Int32) -> String? {
        switch code {
        case EMFILE: "this process has \(current.count) files and sockets open, all that it may: raise the limit (ulimit -n), or do less at once"
        case ENFILE: "the machine has no file or socket left to open: close some, or raise fs.file-max"
        default: nil
        }
    }
}
