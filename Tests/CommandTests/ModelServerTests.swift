import Foundation
import TestSupport
import Testing
import Values

/// Model servers that agentctl starts. Time limits are for a failure: a server that is not started again is waited for.
@Suite struct ModelServerTests {
    /// A project whose server notes its process, and a second one that it starts, before it serves.
    private func sandbox(_ steps: String, helper: Bool = false) throws -> Sandbox {
        let sandbox = try Sandbox()
        let program = Sandbox.besideTests("stub-model-server")
        try sandbox.write(
            "serve.sh",
            """
            touch server.pids
            for pid in $(cat server.pids); do
              if [ -d /proc/$pid ] && ! grep -q 'State:.*Z' /proc/$pid/status; then echo "$$ beside $pid" >> beside; fi
            done
            echo $$ >> server.pids
            \(helper ? "sleep 600 & echo $! >> helper.pids" : "")
            exec '\(program)' --port $1
            """)
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              own: { api: openai-chat, models: { m: { serve: { command: [sh, serve.sh, "${{ port }}"], ready: /v1/models } } } }
            prices: [{ model: own/m, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }]
            """)
        try sandbox.write(
            "w.yaml",
            """
            version: 1
            name: w
            models: { m: { use: own/m } }
            defaults: { model: m, limits: { max_output_tokens: 20 } }
            steps:
              - { id: a, prompt: one }
            \(steps)
              - { id: b, needs: [crash], prompt: two }
            outputs: { b: "${{ steps.b.output }}" }
            """)
        try sandbox.write(
            "ask.yaml",
            """
            version: 1
            name: ask
            models: { m: { use: own/m } }
            steps:
              - { id: a, model: m, prompt: three, limits: { max_output_tokens: 20 } }
            outputs: { a: "${{ steps.a.output }}" }
            """)
        return sandbox
    }

    private func pids(_ file: String, _ sandbox: Sandbox) throws -> [pid_t] {
        try String(contentsOfFile: sandbox.path(file), encoding: .utf8).split(separator: "\n").compactMap { pid_t($0) }
    }

    /// Dead, or dead and not yet waited for by whoever has it now.
    private func isGone(_ pid: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return true }
        return text[end...].split(separator: " ").dropFirst().first == "Z"
    }

    /// A machine that is paid by the hour is paid while it is idle, too.
    @Test(.timeLimit(.minutes(2))) func theTimeThatAMachineIsOnIsRecorded() async throws {
        let sandbox = try sandbox("  - { id: crash, needs: [a], run: [sleep, \"1.2\"] }")
        let project = try String(contentsOfFile: sandbox.path("agentctl.yaml"), encoding: .utf8)
        try sandbox.write("agentctl.yaml", project.replacing("input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40", with: "machine_hour_usd: 3.6"))
        #expect(try await sandbox.agentctl("run", "w.yaml").code == 0)
        let audit = try JSONParser.parse(try await sandbox.agentctl("audit", "--by", "step", "--idle", "--json").out)
        let machine = try #require(audit["machines"]?[0]?.objectValue)
        // At 3.60 dollars an hour a millisecond costs a millionth.
        func milliseconds(_ value: JSONValue?) -> Decimal { Decimal(string: value?.stringValue ?? "-1")! * 1_000_000 }
        let (on, busy) = (machine["on_ms"]?.intValue ?? 0, machine["busy_ms"]?.intValue ?? 0)
        // It was idle while the program ran, and was let go of at the end.
        #expect(on - busy >= 1200 && machine["calls"] == 2 && machine["model"] == "m", "\(machine)")
        #expect(milliseconds(machine["paid_usd"]) == Decimal(on) && milliseconds(machine["idle_usd"]) == Decimal(on - busy))
        let shares = audit["rows"]?.arrayValue?.map { milliseconds($0["idle_usd"]) } ?? []
        #expect(shares.count == 2 && shares.reduce(0, +) == milliseconds(machine["idle_usd"]))
        let text = try await sandbox.agentctl("audit").out
        #expect(text.contains("machine") && text.contains("own/m") && text.contains("per Mtok"), "\(text)")
        let again = try await sandbox.agentctl("audit", "--by", "step", "--json")
        #expect(try JSONParser.parse(again.out)["machines"]?[0]?["on_ms"] == machine["on_ms"], "it is off")
    }

    @Test(.timeLimit(.minutes(2))) func aServerThatEndsIsStartedAgain() async throws {
        let sandbox = try sandbox("  - { id: crash, needs: [a], shell: true, run: \"kill -9 $(tail -n 1 server.pids)\" }")
        let run = try await sandbox.agentctl("run", "w.yaml")
        #expect(run.code == 0 && run.out.contains("two"), "\(run.out)\(run.err)")
        #expect(try pids("server.pids", sandbox).count == 2)
        #expect(run.err.components(separatedBy: "starting own/m").count == 3)
        let servers = try pids("server.pids", sandbox)
        try await until { servers.allSatisfy(isGone) }
    }

    /// Case A12: its guard is killed, or its watch, or both: a second server never runs beside it, and none is left. One that has lost
    /// both goes on until somebody asks again.
    @Test(.timeLimit(.minutes(2)), arguments: [["guard"], ["watch"], ["guard", "watch"], ["watch", "guard"]])
    func aServerEndsWithItsGuard(killed: [String]) async throws {
        // The parent of the server is its guard, and the other child of that is its watch.
        let find = ["guard": "$(ps -o ppid= -p $(tail -n 1 server.pids))", "watch": "$(pgrep -f 'model-server-watch .*'$(basename $PWD))"]
        let sandbox = try sandbox(
            """
              - { id: crash, needs: [a], shell: true, run: "set -e; one=\(find[killed[0]]!); two=\(killed.count > 1 ? find[killed[1]]! : "$one"); kill -9 $one $two; echo $one" }
            """, helper: true)
        let run = try await sandbox.agentctl("run", "w.yaml")
        #expect(run.code == 0 && run.out.contains("two"), "\(run.out)\(run.err)")
        let again = try await sandbox.agentctl("run", "ask.yaml")
        #expect(again.code == 0 && again.out == "three\n", "\(again.err)")
        let (servers, helpers) = (try pids("server.pids", sandbox), try pids("helper.pids", sandbox))
        #expect(servers.count == helpers.count && (1...3).contains(servers.count), "\(run.err)")
        try await until { (servers + helpers).allSatisfy(isGone) }
        #expect(!FileManager.default.fileExists(atPath: sandbox.path("beside")))
    }
}
