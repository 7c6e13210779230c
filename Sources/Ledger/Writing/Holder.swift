import Foundation

/// A process as a run's row names it: `host:pid:start`. The start time tells a process from a later one of the same id.
struct Holder: CustomStringConvertible {
    let text: String

    init(text: String) { self.text = text }

    /// This process.
    static let current = Holder(text: "\(localHost):\(getpid()):\(startTime(of: "self") ?? "0")")

    /// `process 4711 on build-3`.
    var description: String {
        guard let parts else { return text }
        return "process \(parts.process) on \(parts.host)"
    }

    /// Whether it is known that it does not live any more. Of another host nothing is known.
    var isGone: Bool {
        guard let parts, parts.host == Self.localHost else { return false }
        return Self.startTime(of: parts.process) != parts.start
    }

    private var parts: (host: String, process: String, start: String)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3 else { return nil }
        return (parts.dropLast(2).joined(separator: ":"), parts[parts.count - 2], parts[parts.count - 1])
    }

    // Not `ProcessInfo.hostName`, which may ask the network.
    private static let localHost: String = {
        var name = [UInt8](repeating: 0, count: 256)
        _ = name.withUnsafeMutableBytes { gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), 255) }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }()

    /// `nil` when there is no such process, or it is dead and not yet waited for.
    private static func startTime(of process: String) -> String? {
        // The 22nd field, and the third for the state; counted after the program's name, which may hold spaces and parentheses.
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 20, fields[1] != "Z" else { return nil }
        return String(fields[20])
    }
}
