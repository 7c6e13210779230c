import Economics
import Values
import WorkflowModel

/// Holds a bundle against itself, line by line.
struct BundleProof {
    private(set) var header: BundleHeader?
    private(set) var facts: [BundleFile.Place] = []
    private(set) var documents: [ContentHash: BundleFile.Place] = [:]
    private(set) var priceRows: TextTable<BundleFile.Place> = [:]
    private(set) var leftOut: [(hash: ContentHash, reason: LeftOutReason)] = []
    /// The hash that the last line tells.
    private(set) var told: ContentHash?
    private(set) var faults: [BundleFault] = []
    /// Whether the first line is that of no bundle.
    private(set) var isOther = false

    private var hasher = ContentHasher()
    private var number = 0
    private var isOver = false
    /// Whether all lines have the hash that the last one tells.
    private var isWhole = true
    private var chain = EventChain()
    private var head: ContentHash?
    private var replay: RunReplay?
    private var knownFaults = 0
    private var missing: Set<ContentHash> = []
    /// What came since the last fact: the next one is to name it.
    private var waiting: [(hash: ContentHash, line: Int, bytes: [UInt8]?)] = []
    private var waitingRows: [(id: String, line: Int)] = []
    private var openedLists: Set<ContentHash> = []

    /// Beyond these nothing is told any more.
    private static let mostFaults = 20

    private mutating func fault(_ subject: String? = nil, _ message: String) { faults.append(BundleFault(line: number, subject, message)) }

    /// - Returns: whether to go on.
    mutating func take(_ bytes: [UInt8], _ place: BundleFile.Place, isWhole: Bool) -> Bool {
        number += 1
        if isOver {
            fault(nil, "stands behind the end")
            return false
        }
        let line: BundleLine
        do {
            line = try BundleLine(bytes)
        } catch {
            fault(subject(of: bytes), isWhole ? error.text : "is cut: the file ends in it")
            isOther = number == 1 && header == nil && !bytes.starts(with: Array("{\"agentctl_bundle\"".utf8))
            follow(bytes)
            return !isOther && faults.count < Self.mostFaults
        }
        if !isWhole { fault(nil, "has no line feed: the file was cut") }
        if number == 1 {
            guard case .header(let header) = line else {
                fault(nil, "does not say that the file is a bundle")
                isOther = true
                return false
            }
            begin(header)
        } else {
            take(line, place)
        }
        if !isOver { follow(bytes) }
        return faults.count < Self.mostFaults
    }

    private mutating func follow(_ bytes: [UInt8]) {
        hasher.update(bytes)
        hasher.update([0x0A])
    }

