import Crypto

/// A SHA-256 digest: the name of a piece of content.
public struct ContentHash: Sendable, Hashable, CustomStringConvertible {
    // Four words rather than an array: hashes are copied, compared and used as keys on every call's path.
    private let a, b, c, d: UInt64

    public init(of bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { ContentHash(of: $0) }
    }

    public init(of text: String) {
        self = text.withBytes { ContentHash(of: UnsafeRawBufferPointer($0)) }
    }

    public init(of bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        self = hasher.finalize().withUnsafeBytes { ContentHash(words: $0) }
    }

    /// `sha256(previous ‖ bytes)`: one link of a chain.
    public init(chaining previous: ContentHash?, _ bytes: [UInt8]) {
        var hasher = SHA256()
        if let previous { previous.withUnsafeBytes { hasher.update(bufferPointer: $0) } }
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        self = hasher.finalize().withUnsafeBytes { ContentHash(words: $0) }
    }

    /// `sha256(this ‖ next ‖ tag)`: a link of a chain of digests.
    public func chained(to next: ContentHash, tag: UInt8) -> ContentHash {
        var hasher = SHA256()
        withUnsafeBytes { hasher.update(bufferPointer: $0) }
        next.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        Swift.withUnsafeBytes(of: tag) { hasher.update(bufferPointer: $0) }
        return hasher.finalize().withUnsafeBytes { ContentHash(words: $0) }
    }

    /// The first 8 bytes as a number.
    public var leadingBytes: UInt64 { UInt64(bigEndian: a) }

    private init(words: UnsafeRawBufferPointer) {
        a = words.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        b = words.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        c = words.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        d = words.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    /// The 32 bytes of a stored digest; `nil` when there are not 32.
    public init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        self.init(words: bytes)
    }

    /// 64 hexadecimal digits, either case; `nil` otherwise.
    public init?(hex: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for character in hex.utf8 {
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - 0x30
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - 0x61 + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - 0x41 + 10
            default: return nil
            }
            if let value = high {
                bytes.append(value << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil, bytes.count == 32 else { return nil }
        self = bytes.withUnsafeBytes { ContentHash(words: $0) }
    }

    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withUnsafePointer(to: self) { try body(UnsafeRawBufferPointer(start: $0, count: 32)) }
    }

    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// 64 lowercase hexadecimal digits.
    public var hex: String {
        String(unsafeUninitializedCapacity: 64) { output in
            withUnsafeBytes { source in
                for (index, byte) in source.enumerated() {
                    output[index * 2] = Self.digit(byte >> 4)
                    output[index * 2 + 1] = Self.digit(byte & 15)
                }
            }
            return 64
        }
    }

    /// ``hex`` without a string of its own.
    public func writeHex(to output: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { digits in
            withUnsafeBytes { source in
                for index in 0..<32 {
                    let byte = source[index]
                    digits.initializeElement(at: index * 2, to: Self.digit(byte >> 4))
                    digits.initializeElement(at: index * 2 + 1, to: Self.digit(byte & 15))
                }
            }
            output.append(contentsOf: UnsafeBufferPointer(digits))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }

    public var description: String { hex }
}

/// A digest of what comes piece by piece.
public struct ContentHasher: Sendable {
    private var hasher = SHA256()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bufferPointer: bytes) }
    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Of all that has come; more may come.
    public var hash: ContentHash { hasher.finalize().withUnsafeBytes { ContentHash(bytes: $0)! } }
}
