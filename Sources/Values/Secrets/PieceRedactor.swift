/// Keeps secrets out of a text that comes in pieces, wherever the pieces part them: what may be the beginning of one waits for the next piece.
///
///     var pieces = PieceRedactor(redactor)
///     pieces.push("the key is sk-proj-4e")   // "the key is "
///     pieces.push("a1c0de, keep 1")          // "***, keep "
///     pieces.finish()                        // "1"
public struct PieceRedactor: Sendable {
    private let redactor: Redactor
    private var waiting: [UInt8] = []

    /// An escaped word that is longer than this is no longer held together.
    private static let mostOfWord = 4096

    public init(_ redactor: Redactor) { self.redactor = redactor }

    /// - Returns: what can be told now, without secrets; it may be empty.
    public mutating func push(_ text: String) -> String {
        if redactor.isEmpty { return text }
        waiting += text.utf8
        let end = waiting.withUnsafeBufferPointer { Self.end(of: $0, redactor) }
        return take(end)
    }

    /// What still waited; the text is over.
    public mutating func finish() -> String { take(waiting.count) }

    private mutating func take(_ end: Int) -> String {
        let told = redactor.redact(Array(waiting[..<end]))
        waiting.removeFirst(end)
        return String(decoding: told, as: UTF8.self)
    }

    /// Up to where nothing that comes can make a secret of what is there.
    private static func end(of bytes: UnsafeBufferPointer<UInt8>, _ redactor: Redactor) -> Int {
        // What is escaped is read as a whole: a word is as long as it has neither blanks nor letters beyond ASCII.
        var start = bytes.count
        while start > 0, bytes.count - start < mostOfWord, bytes[start - 1] > 0x20, bytes[start - 1] < 0x80 { start -= 1 }
        let isEscaped = bytes[start...].contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "%") }
        var end = isEscaped ? start : bytes.count
        end -= redactor.openEnd(of: UnsafeBufferPointer(rebasing: bytes[..<end]))
        // Not within a character.
        while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return end
    }
}
