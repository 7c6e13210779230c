import Foundation
import TestSupport
import Testing
import Values

@Suite struct DoctorTests {
    private func status(_ result: Sandbox.Finished, _ check: String) -> [JSONValue?] {
        (result.json?["checks"]?.arrayValue ?? []).filter { $0["check"]?.stringValue == check }.map { $0["status"] }
    }

    @Test func aProjectWhoseServerAnswers() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        let before = try await sandbox.agentctl("doctor", environment: Sandbox.withoutKeys)
        #expect(before.code == 0 && before.out.contains("all is well") && before.out.contains("the first run makes it"), "\(before.out)\(before.err)")
        #expect(!FileManager.default.fileExists(atPath: sandbox.path(".agentctl")))
        #expect(sandbox.server.requests.map(\.path) == ["/v1/models"])
        try await sandbox.agentctl("run", "chain.yaml", "--quiet")
        let after = try await sandbox.agentctl("doctor", "--json", environment: Sandbox.withoutKeys)
        #expect(after.code == 0 && after.json?["ok"] == true, "\(after.out)")
        #expect(status(after, "provider stub") == ["ok"] && status(after, "ledger") == ["ok"])
        #expect(after.out.contains("schema ") && after.out.contains("libcurl"))
    }

    /// libcurl is loaded when a request is made: without one, everything else works.
    @Test func aMachineWithoutLibcurl() async throws {
        let sandbox = try Sandbox()
        try sandbox.writeChain(steps: 1)
        try sandbox.write("libcurl.so.4", "no library")
        let path = [sandbox.folder, ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]].compactMap { $0 }.joined(separator: ":")
        let without = ["LD_LIBRARY_PATH": path]
        let health = try await sandbox.agentctl("doctor", "--offline", environment: without)
        #expect(health.code == 3 && health.out.contains("libcurl not found"), "\(health.out)\(health.err)")
        #expect(try await sandbox.agentctl("validate", "chain.yaml", environment: without).code == 0)
        let run = try await sandbox.agentctl("run", "chain.yaml", environment: without)
        #expect(run.code >= 10 && run.err.contains("libcurl cannot be loaded") && sandbox.server.requests.isEmpty, "\(run.err)")
        #expect(try await sandbox.agentctl("show", "last", environment: without).code == 0)
    }

    @Test func aServerThatIsDownAndAKeyThatIsMissing() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              down: { api: openai-chat, base_url: "\(sandbox.server.baseURL)" }
              keyed: { api: openai-chat, base_url: "\(sandbox.server.baseURL)", api_key: { env: DOCTOR_TEST_KEY } }
              served: { api: openai-chat, models: { m: { serve: { command: [no-such-program, "${{ port }}"] } } } }
            """)
        sandbox.server.stop()
        let result = try await sandbox.agentctl("doctor", "--json", environment: Sandbox.withoutKeys)
        #expect(result.code == 3 && result.json?["ok"] == false, "\(result.err)")
        #expect(status(result, "provider down") == ["problem"])
        #expect(status(result, "provider keyed") == ["problem", "problem"])
        #expect(result.out.contains("DOCTOR_TEST_KEY is not set") && result.out.contains("no program no-such-program"))
        let keyed = try await sandbox.agentctl("doctor", "--offline", environment: ["DOCTOR_TEST_KEY": "hush-hush"])
        #expect(keyed.out.contains("key from DOCTOR_TEST_KEY; ") && keyed.out.contains("not asked"), "\(keyed.out)")
        #expect(!keyed.out.contains("hush-hush") && !keyed.err.contains("hush-hush"))
    }

    @Test func aBrokenProjectFileAndADamagedLedger() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("agentctl.yaml", "version: 1\nprovders: {}\n")
        try sandbox.write(".agentctl/ledger.db", "this is no database, but long enough to be looked at as one. " + String(repeating: "x", count: 4096))
        let result = try await sandbox.agentctl("doctor", "--offline")
        #expect(result.code == 3, "\(result.err)")
        #expect(result.out.contains("agentctl.yaml:2:1: unknown key 'provders'") && result.out.contains("way out: did you mean 'providers'?"), "\(result.out)")
        #expect(result.out.contains("is not a ledger"), "\(result.out)")
        let missing = try await sandbox.agentctl("doctor", "--offline", "--config", "nowhere.yaml", "--ledger", "other.db")
        #expect(missing.code == 3 && missing.out.contains("cannot read nowhere.yaml") && missing.out.contains("other.db is not there yet"), "\(missing.out)")
    }

    @Test func aFileThatIsNoBundleOfCertificates() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("ca.pem", "nothing\n")
        let result = try await sandbox.agentctl("doctor", "--offline", environment: ["CURL_CA_BUNDLE": sandbox.path("ca.pem")])
        #expect(result.code == 3 && result.out.contains("ca.pem (from CURL_CA_BUNDLE) holds no certificate"), "\(result.out)")
    }
}
