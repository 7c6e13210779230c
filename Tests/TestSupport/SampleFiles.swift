/// The beginnings of files of the kinds that can be attached: all that is looked at.
public enum SampleFiles {
    public static func png(_ width: Int = 640, _ height: Int = 480, salt: UInt8 = 0) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8) + big(width, 4) + big(height, 4) + [8, 2, 0, 0, 0, salt]
    }

    public static func gif(_ width: Int, _ height: Int) -> [UInt8] { Array("GIF89a".utf8) + little(width, 2) + little(height, 2) + [0, 0, 0] }

    /// With a segment before the frame header, as cameras write it.
    public static func jpeg(_ width: Int, _ height: Int) -> [UInt8] {
        [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0, 0xFF, 0xFF, 0xC2, 0, 17, 8] + big(height, 2) + big(width, 2) + [3]
    }

    /// `VP8 `, `VP8L` or `VP8X`.
    public static func webp(_ form: String, _ width: Int, _ height: Int) -> [UInt8] {
        let head = Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBP".utf8) + Array(form.utf8) + [0, 0, 0, 0]
        switch form {
        case "VP8 ": return head + [0, 0, 0, 0x9D, 0x01, 0x2A] + little(width, 2) + little(height, 2)
        case "VP8L": return head + [0x2F] + little((width - 1) | (height - 1) << 14, 4)
        default: return head + [0, 0, 0, 0] + little(width - 1, 3) + little(height - 1, 3)
        }
    }

    public static let pdf = Array("%PDF-1.7\n%\u{E2}\n".utf8)

    private static func big(_ number: Int, _ count: Int) -> [UInt8] { little(number, count).reversed() }
    private static func little(_ number: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
}
