import Values

/// The chain of a run's events: each hash covers the event and the hash before it, so that an edit shows.
///
/// A link is `sha256(previous ‖ seq ‖ at ‖ length of kind ‖ kind ‖ payload)`, numbers little-endian, 8, 8 and 4 bytes; the
/// payload is what remains, so two events never read alike. The first link's previous is the hash of the run's id:
/// chains of two runs cannot be exchanged.
struct EventChain {
    private var scratch: [UInt8] = []

    static func origin(of run: String) -> ContentHash { ContentHash(of: run) }

    mutating func link(
        after previous: ContentHash, sequence: Int64, at: Int64, kind: String, payload: UnsafeRawBufferPointer
    ) -> ContentHash {
        scratch.removeAll(keepingCapacity: true)
        append(sequence)
        append(at)
        append(UInt32(truncatingIfNeeded: kind.utf8.count))
        scratch.append(contentsOf: kind.utf8)
        scratch.append(contentsOf: payload)
        return ContentHash(chaining: previous, scratch)
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { scratch.append(contentsOf: $0) }
    }
}
