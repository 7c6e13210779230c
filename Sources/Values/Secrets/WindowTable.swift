/// Looks up eight bytes at once. Most of a text is turned away by one bit.
struct WindowTable: Sendable {
    static let width = 8

    struct Entry: Sendable {
        let form: Int
        /// Of the window in the form.
        let offset: Int
    }

    private static let indexBits: UInt64 = 16
    private let bits: [UInt64]
    private let table: [UInt64: [Entry]]

    init(_ windows: [(window: UInt64, entry: Entry)]) {
        var bits = [UInt64](repeating: 0, count: 1 << Int(Self.indexBits - 6))
        var table: [UInt64: [Entry]] = [:]
        for (window, entry) in windows {
            let index = Self.index(window)
            bits[index >> 6] |= 1 << UInt64(index & 63)
            table[window, default: []].append(entry)
        }
        self.bits = bits
        self.table = table
    }

    @inline(__always)
    static func window(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> UInt64 {
        UnsafeRawPointer(bytes.baseAddress!).loadUnaligned(fromByteOffset: index, as: UInt64.self)
    }

    @inline(__always)
    private static func index(_ window: UInt64) -> Int { Int((window &* 0x9E37_79B9_7F4A_7C15) >> (64 - indexBits)) }

    @inline(__always)
    func mayHave(_ window: UInt64) -> Bool {
        let index = Self.index(window)
        return bits[index >> 6] & (1 << UInt64(index & 63)) != 0
    }

    @inline(__always)
    func entries(_ window: UInt64) -> [Entry] { mayHave(window) ? table[window] ?? [] : [] }
}
