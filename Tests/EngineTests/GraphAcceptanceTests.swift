import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Which files a run may take that has begun with others.
@Suite struct GraphAcceptanceTests {
    private static let text = """
        version: 1
        name: t
        inputs: { word: { default: a } }
        models: { m: { use: local/a }, n: { use: local/b } }
        defaults: { model: m }
        prefixes: { rules: { text: "be brief" } }
        steps:
          - { id: first, prompt: "first ${{ inputs.word }}", prefix: [rules] }
          - id: group
            needs: [first]
            with: { given: "${{ inputs.word }}" }
            steps:
              - { id: inside, prompt: "inside ${{ with.given }}" }
              - { id: ask, needs: [inside], approve: { message: "go?" } }
          - { id: last, needs: [group], prompt: "last" }
        outputs: { last: "${{ steps.last.output }}" }
        """

    private struct Change: Sendable, CustomTestStringConvertible {
        let before: String
        let after: String
        /// `nil`: it is taken.
        let objection: String?
        var testDescription: String { "\(before) -> \(after)" }

        init(_ before: String, _ after: String, _ objection: String? = nil) { (self.before, self.after, self.objection) = (before, after, objection) }
    }

    private static let changes = [
        Change("prompt: \"last\"", "prompt: \"the last\""), Change("message: \"go?\"", "message: \"really?\""), Change("outputs: { last", "outputs: { end"),
        Change("name: t\n", "name: t\nconcurrency: 2\n"), Change("name: t\n", "# a comment\nname: t\n"), Change("id: first,", "id: first, description: about it,"),
        Change("  - { id: last", "  - { id: more, value: \"1\" }\n  - { id: last"),
        Change("\"first ", "\"1st ", "step 'first' has ended, and is another now"), Change("be brief", "be long", "step 'first' has ended, and is another now"),
        Change("use: local/a", "use: local/c", "step 'first' has ended, and is another now"), Change("use: local/b", "use: local/c"),
        Change("\"inside ", "\"within ", "step 'group/inside' has ended, and is another now"),
        Change("id: inside", "id: within", nil), Change("given: \"${{ inputs.word }}\"", "given: \"x\"", "the steps inside of 'group' have begun, and what it gives them is another now"),
        Change("word: { default: a }", "word: { default: a }, more: { default: 1 }", "the workflow takes other inputs now"),
        Change("name: t\n", "name: t\nbudget: { max_cost_usd: 1 }\n", "its budget is another now, and a run keeps the one that it began with"),
        Change("name: t\n", "name: u\n", "it is of the workflow t, and this one is u"),
    ]

    @Test(arguments: changes) private func whatIsTaken(change: Change) async throws {
        let was = try workflow(Self.text)
        let rig = EngineRig { request, _ in .text("(\(request.segments.map(\.text).joined()))") }
        let waiting = try await rig.run(was)
        #expect(waiting.status == .waiting)
        var text = Self.text.replacing(change.before, with: change.after)
        var objection = change.objection
        if change.after == "id: within" {
            text = text.replacing("needs: [inside]", with: "needs: [within]")
            objection = "step 'group/inside' has ended, and there is none of that name any more"
        }
        let now = try workflow(text)
        #expect(now.hash != was.hash)
        let events = try await InMemoryArchive(rig.journal).events(run: waiting.id.text, filter: EventFilter(limit: .max))
        let inputs = try InputBinding.bind([:], to: was)
        let found = try await GraphAcceptance.objection(to: now, inPlaceOf: was, run: waiting.id, events, inputs: inputs) { hashes throws(JournalError) in
            try await rig.journal.documents(hashes)
        }
        #expect(found == objection)
        guard found == nil else { return }
        // It goes on with the new ones, and the next process has them.
        let again = EngineRig { request, _ in .text("(\(request.segments.map(\.text).joined()))") }
        let journal = rig.journal.cut(waiting.id, after: rig.written.entries.count)
        let next = EngineRig(clock: again.clock, journal: journal, provider: again.provider)
        let resumed = try await next.engine.resume(waiting.id, now, accepted: AcceptedRun(graph: was.hash, facts: events.count))
        #expect(resumed.status == .waiting, "\(String(describing: resumed.failure))")
        #expect(next.written.payloads("files_accepted").count == 1)
        let third = EngineRig(clock: ManualClock(), journal: journal.cut(waiting.id, after: next.written.entries.count), provider: again.provider)
        #expect(try await third.engine.resume(waiting.id, now).status == .waiting)
        #expect(third.written.payloads("files_accepted").count == 1)
    }

    /// Of one text the meaning is one, in every process: nothing in it goes by an order of hashes or a place in memory.
    @Test(arguments: ResumeTests.Sample.allCases) func aMeaningIsAFigureOfTheText(sample: ResumeTests.Sample) throws {
        let (one, two) = (try sample.graph(), try sample.graph())
        for (a, b) in zip(one.steps, two.steps) { #expect(StepMeaning.hash(of: a, in: one) == StepMeaning.hash(of: b, in: two), "\(a.id)") }
        #expect(Set(one.steps.map { StepMeaning.hash(of: $0, in: one).hex }).count == one.steps.count)
    }
}
