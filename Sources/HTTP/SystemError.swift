import Glibc
import Values

/// A system call that failed.
public struct SystemError: Error, Sendable, CustomStringConvertible {
    public let call: String
    /// `errno`.
    public let code: Int32

    init(_ call: String, code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    public var description: String { "\(call): \(OpenFileLimit.explanation(of: code) ?? String(cString: strerror(code)))" }
}
