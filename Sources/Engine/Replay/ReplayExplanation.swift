import Values
import WorkflowModel

/// Says of a finding what it comes to: which step, what was expected and what was made, and where the first byte is another.
struct ReplayExplanation {
    private let transcript: any RunTranscript
    private let record: ReplayRecord

    init(_ transcript: any RunTranscript, _ record: ReplayRecord) {
        self.transcript = transcript
        self.record = record
    }

    func difference(_ found: ReplayFinding) async throws(JournalError) -> ReplayDifference {
        let fact = found.index.map { record.facts[$0] }
        guard let made = found.made else {
            return ReplayDifference(
                found.what, at: found.path, sequence: fact?.sequence, expected: found.expected, found: found.found,
                firstByte: Self.firstByte(found.expected, found.found), sentence(found.path, fact, found.message ?? ""))
        }
        guard let fact else {
            return ReplayDifference(
                made.kind == "call_started" ? .call : .decision, at: found.path, found: "\(made.kind) \(text(made.payload))",
                sentence(found.path, nil, "\(made.kind) is made, and the record has nothing more there"))
        }
        guard let key = found.key else {
            let isCall = made.kind == "call_started" || fact.kind == "call_started"
            return ReplayDifference(
                isCall ? .call : .decision, at: found.path, sequence: fact.sequence, expected: "\(fact.kind) \(fact.payload.jsonText)", found: "\(made.kind) \(text(made.payload))",
                sentence(found.path, fact, "the record has \(fact.kind), and \(made.kind) is made"))
        }
        let payload = try? JSONParser.parse(made.payload)
        let (own, other) = (fact.payload[key], payload?[key])
        if key == "request", let difference = try await request(found, fact, own, other) { return difference }
        var (expected, shown) = (own.map(Self.shown), other.map(Self.shown))
        var what = ReplayDifference.What.decision
        if ["output", "outputs", "stdout", "response", "items", "inputs", "message"].contains(key) {
            what = .output
            if let hash = own?.stringValue.flatMap(ContentHash.init(hex:)) {
                let documents = try await transcript.documents([hash])
                if let bytes = documents[hash] { expected = text(bytes) }
            }
            if let hash = other?.stringValue.flatMap(ContentHash.init(hex:)), let blob = found.blobs.first(where: { $0.hash == hash }) { shown = text(blob.bytes) }
        }
        let byte = Self.firstByte(expected, shown)
        return ReplayDifference(
            what, at: found.path, sequence: fact.sequence, expected: expected, found: shown, firstByte: byte,
            sentence(found.path, fact, "'\(key)' of \(fact.kind) is another" + (byte.map { " from byte \($0) on" } ?? "")))
    }

    /// Which segment of a request is another one, or which setting.
    private func request(_ found: ReplayFinding, _ fact: EventRecord, _ own: JSONValue?, _ other: JSONValue?) async throws(JournalError) -> ReplayDifference? {
        guard let mine = own?.stringValue.flatMap(ContentHash.init(hex:)), let theirs = other?.stringValue.flatMap(ContentHash.init(hex:)),
            let blob = found.blobs.first(where: { $0.hash == theirs }), let made = try? JSONParser.parse(blob.bytes)
        else { return nil }
        let documents = try await transcript.documents([mine])
        let call = fact.payload["call"]?.intValue.map { "call \($0)" } ?? "a call"
        guard let bytes = documents[mine], let recorded = try? JSONParser.parse(bytes) else {
            return ReplayDifference(
                .request, at: found.path, sequence: fact.sequence, expected: mine.hex, found: theirs.hex, sentence(found.path, fact, "the request of \(call) is another; the recorded one was taken out"))
        }
        let (before, after) = (recorded["segments"]?.arrayValue ?? [], made["segments"]?.arrayValue ?? [])
        for index in 0..<max(before.count, after.count) {
            let one: JSONValue? = index < before.count ? before[index] : nil
            let two: JSONValue? = index < after.count ? after[index] : nil
            if one == two { continue }
            let hash = one?["hash"]?.stringValue.flatMap(ContentHash.init(hex:))
            let texts = try await transcript.documents(hash.map { [$0] } ?? [])
            let expected = hash.flatMap { texts[$0] }.map(text)
            let shown = two?["hash"]?.stringValue.flatMap(ContentHash.init(hex:)).flatMap { hash in found.blobs.first { $0.hash == hash } }.map { text($0.bytes) }
            let origin = (one ?? two)?["origin"]?.stringValue ?? ""
            let byte = one?["hash"] == two?["hash"] ? nil : Self.firstByte(expected, shown)
            return ReplayDifference(
                .request, at: found.path, sequence: fact.sequence, expected: expected, found: shown, firstByte: byte,
                sentence(found.path, fact, "the request of \(call) is another: segment \(index + 1) (\(origin))" + (byte.map { " from byte \($0) on" } ?? "")))
        }
        let (expected, shown) = (text(bytes), text(blob.bytes))
        return ReplayDifference(
            .request, at: found.path, sequence: fact.sequence, expected: expected, found: shown, firstByte: Self.firstByte(expected, shown),
            sentence(found.path, fact, "the request of \(call) is another: its settings"))
    }

    // MARK: Texts

    private func sentence(_ path: String, _ fact: EventRecord?, _ text: String) -> String {
        (path.isEmpty ? "the run" : "step '\(path)'") + (fact.map { ", fact \($0.sequence)" } ?? "") + ": " + text
    }

    private static func shown(_ value: JSONValue) -> String { value.stringValue ?? value.jsonText }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// `nil`: one of them is not there, or they are the same.
    static func firstByte(_ one: String?, _ other: String?) -> Int? {
        guard let one, let other else { return nil }
        var (place, left, right) = (0, one.utf8.makeIterator(), other.utf8.makeIterator())
        while true {
            let (a, b) = (left.next(), right.next())
            if a != b { return place }
            if a == nil { return nil }
            place += 1
        }
    }
}
