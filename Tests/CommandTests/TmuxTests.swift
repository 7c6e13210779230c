import Foundation
import TestSupport
import Testing
import Values

/// S1, S2: the live tree in a real terminal, with its history. Skipped where there is no tmux.
@Suite(.enabled(if: Tmux.program != nil, "tmux is not installed")) struct TmuxTests {
    /// A workflow of so many steps in eight chains, two of which fail after three tries and are done without.
    private static func workflow(steps: Int) -> String {
        var text = "version: 1\nname: wide\nmodels: { m: { use: stub/stub-echo+20ms }, bad: { use: stub/stub-500+20ms } }\n"
        text += "defaults: { model: m, retry: { max_attempts: 3 }, limits: { max_input_tokens: 2000, max_output_tokens: 9 } }\nsteps:\n"
        for step in 0..<steps {
            let isBad = step == 1 || step == steps / 2
            text += "  - { id: s\(step), prompt: hi\(isBad ? ", model: bad, on_error: continue" : "")\(step < 8 ? "" : ", needs: [s\(step - 8)]") }\n"
        }
        return text
    }

    /// Runs it below so many lines, to its end.
    ///
    /// - Returns: what is in the window, and all that can be scrolled to.
    private func run(steps: Int, columns: Int, rows: Int, linesBefore: Int) async throws -> (window: [String], all: [String]) {
        let sandbox = try Sandbox()
        try sandbox.write("agentctl.yaml", "version: 1\nproviders: { stub: { api: openai-chat, base_url: \"\(sandbox.server.baseURL)\" } }\n")
        try sandbox.write("wide.yaml", Self.workflow(steps: steps))
        let name = "agentctl-\(UUID().uuidString)"
        func tmux(_ arguments: String...) async throws -> [String] {
            let result = try await Sandbox.run(Tmux.program!, ["-L", name, "-f", "/dev/null"] + arguments, in: sandbox.folder, environment: ["TMUX": "", "TERM": "xterm-256color"])
            return result.out.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        let script = "i=0; while [ $i -lt \(linesBefore) ]; do echo before $i; i=$((i+1)); done; '\(Sandbox.program)' run wide.yaml; '\(Tmux.program!)' -L \(name) wait-for -S done; cat"
        _ = try await tmux("new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", script)
        _ = try await tmux("wait-for", "done")
        let window = try await tmux("capture-pane", "-p")
        let all = try await tmux("capture-pane", "-p", "-S", "-")
        _ = try await tmux("kill-server")
        return (window, all)
    }

    @Test(arguments: [60, 80, 140], [5, 60, 200]) func nothingOfTheHistoryIsLost(columns: Int, steps: Int) async throws {
        // In the middle of a long history, and from the top row of an empty window.
        for linesBefore in [40, 0] {
            let (window, all) = try await run(steps: steps, columns: columns, rows: 24, linesBefore: linesBefore)
            #expect(all.filter { $0.hasPrefix("before ") } == (0..<linesBefore).map { "before \($0)" })
            // One picture and what is said before and behind it: none of the earlier ones is left.
            #expect(all.count < linesBefore + 24 + 10 && all.count { $0.contains("wide  succeeded") } == 1, "\(all)")
            #expect(window.contains { $0.hasPrefix("✗ s1 ") } && window.contains { $0.hasPrefix("✗ s\(steps / 2) ") }, "\(window)")
            #expect(window.contains { $0.contains("2 failed") } && window.joined(separator: " ").contains("the server answered 500"), "\(window)")
            if steps > 24 { #expect(window.contains { $0.hasPrefix("… ") && $0.contains("done") }, "\(window)") }
        }
    }

    @Test func aLowWindowHasTheFailure() async throws {
        let (window, all) = try await run(steps: 60, columns: 80, rows: 10, linesBefore: 30)
        #expect(all.count { $0.hasPrefix("before ") } == 30)
        #expect(window.contains { $0.hasPrefix("✗ s1 ") } && window.contains { $0.contains("2 failed") }, "\(window)")
    }
}

private enum Tmux {
    static let program = ["/usr/bin/tmux", "/usr/local/bin/tmux"].first { FileManager.default.isExecutableFile(atPath: $0) }
}
