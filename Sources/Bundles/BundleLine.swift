import Values
import WorkflowModel

/// What the first line of a bundle says.
public struct BundleHeader: Sendable, Hashable {
    public let run: String
    public let workflow: String
    /// The workflow's file, as it was named.
    public let file: String
    public let facts: Int
    public let head: ContentHash
    /// The program that began the run.
    public let program: String
}

/// Why a document that a fact names is not in a bundle.
public enum LeftOutReason: String, Sendable, Hashable {
    /// Whoever made the bundle left it out.
    case asked
    /// The ledger has it no more.
    case redacted
}

/// A line of a bundle. There is one way to write it: a line that is written otherwise was changed.
enum BundleLine {
    case header(BundleHeader)
    case priceRow(id: String, json: [UInt8])
    case document(Blob)
    case leftOut(ContentHash, LeftOutReason)
    /// - Parameter json: the payload; `nil` where it is none.
    case fact(RecordedFact, json: JSONValue?)
    case end(ContentHash, lines: Int)

    /// Of the form that this program writes.
    static let version = 1

    // MARK: Writing

    /// With its line feed.
    func write(to output: inout [UInt8]) {
        switch self {
        case .header(let header):
            var json = JSONObjectWriter(capacity: 384)
            json.put("agentctl_bundle", Self.version)
            json.put("run", header.run)
            json.put("workflow", header.workflow)
            json.put("file", header.file)
            json.put("facts", header.facts)
            json.put("head", header.head)
            json.put("program", header.program)
            output += json.finish()
        case .priceRow(let id, let row):
            var json = JSONObjectWriter(capacity: row.count + 96)
            json.put("price_row", id)
            if Self.standsAsItIs(row) != nil { json.put("row", json: row) } else { json.put("row_text", String(decoding: row, as: UTF8.self)) }
            output += json.finish()
        case .document(let blob):
            var json = JSONObjectWriter(capacity: blob.bytes.count + blob.bytes.count / 8 + 96)
            json.put("document", blob.hash)
            if let text = String(validating: blob.bytes, as: UTF8.self) {
                json.put("text", text)
            } else {
                var encoded: [UInt8] = [UInt8(ascii: "\"")]
                Base64.write(blob.bytes, to: &encoded)
                encoded.append(UInt8(ascii: "\""))
                json.put("base64", json: encoded)
            }
            output += json.finish()
        case .leftOut(let hash, let reason):
            var json = JSONObjectWriter(capacity: 112)
            json.put("left_out", hash)
            json.put("why", reason.rawValue)
            output += json.finish()
        case .fact(let fact, let parsed):
            var json = JSONObjectWriter(capacity: fact.payload.count + 192)
            json.put("fact", fact.sequence)
            json.put("at", Int(fact.at.microseconds))
            json.put("kind", fact.kind)
            json.put("hash", fact.hash)
            if parsed != nil { json.put("payload", json: fact.payload) } else { json.put("payload_text", String(decoding: fact.payload, as: UTF8.self)) }
            output += json.finish()
        case .end(let hash, let lines):
            var json = JSONObjectWriter(capacity: 112)
            json.put("end", hash)
            json.put("lines", lines)
            output += json.finish()
        }
        output.append(0x0A)
    }

    /// JSON that a line can have in it byte by byte, as a value.
    static func standsAsItIs(_ bytes: [UInt8]) -> JSONValue? {
        // A line ends at its feed, and a mark of the order of bytes may stand before a text alone.
        if bytes.contains(0x0A) || bytes.first == 0xEF { return nil }
        return try? JSONParser.parse(bytes)
    }

    // MARK: Reading

