import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What cannot be, and is told all the same by another room, ends one run and no process.
@Suite struct FaultTests {
    @Test func aFactThatCannotBeEndsItsRunAlone() async throws {
        let usage = TokenUsage(plainInput: 1 << 55, plainOutput: 1)
        let rig = EngineRig { _, _ in .init(outcome: .success(ModelResponse(text: "x", finishReason: .stop)), billing: .reported, usage: usage, latency: nil) }
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: hi }"))
        await #expect {
            _ = try await rig.engine.run(graph, inputs: [:])
        } throws: { error in
            (error as? JournalError)?.description.contains("by a fault of the program: call_ended: the end of call") == true
        }
        // Its record stands as it was: the call is begun, and what it holds is held.
        #expect(rig.written.calls.count == 1 && rig.written.calls[0].end == nil && rig.written.end == nil)
    }
}
