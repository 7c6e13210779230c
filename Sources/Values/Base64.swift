/// Base64 of RFC 4648 with padding, straight to bytes.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// By letter; 64: none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        (values[Int(UInt8(ascii: "-"))], values[Int(UInt8(ascii: "_"))]) = (62, 63)
        return values
    }()

    /// How many bytes it takes.
    public static func size(of bytes: [UInt8]) -> Int { (bytes.count + 2) / 3 * 4 }

    public static func write(_ bytes: [UInt8], to output: inout [UInt8]) {
        let encoded = [UInt8](unsafeUninitializedCapacity: size(of: bytes)) { target, count in
            bytes.withUnsafeBufferPointer { source in
                alphabet.withUnsafeBufferPointer { letters in
                    var (from, to) = (0, 0)
                    while from + 3 <= source.count {
                        let word = UInt32(source[from]) << 16 | UInt32(source[from + 1]) << 8 | UInt32(source[from + 2])
                        target[to] = letters[Int(word >> 18)]
                        target[to + 1] = letters[Int(word >> 12 & 63)]
                        target[to + 2] = letters[Int(word >> 6 & 63)]
                        target[to + 3] = letters[Int(word & 63)]
                        from += 3
                        to += 4
                    }
                    let rest = source.count - from
                    if rest > 0 {
                        let word = UInt32(source[from]) << 16 | (rest == 2 ? UInt32(source[from + 1]) << 8 : 0)
                        target[to] = letters[Int(word >> 18)]
                        target[to + 1] = letters[Int(word >> 12 & 63)]
                        target[to + 2] = rest == 2 ? letters[Int(word >> 6 & 63)] : UInt8(ascii: "=")
                        target[to + 3] = UInt8(ascii: "=")
                        to += 4
                    }
                    count = to
                }
            }
        }
        output.append(contentsOf: encoded)
    }

    /// What a text in either alphabet stands for, with padding or without; `nil` where it is none.
    public static func decoded(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (word, bits) = (UInt32(0), 0)
        for letter in text.utf8.reversed().drop(while: { $0 == UInt8(ascii: "=") }).reversed() {
            let value = values[Int(letter)]
            guard value < 64 else { return nil }
            (word, bits) = (word << 6 | UInt32(value), bits + 6)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return bytes
    }
}
