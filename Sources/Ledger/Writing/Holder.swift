import Foundation

/// This process, as a run's row names it: `host:pid:start`. The start time tells a process from a later one of the same id.
enum Holder {
    static let text = "\(host):\(getpid()):\(startTime)"

    // Not `ProcessInfo.hostName`, which may ask the network.
    private static var host: String {
        var name = [UInt8](repeating: 0, count: 256)
        _ = name.withUnsafeMutableBytes { gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), 255) }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static var startTime: String {
        // The 22nd field; counted after the program's name, which may hold spaces and parentheses.
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else {
            return "0"
        }
        let fields = text[end...].split(separator: " ")
        return fields.count > 20 ? String(fields[20]) : "0"
    }
}
