import Economics
import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Bundles

/// A run in one file: written the same each time, read as it was, and found out wherever it was changed.
@Suite struct BundleTests {
    private static let yaml = """
        version: 1
        name: letters
        inputs: { names: { type: array, items: { type: string } } }
        models: { small: { use: local/a, fallback: local/b }, large: { use: local/l } }
        budget: { max_cost_usd: 5 }
        steps:
          - id: each
            for_each: { items: "${{ inputs.names }}" }
            model: small
            prompt: "Write to ${{ item }}"
          - id: pick
            prompt: "Choose of ${{ steps.each.output }}"
            escalate: { tiers: [small, large], checks: { long: { expr: "size(output) > 8" } }, accept: long }
          - id: size
            run: ["wc", "-c"]
            stdin: "${{ steps.pick.output }}"
        outputs: { text: "${{ steps.pick.output }}", size: "${{ steps.size.output }}" }
        """

    /// A run with a gate, a program whose output is no UTF-8, and texts with what JSON has to escape.
    private static func recorded() async throws -> (archive: InMemoryArchive, run: RunRecord) {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, latency: .milliseconds(10)) { request, _ in
            .text(request.site?.tier == "small" && request.schemaName.hasPrefix("pick") ? "short" : "a \"longer\"\n\u{1}answer ü \(request.segments.count)")
        }
        let rig = EngineRig(clock: clock, provider: provider, tools: ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array("7 bytes".utf8), stderr: "") })
        let result = try await rig.run(yaml, ["names": ["ann", "bob \u{1F600}"]])
        #expect(result.status == .succeeded, "\(result)")
        let archive = InMemoryArchive(rig.journal)
        return (archive, try #require(try await archive.run(result.id.text)))
    }

    private static func bytes(_ archive: any RunArchive, _ run: RunRecord, without: [DocumentPath] = []) async throws -> [UInt8] {
        let collected = Mutex<[UInt8]>([])
        _ = try await BundleWriter(archive, run, without: without).write { line in collected.withLock { $0 += line } }
        return collected.withLock { $0 }
    }

    private static func lines(_ bytes: [UInt8]) -> [[UInt8]] { bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast().map(Array.init) }

    /// What holding a bundle against itself finds.
    private static func faults(_ bytes: [UInt8], head: ContentHash? = nil) -> [BundleFault] {
        var proof = BundleProof()
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A)
            let line = Array(rest[..<(end ?? rest.endIndex)])
            guard proof.take(line, BundleFile.Place(offset: rest.startIndex, count: line.count), isWhole: end != nil) else { break }
            rest = end.map { rest[($0 + 1)...] } ?? []
        }
        proof.finish(keptHead: head)
        return proof.faults
    }

    private func file(_ bytes: [UInt8]) throws -> (project: TemporaryProject, path: String) {
        let project = try TemporaryProject()
        try project.write(bytes, to: "run.bundle")
        return (project, project.path("run.bundle"))
    }

    @Test func theSameRunGivesTheSameBytesAndReadsAsItWas() async throws {
        let (archive, run) = try await Self.recorded()
        let bytes = try await Self.bytes(archive, run)
        #expect(try await Self.bytes(archive, run) == bytes)
        #expect(Self.faults(bytes) == [])
        let (project, path) = try file(bytes)
        let bundle = try RunBundle(path)
        let facts = try await archive.facts(run: run.id, after: 0, most: .max)
        #expect(bundle.header.run == run.id && bundle.header.workflow == "letters" && bundle.header.facts == facts.count && bundle.header.head == facts.last?.hash)
        let transcript = bundle.transcript
        // A page at a time, as they are read.
        var read: [EventRecord] = []
        while true {
            let page = try await transcript.events(after: read.count, most: 7)
            read += page
            if page.count < 7 { break }
        }
        #expect(read.map(\.hash) == facts.map(\.hash) && read.map(\.kind) == facts.map(\.kind))
        let fields = try await archive.transcript(of: run).documentFields()
        let hashes = fields.entries.map(\.hash)
        #expect(hashes.count > 12)
        #expect(try await transcript.documents(hashes) == (try await archive.documents(hashes)))
        #expect(try await transcript.redacted().isEmpty)
        #expect(bundle.documentCount == hashes.count)
        withExtendedLifetime(project) {}
    }

    @Test func documentsThatAreNoTextAndFactsThatAreNoJSONSurvive() throws {
        let odd = Blob([0xFF, 0x00, 0x80, 0x41])
        for line in [
            BundleLine.document(odd), .document(Blob(Array("\u{0}\u{FEFF}\"\\ü\r\n".utf8))), .document(Blob([])),
            .fact(RecordedFact(sequence: 3, kind: "odd\nkind", payload: Array("no JSON\n".utf8), at: Timestamp(microseconds: -5), hash: odd.hash), json: nil),
            .priceRow(id: "a", json: Array("{\"id\": \"a\" }".utf8)), .priceRow(id: "b", json: Array("?".utf8)), .leftOut(odd.hash, .redacted),
        ] {
            var bytes: [UInt8] = []
            line.write(to: &bytes)
            #expect(bytes.count { $0 == 0x0A } == 1 && bytes.last == 0x0A)
            var again: [UInt8] = []
            try BundleLine(bytes.dropLast()).write(to: &again)
            #expect(again == bytes)
        }
    }

    /// Every key and every value of every line, and bytes all over, each changed alone and no hash made again.
    @Test func everyChangeIsFoundAndNamed() async throws {
        let (archive, run) = try await Self.recorded()
        let bytes = try await Self.bytes(archive, run)
        let lines = Self.lines(bytes)
        var places: [(line: Int, offset: Int)] = []
        var start = 0
        for (index, line) in lines.enumerated() {
            // The last letter of each key and the first of each value, then every 23rd byte.
            for offset in line.indices where line[offset] == UInt8(ascii: ":") {
                places.append((index + 1, start + max(0, offset - 2)))
                if offset + 2 < line.count { places.append((index + 1, start + offset + 2)) }
            }
            for offset in stride(from: 0, to: line.count + 1, by: 23) { places.append((index + 1, start + offset)) }
            start += line.count + 1
        }
        #expect(places.count > 500)
        for (line, offset) in places {
            var changed = bytes
            changed[offset] ^= 1
            let faults = Self.faults(changed)
            // A feed that is gone makes one line of two.
            let isNamed = faults.contains { $0.line == line || bytes[offset] == 0x0A && $0.line == line + 1 }
            #expect(isNamed, "byte \(offset) of line \(line), \(String(decoding: lines[line - 1].prefix(80), as: UTF8.self)): \(faults)")
        }
    }

    /// A fact that was changed is named with its number and its kind, and those behind it are not.
    @Test func oneFactThatWasChangedIsNamedAlone() async throws {
        let (archive, run) = try await Self.recorded()
        let lines = Self.lines(try await Self.bytes(archive, run))
        for (index, line) in lines.enumerated() {
            guard case .fact(let fact, _) = try BundleLine(line) else { continue }
            var other: [UInt8] = []
            BundleLine.fact(
                RecordedFact(sequence: fact.sequence, kind: fact.kind, payload: fact.payload, at: Timestamp(microseconds: fact.at.microseconds + 1), hash: fact.hash),
                json: try JSONParser.parse(fact.payload)
            ).write(to: &other)
            var changed = lines
            changed[index] = Array(other.dropLast())
            let faults = Self.faults(Array(changed.map { $0 + [0x0A] }.joined()))
            #expect(faults.map(\.line) == [index + 1])
            #expect(faults.first?.description.contains("fact \(fact.sequence) (\(fact.kind)), is not what its link in the chain says") == true, "\(faults)")
        }
    }

    @Test func whatIsCutOrLeftOutOrOutOfOrderIsFound() async throws {
        let (archive, run) = try await Self.recorded()
        let bytes = try await Self.bytes(archive, run)
        let lines = Self.lines(bytes)
        func joined(_ lines: [[UInt8]]) -> [UInt8] { Array(lines.map { $0 + [0x0A] }.joined()) }
        for index in lines.indices {
            var without = lines
            without.remove(at: index)
            #expect(!Self.faults(joined(without)).isEmpty, "without line \(index + 1)")
            var twice = lines
            twice.insert(lines[index], at: index)
            #expect(!Self.faults(joined(twice)).isEmpty, "line \(index + 1) twice")
            guard index + 1 < lines.count else { continue }
            var swapped = lines
            swapped.swapAt(index, index + 1)
            #expect(!Self.faults(joined(swapped)).isEmpty, "lines \(index + 1) and \(index + 2) swapped")
        }
        for length in stride(from: 0, to: bytes.count, by: 61) + [bytes.count - 1] { #expect(!Self.faults(Array(bytes[..<length])).isEmpty, "cut at \(length)") }
        #expect(!Self.faults(bytes + [0x0A]).isEmpty && !Self.faults(bytes + bytes).isEmpty)
        #expect(Self.faults(bytes, head: ContentHash(of: "another")).map(\.line) == [1])
    }

    @Test func whatIsNoBundleIsSaid() throws {
        for text in ["", "{}\n", "hello\n", "{\"agentctl_bundle\":2,\"run\":\"a\"}\n", "[1]\n"] {
            let (project, path) = try file(Array(text.utf8))
            #expect(throws: BundleError.self, "\(text)") { _ = try RunBundle(path) }
            withExtendedLifetime(project) {}
        }
        let error = #expect(throws: BundleError.self) { _ = try RunBundle("/nonexistent/run.bundle") }
        #expect(error?.problem?.contains("cannot read /nonexistent/run.bundle") == true)
        #expect(throws: BundleError.self) { _ = try RunBundle("/tmp") }
        let newer = try file(Array("{\"agentctl_bundle\":2,\"run\":\"a\"}\n".utf8))
        let told = #expect(throws: BundleError.self) { _ = try RunBundle(newer.path) }
        #expect(told?.description.contains("version 2 of the format") == true, "\(String(describing: told))")
    }

    @Test func documentsThatAreLeftOutLeaveTheirHashes() async throws {
        let (archive, run) = try await Self.recorded()
        let path = try #require(DocumentPath("prompts"))
        let bytes = try await Self.bytes(archive, run, without: [path])
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("Write to ann") && text.contains("\"left_out\":") && text.contains("longer"))
        #expect(Self.faults(bytes) == [])
        let (project, place) = try file(bytes)
        let bundle = try RunBundle(place)
        let chosen = Set(path.chosen(of: try await archive.transcript(of: run).documentFields()).map(\.hash))
        #expect(chosen.count >= 3)
        #expect(try await bundle.transcript.redacted() == chosen && bundle.leftOut.allSatisfy { $0.reason == .asked })
        #expect(try await bundle.transcript.documents(Array(chosen)).isEmpty)
        withExtendedLifetime(project) {}
    }

    @Test func fieldsMeanWhatTheySay() async throws {
        let (archive, run) = try await Self.recorded()
        let fields = try await archive.transcript(of: run).documentFields()
        func names(_ text: String) throws -> [String] { try #require(DocumentPath(text), "\(text)").chosen(of: fields).flatMap(\.fields).map(\.description) }
        #expect(try names("inputs") == ["inputs"])
        #expect(try names("inputs.names.0") == ["inputs"])
        #expect(try names("steps.each[1].prompt") == ["steps.each[1].prompt"])
        #expect(try names("steps.each.prompt").count == 2, "of all items")
        #expect(try names("steps.size.stdout").contains("steps.size.stdout"))
        #expect(try names("answers").contains("steps.pick.answer") && !names("answers").contains("steps.size.output"))
        #expect(try !names("everything").contains("workflow") && names("everything").contains("outputs"))
        for text in ["", "input", "steps.draft", "steps.draft.colour", "prompts.a", "inputs..a", "steps..output"] { #expect(DocumentPath(text) == nil, "\(text)") }
    }
}

extension StrideTo<Int> {
    fileprivate static func + (numbers: StrideTo<Int>, more: [Int]) -> [Int] { Array(numbers) + more }
}
