/// A text that counts by its bytes where the type that it belongs to is compared or hashed; see ``TextKey``.
///
///     struct ModelReference: Hashable {
///         @ByBytes private(set) var model: String
///     }
@propertyWrapper
public struct ByBytes: Sendable, Hashable {
    public var wrappedValue: String

    @inlinable
    public init(wrappedValue: String) { self.wrappedValue = wrappedValue }

    @inlinable
    public static func == (a: ByBytes, b: ByBytes) -> Bool { a.wrappedValue.hasSameBytes(as: b.wrappedValue) }

    @inlinable
    public func hash(into hasher: inout Hasher) { wrappedValue.hashBytes(into: &hasher) }
}
