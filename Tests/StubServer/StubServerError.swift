/// Why a stub server could not start.
public struct StubServerError: Error, Sendable, CustomStringConvertible {
    public let description: String
}
