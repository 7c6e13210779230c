/// A value has no form in JSON.
public struct JSONConversionError: Error, Sendable, Hashable, CustomStringConvertible {
    public let message: String
    public var description: String { message }
}
