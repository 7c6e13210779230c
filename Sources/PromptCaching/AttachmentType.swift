/// What a file that goes with a prompt can be, told by its first bytes and not by its name.
public enum AttachmentType: String, Sendable, Hashable, CaseIterable {
    case png = "image/png"
    case jpeg = "image/jpeg"
    case gif = "image/gif"
    case webp = "image/webp"
    case pdf = "application/pdf"
    case text = "text/plain"

    /// `nil` for anything else.
    public init?(of bytes: [UInt8]) {
        func begins(_ signature: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: signature) }
        if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if begins([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if begins(Array("GIF87a".utf8)) || begins(Array("GIF89a".utf8)) {
            self = .gif
        } else if begins(Array("RIFF".utf8)), begins(Array("WEBP".utf8), at: 8) {
            self = .webp
        } else if begins(Array("%PDF-".utf8)) {
            self = .pdf
        } else if !bytes.isEmpty, !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil {
            self = .text
        } else {
            return nil
        }
    }

    public var isImage: Bool {
        switch self {
        case .png, .jpeg, .gif, .webp: return true
        case .pdf, .text: return false
        }
    }

    /// As messages name them.
    public static let list = "PNG, JPEG, GIF, WebP, PDF or UTF-8 text"
}

/// The extent of an image in pixels.
public struct ImageSize: Sendable, Hashable {
    public let width: Int
    public let height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Reads it from the head of a file; `nil` where that is damaged or cut.
    public init?(of bytes: [UInt8], _ type: AttachmentType) {
        let reader = Reader(bytes: bytes)
        let size: (width: Int, height: Int)?
        switch type {
        case .png: size = reader.png
        case .gif: size = reader.gif
        case .jpeg: size = reader.jpeg
        case .webp: size = reader.webp
        case .pdf, .text: size = nil
        }
        guard let size, size.width > 0, size.height > 0 else { return nil }
        self.init(width: size.width, height: size.height)
    }

    /// Fields of the image formats, by their specifications.
    private struct Reader {
        let bytes: [UInt8]

        func big(_ offset: Int, _ count: Int) -> Int? { number(offset, count) { $0 << 8 | $1 } }

        func little(_ offset: Int, _ count: Int) -> Int? {
            guard offset + count <= bytes.count else { return nil }
            return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        private func number(_ offset: Int, _ count: Int, _ join: (Int, Int) -> Int) -> Int? {
            guard offset + count <= bytes.count else { return nil }
            return bytes[offset..<offset + count].reduce(0) { join($0, Int($1)) }
        }

        private func pair(_ width: Int?, _ height: Int?) -> (Int, Int)? {
            guard let width, let height else { return nil }
            return (width, height)
        }

        // The header chunk comes first.
        var png: (width: Int, height: Int)? { pair(big(16, 4), big(20, 4)) }

        var gif: (width: Int, height: Int)? { pair(little(6, 2), little(8, 2)) }

        /// Segments are skipped up to the frame header.
        var jpeg: (width: Int, height: Int)? {
            var offset = 2
            while offset + 4 <= bytes.count {
                guard bytes[offset] == 0xFF else { return nil }
                let marker = bytes[offset + 1]
                if marker == 0xFF { offset += 1; continue }
                if marker == 0x01 || (0xD0...0xD8).contains(marker) { offset += 2; continue }
                if (0xC0...0xCF).contains(marker), marker != 0xC4, marker != 0xC8, marker != 0xCC { return pair(big(offset + 7, 2), big(offset + 5, 2)) }
                guard let length = big(offset + 2, 2), length >= 2, marker != 0xDA, marker != 0xD9 else { return nil }
                offset += 2 + length
            }
            return nil
        }

        /// The simple lossy form, the lossless one, and the extended one.
        var webp: (width: Int, height: Int)? {
            guard bytes.count >= 16 else { return nil }
            switch String(decoding: bytes[12..<16], as: UTF8.self) {
            case "VP8 ": return pair(little(26, 2).map { $0 & 0x3FFF }, little(28, 2).map { $0 & 0x3FFF })
            case "VP8L": return little(21, 4).map { ($0 & 0x3FFF + 1, $0 >> 14 & 0x3FFF + 1) }
            case "VP8X": return pair(little(24, 3).map { $0 + 1 }, little(27, 3).map { $0 + 1 })
            default: return nil
            }
        }
    }
}
