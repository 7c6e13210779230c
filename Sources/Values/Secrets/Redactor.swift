/// Keeps secrets out of text: finds each of them as it stands, in base64 of either alphabet at any alignment (alone, or as the end of
/// `user:secret`), in hexadecimal, percent-encoded, escaped as in JSON, and cut.
///
/// For example:
///
///     let redactor = Redactor([Secret(name: "the key of openai", value: "sk-proj-4ea1c0de")])
///     redactor.redact("wrong key sk-proj-4ea1c0de")   // "wrong key ***"
///
/// A part of a secret counts as the secret when it has at least ``partBytes``, or at least eight bytes of its beginning before a
/// place where texts are cut, or of its end behind one: the ends of the text, a quotation mark, an ellipsis, asterisks. What others have
/// as well does not count (``PublicBeginning``), and eight bytes of ordinary words are no part of a key.
public final class Redactor: Sendable {
    /// What stands in the place of a secret.
    public static let mark = "***"
    /// Of a part that says too much wherever it stands.
    static let partBytes = 16

    public static let none = Redactor([])

    /// One way to write one secret.
    private struct Form {
        let bytes: [UInt8]
        /// The bytes that nobody else has.
        let own: Range<Int>
        let secret: Int

        /// How many of its own bytes a part has.
        func own(in part: Range<Int>) -> Int { max(0, min(own.upperBound, part.upperBound) - max(own.lowerBound, part.lowerBound)) }
    }

    private let names: [String]
    private let forms: [Form]
    /// The first and the last window of each form, and so many between them that each part of ``partBytes`` has one.
    private let places: WindowTable
    /// Every window of each form: one of them is at a multiple of ``pace`` wherever a form stands, or ``partBytes`` of it.
    private let probes: WindowTable
    private let pace: Int
    /// Whether a number can be one, or a part of one.
    private let holdsNumber: Bool

    /// - Parameter secrets: those that are too short are passed over; see ``Secret/isLongEnough``.
    public init(_ secrets: [Secret]) {
        var known: TextSet = []
        let kept = secrets.filter { $0.isLongEnough && known.insert($0.value).inserted }
        names = kept.map(\.name)
        var forms: [Form] = []
        for (index, secret) in kept.enumerated() {
            for (bytes, own) in SecretForms.all(of: secret.value) { forms.append(Form(bytes: bytes, own: own, secret: index)) }
        }
        holdsNumber = forms.contains { Self.canBeNumber($0.bytes) }
        // In hexadecimal nearly all of them could be one; nobody writes a key as a number.
        for (index, secret) in kept.enumerated() {
            for (bytes, own) in SecretForms.hexadecimal(of: secret.value) { forms.append(Form(bytes: bytes, own: own, secret: index)) }
        }
        self.forms = forms
        let shortest = forms.map(\.bytes.count).min() ?? 0
        pace = max(1, min(shortest, Self.partBytes) - WindowTable.width + 1)
        var places: [(UInt64, WindowTable.Entry)] = []
        var probes: [(UInt64, WindowTable.Entry)] = []
        for (index, form) in forms.enumerated() {
            let last = form.bytes.count - WindowTable.width
            form.bytes.withUnsafeBufferPointer { bytes in
                let steps = stride(from: 0, to: last, by: Self.partBytes - WindowTable.width + 1)
                for offset in Array(steps) + [last] { places.append((WindowTable.window(bytes, offset), .init(form: index, offset: offset))) }
                for offset in 0...last { probes.append((WindowTable.window(bytes, offset), .init(form: index, offset: offset))) }
            }
        }
        self.places = WindowTable(places)
        self.probes = WindowTable(probes)
    }

    /// Whether so much of it as is looked for is written with what numbers are written with.
    private static func canBeNumber(_ form: [UInt8]) -> Bool {
        var run = 0
        for byte in form {
            run = (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) ? run + 1 : 0
            if run == min(form.count, partBytes) { return true }
        }
        return false
    }

    public var isEmpty: Bool { forms.isEmpty }

    // MARK: Out of text

