import Values

/// The chain of a run's events: each hash covers the event and the hash before it, so that an edit shows.
///
/// A link is `sha256(previous ‖ seq ‖ at ‖ length of kind ‖ kind ‖ payload)`, numbers little-endian, 8, 8 and 4 bytes; the
/// payload is what remains, so two events never read alike. The first link's previous is the hash of the run's id:
/// chains of two runs cannot be exchanged.
public struct EventChain {
    private var scratch: [UInt8] = []

    public init() {}

    public static func origin(of run: String) -> ContentHash { ContentHash(of: run) }

    public mutating func link(
        after previous: ContentHash, sequence: Int64, at: Int64, kind: String, payload: UnsafeRawBufferPointer
    ) -> ContentHash {
        scratch.removeAll(keepingCapacity: true)
        // One piece, as each costs more to hand over than its bytes to copy.
        withUnsafeTemporaryAllocation(byteCount: 52, alignment: 8) { start in
            previous.withUnsafeBytes { start.copyMemory(from: $0) }
            start.storeBytes(of: sequence.littleEndian, toByteOffset: 32, as: Int64.self)
            start.storeBytes(of: at.littleEndian, toByteOffset: 40, as: Int64.self)
            start.storeBytes(of: UInt32(truncatingIfNeeded: kind.utf8.count).littleEndian, toByteOffset: 48, as: UInt32.self)
            scratch.append(contentsOf: start)
        }
        scratch.append(contentsOf: kind.utf8)
        scratch.append(contentsOf: payload)
        return ContentHash(of: scratch)
    }
}