    /// What a line that cannot be read seems to be of.
    private func subject(of bytes: [UInt8]) -> String? {
        let start = String(decoding: bytes.prefix(96), as: UTF8.self)
        if start.hasPrefix("{\"fact\":") { return "fact \(facts.count + 1)" }
        for (key, name) in [("document", "document"), ("left_out", "the document left out,"), ("price_row", "price row")] where start.hasPrefix("{\"\(key)\":\"") {
            return "\(name) \(start.dropFirst(key.utf8.count + 5).prefix { $0 != "\"" })"
        }
        return nil
    }

    /// Deeper no workflow goes: steps of steps are drawn as a tree.
    private static let deepestPath = 200

    private mutating func begin(_ header: BundleHeader) {
        self.header = header
        let isName = !header.run.isEmpty && header.run.utf8.count <= 128 && header.run != "last"
        if !isName || !header.run.utf8.allSatisfy({ byte in UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || "-_.".utf8.contains(byte) }) {
            fault(nil, "names a run by what no run is named: letters, digits, '-', '_' and '.'")
        }
        if [header.workflow, header.file, header.program].contains(where: { $0.utf8.contains(0) }) { fault(nil, "has a NUL in a name") }
        head = EventChain.origin(of: header.run)
        replay = RunReplay(run: RunID(header.run), keeping: "run")
    }

    private mutating func take(_ line: BundleLine, _ place: BundleFile.Place) {
        switch line {
        case .header: fault(nil, "begins a bundle inside of one")
        case .priceRow(let id, let json):
            if priceRows[id] != nil { fault("price row \(id)", "stands twice") }
            if !PriceRow.isTold(id: id, by: String(decoding: json, as: UTF8.self)) { fault("price row \(id)", "is not what the digits at the end of its id say") }
            priceRows[id] = place
            waitingRows.append((id, number))
        case .document(let blob):
            if documents[blob.hash] != nil { fault("document \(blob.hash.hex)", "stands twice") }
            if ContentHash(of: blob.bytes) != blob.hash { fault("document \(blob.hash.hex)", "is not what its hash says") }
            documents[blob.hash] = place
            waiting.append((blob.hash, number, blob.bytes))
        case .leftOut(let hash, let reason):
            if missing.contains(hash) || documents[hash] != nil { fault("document \(hash.hex)", "stands twice") }
            missing.insert(hash)
            leftOut.append((hash, reason))
            waiting.append((hash, number, nil))
        case .fact(let fact, let json): take(fact, json, place)
        case .end(let hash, let lines):
            isOver = true
            told = hash
            if lines != number { fault(nil, "says that there are \(lines) lines, and is line \(number)") }
            isWhole = hash == hasher.hash
        }
    }

    // MARK: Facts

    private mutating func take(_ fact: RecordedFact, _ json: JSONValue?, _ place: BundleFile.Place) {
        let subject = "fact \(facts.count + 1) (\(fact.kind))"
        facts.append(place)
        if fact.sequence != facts.count { fault(subject, "says that it is fact \(fact.sequence)") }
        if let head {
            let link = fact.payload.withUnsafeBytes { chain.link(after: head, sequence: Int64(facts.count), at: fact.at.microseconds, kind: fact.kind, payload: $0) }
            let from = facts.count == 1 ? ", which begins with the run's id in line 1" : ""
            if link != fact.hash { fault(subject, "is not what its link in the chain says\(from)") }
        }
        // Those behind it are held against what it tells: each that was changed is named, and no other.
        head = fact.hash
        let payload = json ?? .null
        if facts.count == 1 { compare(payload, fact.kind) }
        if json == nil { fault(subject, "has a payload that is no JSON") }
        if let path = payload["step"]?.stringValue, path.utf8.contains(0) || path.utf8.reduce(0, { $1 == UInt8(ascii: "/") ? $0 + 1 : $0 }) > Self.deepestPath {
            fault(subject, "is of a step as no workflow has: its path is more than \(Self.deepestPath) steps deep, or has a NUL")
            return
        }
        replay?.take(facts.count, kind: fact.kind, payload: payload, at: fact.at)
        if let replay {
            for message in replay.faults[knownFaults...] { fault(subject, message) }
            knownFaults = replay.faults.count
            if replay.unknown.contains(fact.kind) { fault(subject, "is of a kind that this agentctl does not know: a newer one may know it") }
        }
        lookFor(payload, subject)
    }

    /// What the first line says of the run follows from the first fact.
    private mutating func compare(_ start: JSONValue, _ kind: String) {
        guard let header else { return }
        let first = BundleFault.self
        func differs(_ key: String, _ told: String) -> Bool { start[key]?.stringValue.map { !$0.hasSameBytes(as: told) } ?? false }
        for (key, told) in [("workflow", header.workflow), ("file", header.file), ("program", header.program)] where differs(key, told) {
            faults.append(first.init(line: 1, nil, "says '\(told)' under '\(key)', and the run's first fact says '\(start[key]?.stringValue ?? "")'"))
        }
        if !kind.hasSameBytes(as: RunEvent.Kind.runStarted.rawValue) { fault("fact 1 (\(kind))", "is not that the run began") }
    }

    /// Documents and rows stand before the first fact that names them.
    private mutating func lookFor(_ payload: JSONValue, _ subject: String) {
        var named: Set<ContentHash> = []
        for (key, hash) in RunEvent.documents(in: payload) {
            named.insert(hash)
            guard RunEvent.listKeys.contains(where: { key.hasSameBytes(as: $0) }), openedLists.insert(hash).inserted else { continue }
            // Only what stands right before it can be a list that was not opened before.
            guard let bytes = waiting.first(where: { $0.hash == hash })?.bytes, let list = try? JSONParser.parse(bytes) else { continue }
            named.formUnion(RunEvent.documents(inList: list))
        }
        for hash in named.sorted(by: { $0.hex < $1.hex }) where documents[hash] == nil && !missing.contains(hash) {
            fault(subject, "names document \(hash.hex), which is not there and is not said to be left out")
        }
        for (hash, line, _) in waiting where !named.contains(hash) {
            faults.append(BundleFault(line: line, "document \(hash.hex)", "is named by no fact behind it"))
        }
        waiting.removeAll(keepingCapacity: true)
        if waitingRows.isEmpty { return }
        let ids = TextSet(Self.priceRows(in: payload))
        for (id, line) in waitingRows where !ids.contains(id) { faults.append(BundleFault(line: line, "price row \(id)", "is named by no fact behind it")) }
        waitingRows.removeAll()
    }

    /// The price rows that a fact goes by.
    static func priceRows(in payload: JSONValue) -> [String] {
        let ids = (payload["price_rows"]?.arrayValue ?? []).compactMap(\.stringValue)
        return ids + (payload["new_price_rows"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
    }

    // MARK: The end

    mutating func finish(keptHead: ContentHash?) {
        guard !isOther, faults.count < Self.mostFaults else { return }
        guard let header else {
            if !faults.isEmpty { return }
            return faults.append(BundleFault(line: 1, nil, "is missing: the file is empty"))
        }
        if !isOver { faults.append(BundleFault(line: number + 1, nil, "is missing: the file was cut before its last line")) }
        if !faults.isEmpty { return }
        for (_, line, _) in waiting { faults.append(BundleFault(line: line, nil, "is named by no fact behind it")) }
        for (_, line) in waitingRows { faults.append(BundleFault(line: line, nil, "is named by no fact behind it")) }
        if facts.count != header.facts { faults.append(BundleFault(line: 1, nil, "says that there are \(header.facts) facts, and there are \(facts.count)")) }
        if head != header.head { faults.append(BundleFault(line: 1, nil, "says that the head of the chain is \(header.head.hex), and it is \(head?.hex ?? "none")")) }
        // Where nothing else is wrong, it is in what nothing else covers.
        if faults.isEmpty, !isWhole {
            faults.append(BundleFault(line: number, nil, "tells another hash than the lines before it have: one of them, or this one, was changed"))
        }
        if let keptHead, keptHead != header.head {
            faults.append(BundleFault(line: 1, nil, "says that the head of the chain is \(header.head.hex), and the one that was kept elsewhere is \(keptHead.hex)"))
        }
    }
}