    public func redact(_ text: String) -> String {
        guard !isEmpty, text.utf8.count >= WindowTable.width else { return text }
        var text = text
        let clean = text.withUTF8 { cleaned($0) }
        return clean.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    public func redact(_ bytes: [UInt8]) -> [UInt8] {
        guard !isEmpty, bytes.count >= WindowTable.width else { return bytes }
        return bytes.withUnsafeBufferPointer { cleaned($0) } ?? bytes
    }

    /// In every text of it, names of members included.
    public func redact(_ value: JSONValue) -> JSONValue { isEmpty ? value : redacted(value) ?? value }

    /// - Returns: `nil` where nothing changes.
    private func redacted(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .string(let text):
            guard text.utf8.count >= WindowTable.width else { return nil }
            var text = text
            return text.withUTF8 { cleaned($0) }.map { .string(String(decoding: $0, as: UTF8.self)) }
        case .array(let elements):
            var changed: [JSONValue]?
            for (index, element) in elements.enumerated() {
                guard let clean = redacted(element) else { continue }
                if changed == nil { changed = elements }
                changed![index] = clean
            }
            return changed.map(JSONValue.array)
        case .object(let object):
            var isChanged = false
            var clean = JSONObject()
            object.forEachPair { key, member in
                let name = redact(key)
                let value = redacted(member)
                if value != nil || name != key { isChanged = true }
                clean[name] = value ?? member
            }
            return isChanged ? .object(clean) : nil
        case .null, .bool: return nil
        default:
            // A document stays one: there is no number that could stand for it.
            return holdsNumber && secret(in: value.jsonText) != nil ? .string(Self.mark) : nil
        }
    }

    // MARK: Whether there is one

    /// The name of a secret that stands in the text, in whatever form: all of it, or at least ``partBytes`` of it.
    public func secret(in text: String) -> String? {
        guard !isEmpty, text.utf8.count >= WindowTable.width else { return nil }
        var text = text
        return text.withUTF8 { secret(in: $0) }
    }

    public func secret(in bytes: [UInt8]) -> String? {
        guard !isEmpty, bytes.count >= WindowTable.width else { return nil }
        return bytes.withUnsafeBufferPointer { secret(in: $0) }
    }

    private func secret(in bytes: UnsafeBufferPointer<UInt8>) -> String? {
        if let form = form(in: bytes) { return names[form.secret] }
        var encoded = Array(bytes)
        for _ in 0..<TextDecoding.levels {
            guard let decoded = encoded.withUnsafeBufferPointer({ TextDecoding.decoded($0) }) else { return nil }
            if let form = decoded.withUnsafeBufferPointer({ form(in: $0) }) { return names[form.secret] }
            encoded = decoded
        }
        return nil
    }

    /// Looks at every ``pace``-th place only.
    private func form(in bytes: UnsafeBufferPointer<UInt8>) -> Form? {
        let end = bytes.count - WindowTable.width
        var index = 0
        while index <= end {
            for entry in probes.entries(WindowTable.window(bytes, index)) {
                let form = forms[entry.form]
                let (range, from) = Self.extent(form.bytes, entry.offset, bytes, index)
                if range.count == form.bytes.count || form.own(in: from..<(from + range.count)) >= Self.partBytes { return form }
            }
            index += pace
        }
        return nil
    }

    // MARK: Where they are

    /// - Returns: `nil` where there is none.
    private func cleaned(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        let found = ranges(in: bytes)
        guard !found.isEmpty else { return nil }
        var clean: [UInt8] = []
        clean.reserveCapacity(bytes.count)
        var copied = 0
        for range in found {
            clean.append(contentsOf: bytes[copied..<range.lowerBound])
            clean.append(contentsOf: Self.mark.utf8)
            copied = range.upperBound
        }
        clean.append(contentsOf: bytes[copied...])
        return clean
    }

