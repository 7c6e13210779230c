import Foundation
import GRDB
import TestSupport
import Testing

/// `follow` and `show` tell of a run whatever has become of the files that its workflow was in.
@Suite struct FollowTests {
    private let workflow = """
        version: 1
        name: told
        models: { m: { use: stub/echo } }
        defaults: { model: m, limits: { max_output_tokens: 64 } }
        steps:
          - { id: draft, prompt: "hello" }
          - { id: group, needs: [draft], steps: [{ id: inner, value: "1" }] }
        """

    enum Fate: CaseIterable {
        case asItWas, edited, gone
        /// Also what the ledger has of it.
        case forgotten
    }

    @Test(arguments: Fate.allCases) func aRunIsToldOfWhateverBecameOfItsWorkflow(fate: Fate) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("told.yaml", workflow)
        #expect(try await sandbox.agentctl("run", "told.yaml", "--quiet").code == 0)
        switch fate {
        case .asItWas: break
        case .edited: try sandbox.write("told.yaml", workflow.replacingOccurrences(of: "draft", with: "other"))
        case .gone: unlink(sandbox.path("told.yaml"))
        case .forgotten:
            unlink(sandbox.path("told.yaml"))
            let ledger = try DatabaseQueue(path: sandbox.path(".agentctl/ledger.db"))
            try await ledger.write { try $0.execute(sql: "DELETE FROM blob_key; DELETE FROM blob") }
        }
        let followed = try await sandbox.agentctl("follow", "last")
        #expect(followed.code == 0, "\(followed.err)")
        for line in ["told  started", "draft  started", "draft  succeeded", "group/inner  succeeded", "group  succeeded", "told  succeeded"] {
            #expect(followed.err.contains(line), "\(line) is missing in:\n\(followed.err)")
        }
        // The kinds and the number of steps are the workflow's to tell.
        #expect(followed.err.contains("3 steps") == (fate != .forgotten))
        let shown = try await sandbox.agentctl("show", "last")
        #expect(shown.code == 0 && shown.out.contains("draft") && shown.out.contains("inner"), "\(shown.out)\(shown.err)")
        let events = try await sandbox.agentctl("follow", "last", "--events")
        #expect(events.code == 0 && events.lines.first?.contains("run_started") == true && events.lines.last?.contains("run_ended") == true)
    }
}