    /// - Parameter bytes: without the line feed.
    init(_ bytes: [UInt8]) throws(BundleFault.Reason) {
        let json: JSONValue
        do { json = try JSONParser.parse(bytes) } catch { throw BundleFault.Reason("is no JSON: \(error.message)") }
        guard let object = json.objectValue, let first = object.keys.first else { throw BundleFault.Reason("is no JSON object with a key") }
        func text(_ key: String) throws(BundleFault.Reason) -> String {
            guard let text = object[key]?.stringValue else { throw BundleFault.Reason("has no text under '\(key)'") }
            return text
        }
        func hash(_ key: String) throws(BundleFault.Reason) -> ContentHash {
            guard let hash = ContentHash(hex: try text(key)) else { throw BundleFault.Reason("has no hash under '\(key)'") }
            return hash
        }
        func number(_ key: String) throws(BundleFault.Reason) -> Int {
            guard let number = object[key]?.intValue.flatMap({ Int(exactly: $0) }) else { throw BundleFault.Reason("has no number under '\(key)'") }
            return number
        }
        /// What stands from behind the last key to the closing brace.
        func rest(_ key: String) throws(BundleFault.Reason) -> [UInt8] {
            guard object.keys.last?.hasSameBytes(as: key) == true else { throw BundleFault.Reason("has no '\(key)' at its end") }
            var before = JSONObject()
            for name in object.keys.dropLast() { before[name] = object[name] }
            var prefix = JSONEncoding.wire.bytes(.object(before))
            prefix.removeLast()
            prefix += Array(",\"\(key)\":".utf8)
            guard bytes.count > prefix.count, bytes.starts(with: prefix), bytes.last == UInt8(ascii: "}") else { throw BundleFault.Reason("is not written as a bundle's lines are") }
            return Array(bytes[prefix.count..<bytes.count - 1])
        }
        switch first {
        case "agentctl_bundle":
            guard let version = object[first]?.intValue else { throw BundleFault.Reason("does not say of which version the bundle is") }
            guard version == Int64(Self.version) else {
                throw BundleFault.Reason("is of version \(version) of the format, and this agentctl reads version \(Self.version): a newer one may know it")
            }
            self = .header(
                BundleHeader(run: try text("run"), workflow: try text("workflow"), file: try text("file"), facts: try number("facts"), head: try hash("head"), program: try text("program")))
        case "price_row": self = .priceRow(id: try text("price_row"), json: object["row_text"] == nil ? try rest("row") : Array(try text("row_text").utf8))
        case "document":
            let name = try hash("document")
            if object["base64"] == nil {
                self = .document(Blob(Array(try text("text").utf8), hash: name))
            } else {
                guard let bytes = Base64.decoded(try text("base64")) else { throw BundleFault.Reason("has no base64 under 'base64'") }
                self = .document(Blob(bytes, hash: name))
            }
        case "left_out":
            guard let reason = LeftOutReason(rawValue: try text("why")) else { throw BundleFault.Reason("does not say why the document is left out") }
            self = .leftOut(try hash("left_out"), reason)
        case "fact":
            let payload = object["payload_text"] == nil ? try rest("payload") : Array(try text("payload_text").utf8)
            self = .fact(
                RecordedFact(
                    sequence: try number("fact"), kind: try text("kind"), payload: payload, at: Timestamp(microseconds: Int64(try number("at"))), hash: try hash("hash")),
                json: object["payload"])
        case "end": self = .end(try hash("end"), lines: try number("lines"))
        default: throw BundleFault.Reason("is of a kind that this agentctl does not know: '\(first)'")
        }
        var again: [UInt8] = []
        again.reserveCapacity(bytes.count + 1)
        write(to: &again)
        guard again.dropLast().elementsEqual(bytes) else { throw BundleFault.Reason("is not written as a bundle's lines are") }
    }
}

/// Something in a bundle that is not as it was written.
public struct BundleFault: Error, Sendable, Hashable, CustomStringConvertible {
    struct Reason: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    /// From 1.
    public let line: Int
    /// Which fact, document or price row it is of; `nil`: of none.
    public let subject: String?
    public let message: String

    init(line: Int, _ subject: String? = nil, _ message: String) {
        self.line = line
        self.subject = subject
        self.message = message
    }

    public var description: String { "line \(line)\(subject.map { ", " + $0 + "," } ?? "") \(message)" }
}

/// A file that is no bundle, or not as it was written.
public struct BundleError: Error, Sendable, CustomStringConvertible {
    public let path: String
    /// The first ones.
    public let faults: [BundleFault]
    /// Where it could not be read at all.
    public let problem: String?

    public var description: String {
        if let problem { return problem }
        return "\(path) is not as it was written:\n" + faults.map { "  \($0)" }.joined(separator: "\n")
    }
}
