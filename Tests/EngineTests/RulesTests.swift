import Economics
import Engine
import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

/// Runs keep the rules that they were begun under. The records are of the program as it was when it knew rules 1.
@Suite struct RulesTests {
    /// A run as it was recorded, with the texts that its facts name.
    struct Record: CustomTestStringConvertible, Sendable {
        let name: String
        let json: JSONValue
        var testDescription: String { name }

        static let all = ["empty-answers", "killed-twice"].map { Record(folder: "rules-1", name: $0) }
        /// Of the program that knew facts of form 2.
        static let former = ["killed-and-asked", "waits", "fails"].map { Record(folder: "facts-2", name: $0) }

        private init(folder: String, name: String) {
            let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Fixtures/\(folder)/\(name).json").path
            self.name = name
            json = try! JSONParser.parse(Array(FileManager.default.contents(atPath: path)!))
        }

        var events: [JSONValue] { json["events"]!.arrayValue! }
        var run: RunID { RunID(json["run"]!.stringValue!) }
        var outputs: JSONObject { json["outputs"]!.objectValue! }
        var inputs: JSONObject {
            let hash = events[0]["payload"]?["inputs"]?.stringValue ?? ""
            return (json["documents"]?[hash]?.stringValue).flatMap { try? JSONParser.parse($0).objectValue } ?? [:]
        }

        /// What a process finds after so many facts.
        func journal(events count: Int, of graph: WorkflowGraph) -> InMemoryJournal {
            var entries: [JournalEntry] = []
            for event in events.prefix(count) {
                let entry = JournalEntry(run: run)
                let (kind, payload) = (event["kind"]!.stringValue!, event["payload"]!)
                entry.facts = [
                    JournaledEvent(
                        try! RunEvent(kind: kind, payload: payload, run: run), kind: kind, payload: Array(payload.jsonText.utf8),
                        at: Timestamp(microseconds: event["at"]!.intValue!))
                ]
                for (_, hash) in RunEvent.documents(in: payload) {
                    if let text = json["documents"]?[hash.hex]?.stringValue { entry.blobs.append(Blob(text: text, hash: hash)) }
                }
                entries.append(entry)
            }
            return InMemoryJournal(RunStart(id: run, location: ""), entries)
        }
    }

    /// As the server answered then.
    @Sendable private static func answer(_ request: ModelRequest, _: Int) -> ScriptedProvider.Answer {
        let prompt = request.segments[0].text
        switch request.model.model {
        case "stub-empty": return .text("")
        case "stub-403": return .failure(.authentication)
        case "stub-invalid-once": return request.segments.count > 1 ? .text(#"{"n":1}"#) : .text("this is not JSON")
        case "stub-500-once", "stub-429-once": return .text("{}")
        default: return prompt.hasPrefix("this is far longer") ? .text("this is far longer than the eigh", finish: .length) : .text(prompt)
        }
    }

    /// Whatever was recorded when the process died, the run ends as it did: an answer without text was a success and stays one,
    /// also those that come now.
    @Test(arguments: Record.all) func aRecordedRunFoldsAsItDid(record: Record) async throws {
        let graph = try workflow(record.json["workflow"]!.stringValue!)
        #expect(record.events[0]["payload"]?["rules"] == nil)
        for count in 1..<record.events.count {
            let journal = record.journal(events: count, of: graph)
            let clock = ManualClock(startingAt: Timestamp(microseconds: record.events[count - 1]["at"]!.intValue!))
            let tools = ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array("done\n".utf8), stderr: "") }
            let rig = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, script: Self.answer), tools: tools, prices: .perToken(provider: "stub"))
            let result = try await rig.engine.resume(record.run, graph)
            #expect(result.status == .succeeded, "after \(count) facts: \(String(describing: result.failure))")
            // What failed for a moment then does not fail again.
            #expect(result.outputs?.with("attempts", 1) == record.outputs.with("attempts", 1), "after \(count) facts")
            let answered = record.events.prefix(count).filter { $0["kind"] == "call_ended" }.count
            let all = record.events.filter { $0["kind"] == "call_ended" }.count
            #expect(rig.provider.requests.count <= all - answered, "after \(count) facts")
        }
    }

    /// From wherever it is gone on with, it ends as it did, or waits for the answer that was given behind that fact.
    @Test(arguments: Record.former) func factsOfFormTwoFoldAsTheyDid(record: Record) async throws {
        let graph = try workflow(record.json["workflow"]!.stringValue!)
        #expect(record.events[0]["payload"]?["facts"] == 2)
        let status = RunStatus(rawValue: record.json["status"]!.stringValue!)!
        let isOver = status == .waiting ? 0 : 1
        for count in 1...(record.events.count - isOver) {
            let journal = record.journal(events: count, of: graph)
            let clock = ManualClock(startingAt: Timestamp(microseconds: record.events[count - 1]["at"]!.intValue!))
            let tools = ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array("done\n".utf8), stderr: "") }
            let provider = ScriptedProvider(clock: clock) { request, _ in
                switch request.model.model {
                case "stub-invalid-once": request.segments.count > 1 ? .text(#"{"n":1}"#) : .text("this is not JSON")
                case "stub-401": .failure(.authentication)
                default: .text(request.segments.map(\.text).joined())
                }
            }
            let rig = EngineRig(clock: clock, journal: journal, provider: provider, tools: tools, prices: .perToken(provider: "stub"))
            let result = try await rig.engine.resume(record.run, graph)
            let isAnswered = record.events.prefix(count).contains { $0["kind"] == "approval_decided" }
            let expected: RunStatus = status == .succeeded && !isAnswered ? .waiting : status
            #expect(result.status == expected, "after \(count) facts: \(String(describing: result.failure)) \(result.waitsFor) \(rig.journal.run(record.run)!.story.suffix(9))")
            if result.status == .succeeded { #expect(result.outputs == record.outputs) }
        }
    }

    @Test func aNewRunHasTheRulesOfTheProgram() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        let started = try #require(rig.written.payloads("run_started").first)
        #expect(started["rules"] == .int(Int64(Rules.current.version)) && started["facts"] == 3)
    }

    @Test func rulesOfANewerProgramAreRefused() async throws {
        let graph = try workflow("version: 1\nname: t\nsteps: [{ id: a, value: \"1\" }]")
        let rig = EngineRig { _, _ in .text("x") }
        let whole = try await rig.run(graph)
        let entry = JournalEntry(run: whole.id)
        let hash = ContentHash(of: "")
        entry.facts = [
            JournaledEvent(
                .runStarted(
                    RunStarted(
                        workflow: "t", graph: graph.hash, sources: hash, inputs: rig.written.started!.inputs, maxCost: nil, encoder: 1, program: "agentctl 9",
                        rules: Rules(version: 9))),
                at: ManualClock.epoch)
        ]
        entry.blobs = rig.written.entries[0].blobs
        let journal = InMemoryJournal(rig.written.start, [entry])
        let again = EngineRig(journal: journal, provider: rig.provider)
        await #expect {
            try await again.engine.resume(whole.id, graph)
        } throws: { ($0 as? JournalError)?.code == .tooNew }
    }
}