    /// In order, without overlaps.
    private func ranges(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var found = plainRanges(in: bytes)
        if TextDecoding.isEncoded(bytes) {
            // What each level was decoded from, the text itself first.
            var levels = [Array(bytes)]
            while levels.count <= TextDecoding.levels, let decoded = levels.last!.withUnsafeBufferPointer({ TextDecoding.decoded($0) }) {
                var ranges = decoded.withUnsafeBufferPointer { plainRanges(in: $0) }
                for level in levels.reversed() where !ranges.isEmpty { ranges = level.withUnsafeBufferPointer { TextDecoding.origins(of: ranges, in: $0) } }
                found += ranges
                levels.append(decoded)
            }
        }
        return Self.joined(found)
    }

    private func plainRanges(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        let end = bytes.count - WindowTable.width
        guard end >= 0 else { return found }
        var index = 0
        while index <= end {
            let window = WindowTable.window(bytes, index)
            if places.mayHave(window) {
                for entry in places.entries(window) {
                    if let range = range(forms[entry.form], entry.offset, bytes, index) { found.append(range) }
                }
            }
            index += 1
        }
        return Self.joined(found)
    }

    /// How much of a form stands around a window of it, where that is enough.
    private func range(_ form: Form, _ offset: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Range<Int>? {
        let (range, from) = Self.extent(form.bytes, offset, bytes, index)
        if range.count == form.bytes.count { return range }
        let own = form.own(in: from..<(from + range.count))
        guard own >= WindowTable.width else { return nil }
        let ownStart = range.lowerBound + max(0, form.own.lowerBound - from)
        let ownRange = ownStart..<(ownStart + own)
        if own >= Self.partBytes { return ownRange }
        let isCut =
            from <= form.own.lowerBound && Self.isCut(bytes, at: range.upperBound)
            || from + range.count >= form.own.upperBound && Self.isCut(bytes, before: range.lowerBound)
        return isCut && !Self.isWords(bytes[ownRange]) ? ownRange : nil
    }

    /// Whether it is small letters, with what parts words.
    private static func isWords(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        bytes.allSatisfy { $0 >= 0x61 && $0 <= 0x7A || " -_.:/".utf8.contains($0) }
    }

    /// How far a form goes in both directions from a window of it that stands at `index`, and where in the form that begins.
    private static func extent(_ form: [UInt8], _ offset: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> (range: Range<Int>, from: Int) {
        var (start, from) = (index, offset)
        while start > 0, from > 0, bytes[start - 1] == form[from - 1] { (start, from) = (start - 1, from - 1) }
        return (start..<(index + common(form, offset, bytes, index)), from)
    }

    private static func common(_ form: [UInt8], _ from: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var count = 0
        while from + count < form.count, start + count < bytes.count, form[from + count] == bytes[start + count] { count += 1 }
        return count
    }

    private static let quotes: Set<UInt8> = [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"), 0x0A]

    private static func isCut(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        let rest = bytes[index...]
        guard let next = rest.first else { return true }
        return quotes.contains(next) || rest.starts(with: "…".utf8) || rest.starts(with: "..".utf8) || rest.starts(with: "**".utf8) || rest.starts(with: "\u{FFFD}".utf8)
    }

    private static func isCut(_ bytes: UnsafeBufferPointer<UInt8>, before index: Int) -> Bool {
        guard index > 0 else { return true }
        func ends(_ text: String) -> Bool { index >= text.utf8.count && bytes[(index - text.utf8.count)..<index].elementsEqual(text.utf8) }
        return quotes.contains(bytes[index - 1]) || ends("…") || ends("..") || ends("**") || ends("\u{FFFD}")
    }

    // MARK: In pieces

    /// How long the end of a text is that may be the beginning, or any part, of a secret that goes on in what is still to come.
    func openEnd(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard let last = bytes.last else { return 0 }
        var most = 0
        for form in forms {
            for place in form.bytes.indices where form.bytes[place] == last {
                var count = 1
                while count <= place, count < bytes.count, form.bytes[place - count] == bytes[bytes.count - 1 - count] { count += 1 }
                most = max(most, count)
            }
        }
        return most
    }

    private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
        guard ranges.count > 1 else { return ranges }
        var joined: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }
}
