import Values

/// A price list as text: JSON lines. The first names the list, `{"version": …, "source": …, "checked_at": …, "aliases": {…}}`; each further
/// one is an entry as ``PriceEntry`` says, and begins with `{"provider":"openai","models":["gpt-4o"`, by which it is found without being parsed.
///
/// Looking up one of a thousand models reads the beginnings of the lines of its provider and parses one line.
struct CatalogueText: Sendable {
    let version: String
    private let bytes: Bytes
    /// Where the lines of a provider stand.
    private let lines: TextTable<[Range<Int>]>
    /// Other names of providers.
    private let aliases: TextTable<String>
    /// What an entry need not say again.
    private let defaults: JSONValue

    /// Of the program, or of a file.
    private enum Bytes: @unchecked Sendable {
        // Not written to by anybody, and there as long as the program is.
        case fixed(UnsafeRawBufferPointer)
        case owned([UInt8])

        func withBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
            switch self {
            case .fixed(let bytes): body(bytes)
            case .owned(let bytes): bytes.withUnsafeBytes(body)
            }
        }
    }

    private static let start: StaticString = #"{"provider":""#
    private static let middle: StaticString = #"","models":[""#

    init(_ bytes: UnsafeRawBufferPointer) throws(PriceError) { try self.init(.fixed(bytes)) }
    init(_ bytes: [UInt8]) throws(PriceError) { try self.init(.owned(bytes)) }

    private init(_ bytes: Bytes) throws(PriceError) {
        self.bytes = bytes
        var lines: TextTable<[Range<Int>]> = [:]
        var header: Range<Int>?
        var fault: Int?
        bytes.withBytes { bytes in
            var number = 0
            var start = 0
            // Entries of a provider mostly stand together.
            var current: (range: Range<Int>, name: String)?
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                defer { start = end + 1 }
                number += 1
                guard start < end else { continue }
                if header == nil {
                    header = start..<end
                    continue
                }
                guard let provider = Self.provider(bytes, start..<end) else {
                    fault = fault ?? number
                    continue
                }
                if let known = current, known.range.count == provider.count, bytes[known.range].elementsEqual(bytes[provider]) {
                    lines[known.name]?.append(start..<end)
                } else {
                    let name = String(decoding: bytes[provider], as: UTF8.self)
                    current = (provider, name)
                    lines[name, default: []].append(start..<end)
                }
            }
        }
        if let fault { throw PriceError("line \(fault) of the price list does not begin with {\"provider\":\"…\",\"models\":[\"…\"") }
        guard let header, let object = Self.parsed(bytes, header), let version = object["version"]?.stringValue else {
            throw PriceError("the first line of a price list names its 'version'")
        }
        self.version = version
        self.lines = lines
        defaults = object
        var aliases: TextTable<String> = [:]
        for (alias, name) in object["aliases"]?.objectValue ?? [:] { aliases[alias] = name.stringValue }
        self.aliases = aliases
    }

    // MARK: Asking

    func lists(provider: String, model: String) -> [PriceList] {
        let provider = lines[provider] == nil ? aliases[provider] ?? provider : provider
        guard let lines = lines[provider] else { return [] }
        let fitting = bytes.withBytes { bytes in lines.filter { Self.fits(bytes, $0, provider: provider, model: model) } }
        // What is in the program is read by a test; of a file, that it can be read was seen when it was opened.
        return fitting.compactMap { line in Self.parsed(bytes, line).flatMap { try? PriceEntry.read($0, defaults).list } }
    }

    func all() throws(PriceError) -> [(provider: String, list: PriceList)] {
        var lists: [(provider: String, list: PriceList)] = []
        for line in lines.values.flatMap(\.self).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let object = Self.parsed(bytes, line) else {
                throw PriceError("the price list has a line that is no JSON: \(bytes.withBytes { String(decoding: $0[line].prefix(80), as: UTF8.self) })…")
            }
            lists.append(try PriceEntry.read(object, defaults))
        }
        return lists
    }

    // MARK: Lines

    private static func parsed(_ bytes: Bytes, _ line: Range<Int>) -> JSONValue? {
        bytes.withBytes { try? JSONParser.parse(UnsafeRawBufferPointer(rebasing: $0[line]).assumingMemoryBound(to: UInt8.self)) }
    }

    private static func provider(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> Range<Int>? {
        guard has(start, bytes, line.lowerBound, line.upperBound) else { return nil }
        let from = line.lowerBound + start.utf8CodeUnitCount
        guard let end = bytes[from..<line.upperBound].firstIndex(of: UInt8(ascii: "\"")), has(middle, bytes, end, line.upperBound) else { return nil }
        return from..<end
    }

    /// Whether one of the names of a line fits a model.
    private static func fits(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, provider: String, model: String) -> Bool {
        var position = line.lowerBound + start.utf8CodeUnitCount + provider.utf8.count + middle.utf8CodeUnitCount
        // At the first byte of a name.
        while position < line.upperBound {
            guard let end = bytes[position..<line.upperBound].firstIndex(of: UInt8(ascii: "\"")) else { return false }
            if PriceList.Fit.exactness(bytes[position..<end], model.utf8) != nil { return true }
            // `","` or `"]`
            guard end + 2 < line.upperBound, bytes[end + 1] == UInt8(ascii: ","), bytes[end + 2] == UInt8(ascii: "\"") else { return false }
            position = end + 3
        }
        return false
    }

    private static func has(_ text: StaticString, _ bytes: UnsafeRawBufferPointer, _ position: Int, _ end: Int) -> Bool {
        guard position + text.utf8CodeUnitCount <= end else { return false }
        return text.withUTF8Buffer { bytes[position..<position + text.utf8CodeUnitCount].elementsEqual($0) }
    }
}
