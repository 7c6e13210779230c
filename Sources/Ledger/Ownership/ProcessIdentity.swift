import Foundation

/// What tells a process from every other one, on this machine and on others that share a ledger with it.
struct ProcessIdentity: Sendable, Hashable {
    var host: String
    /// `/proc/sys/kernel/random/boot_id`: of one start of one kernel. `nil`: not known, as on systems without it.
    var boot: String?
    /// The inodes of the namespaces in which its number and its clocks hold. Containers of one host share the boot, and often the
    /// host's name, but not these. `nil`: not known; such a process is only ever judged by its beat.
    var pidNamespace: Int64?
    var timeNamespace: Int64?
    /// As it knows itself, within its namespace.
    var pid: Int64
    /// In clock ticks since the boot: tells it from a later process of the same number.
    var start: Int64?

    /// This process.
    static let current = ProcessIdentity(
        host: localHost, boot: bootID, pidNamespace: showsOwnNamespace ? namespace("pid") : nil, timeNamespace: namespace("time"),
        pid: Int64(getpid()), start: ProcessSighting.of("self").start)

    // Not `ProcessInfo.hostName`, which may ask the network.
    private static let localHost: String = {
        var name = [UInt8](repeating: 0, count: 256)
        _ = name.withUnsafeMutableBytes { gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), 255) }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }()

    private static let bootID: String? = {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text.map { $0.filter { !$0.isWhitespace } }.flatMap { $0.isEmpty ? nil : $0 }
    }()

    /// Whether `/proc` counts processes as this one does. Under `unshare --pid` without `--mount-proc` it shows those of another
    /// namespace, and a process that lives would not be found there.
    private static let showsOwnNamespace = link("/proc/self") == String(getpid())

    /// `pid:[4026531836]`, without the frame.
    private static func namespace(_ kind: String) -> Int64? {
        link("/proc/self/ns/\(kind)").flatMap { Int64($0.filter(\.isNumber)) }
    }

    private static func link(_ path: String) -> String? { try? FileManager.default.destinationOfSymbolicLink(atPath: path) }
}

/// What this machine says of a process of a number.
enum ProcessSighting: Sendable, Hashable {
    /// There is none, or one that is dead and not yet waited for.
    case none
    /// In clock ticks since the boot.
    case started(at: Int64)
    /// There is one, and it cannot be looked at.
    case hidden

    var start: Int64? { if case .started(let start) = self { start } else { nil } }

    static func of(pid: Int64) -> ProcessSighting {
        let seen = of(String(pid))
        // Where /proc hides the processes of other users, a signal that is not sent tells whether there is one.
        if seen == .none, let number = pid_t(exactly: pid), number > 0, kill(number, 0) == 0 || errno == EPERM, !isDead(String(pid)) { return .hidden }
        return seen
    }

    static func of(_ process: String) -> ProcessSighting {
        guard let fields = fields(of: process), fields.count > 20, fields[1] != "Z", let start = Int64(fields[20]) else { return .none }
        return .started(at: start)
    }

    private static func isDead(_ process: String) -> Bool { fields(of: process).map { $0.count > 1 && $0[1] == "Z" } ?? false }

    /// The 22nd field is the start, the third the state; counted after the program's name, which may hold spaces and parentheses.
    private static func fields(of process: String) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let behind = text.cut(atLast: UInt8(ascii: ")"))?.behind else { return nil }
        return [")"] + behind.parts(at: 0x20)
    }
}
