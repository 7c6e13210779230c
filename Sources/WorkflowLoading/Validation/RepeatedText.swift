/// Finds long stretches of one text in others.
///
/// Blocks of half the wanted length are remembered by a rolling hash (Karp and Rabin): every stretch of that length holds a whole block.
struct RepeatedText {
    private static let base: UInt64 = 1_099_511_628_211

    /// Bytes compared for each byte of a text, before what is left is passed over: texts made of one short word over and over have
    /// long stretches at every place.
    private static let mostWork = 20

    private let texts: [[UInt8]]
    private let minimumLength: Int
    private let blockLength: Int
    private var blocks: [UInt64: (text: Int, offset: Int)] = [:]
    /// Which hashes there are, by their high bits: nearly all stretches of a prompt are passed over without a look into `blocks`.
    private var filter = [Bool](repeating: false, count: 1 << 16)

    /// - Parameter minimumLength: in Unicode scalars.
    init(of texts: [String], minimumLength: Int) {
        self.texts = texts.map { Array($0.utf8) }
        self.minimumLength = minimumLength
        blockLength = minimumLength / 2
        for (index, text) in self.texts.enumerated() {
            var offset = 0
            while offset + blockLength <= text.count {
                let hash = Self.hash(text[offset..<offset + blockLength])
                if blocks[hash] == nil { blocks[hash] = (index, offset) }
                filter[Int(hash >> 48)] = true
                offset += blockLength
            }
        }
    }

    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 &* base &+ UInt64($1) }
    }

    /// The longest stretch that `text` shares; `nil` when none is long enough.
    func longest(in text: String) -> String? {
        let bytes = Array(text.utf8)
        guard !blocks.isEmpty, bytes.count >= blockLength else { return nil }
        let power = (1..<blockLength).reduce(UInt64(1)) { result, _ in result &* Self.base }
        var best: Range<Int> = 0..<0
        var hash = Self.hash(bytes[..<blockLength])
        var start = 0
        var work = 0
        while true {
            // What lies in the best stretch cannot begin a longer one.
            if filter[Int(hash >> 48)], start >= best.upperBound, work < Self.mostWork * bytes.count, let block = blocks[hash] {
                let range = extent(of: block, in: bytes, at: start)
                work += range.count
                if range.count > best.count { best = range }
            }
            guard start + blockLength < bytes.count else { break }
            hash = (hash &- UInt64(bytes[start]) &* power) &* Self.base &+ UInt64(bytes[start + blockLength])
            start += 1
        }
        let found = String(decoding: bytes[best], as: UTF8.self)
        return found.unicodeScalars.count >= minimumLength ? found : nil
    }

    private func extent(of block: (text: Int, offset: Int), in bytes: [UInt8], at start: Int) -> Range<Int> {
        let known = texts[block.text]
        var (low, knownLow) = (start, block.offset)
        var (high, knownHigh) = (start, block.offset)
        while high < bytes.count, knownHigh < known.count, bytes[high] == known[knownHigh] { (high, knownHigh) = (high + 1, knownHigh + 1) }
        guard high - low >= blockLength else { return 0..<0 }
        while low > 0, knownLow > 0, bytes[low - 1] == known[knownLow - 1] { (low, knownLow) = (low - 1, knownLow - 1) }
        // Not into the middle of a character.
        while low < high, bytes[low] & 0xC0 == 0x80 { low += 1 }
        while high > low, high < bytes.count, bytes[high] & 0xC0 == 0x80 { high -= 1 }
        return low..<high
    }
}
