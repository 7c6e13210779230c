/// Chance, as the engine needs it: ids and jitter.
public protocol EntropySource: Sendable {
    func next() -> UInt64
}

/// The operating system's randomness.
public struct SystemEntropy: EntropySource {
    public init() {}
    public func next() -> UInt64 { UInt64.random(in: .min ... .max) }
}
