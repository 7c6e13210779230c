import Reports
import Testing
import Values

@Suite struct HealthReportTests {
    /// Facts without a problem; each test changes what it is about.
    private func facts(_ change: (inout HealthFacts) -> Void = { _ in }) -> HealthFacts {
        var facts = HealthFacts(
            project: .valid(file: "agentctl.yaml", providers: 1),
            providers: [
                .init(
                    name: "groq", key: .present(source: "GROQ_API_KEY"),
                    endpoints: [.init(url: "https://groq.example/v1", answer: .status(200, after: .milliseconds(80), lead: .seconds(-1)))], servers: [])
            ],
            ledger: .init(path: "/p/ledger.db", state: .open(schema: 1, current: 1, isWritable: true, faults: []), freeBytes: 70 << 30, bytes: 3 << 19),
            now: start, machine: .init(openFiles: (1024, 524_288), cores: 8, memory: 16 << 30),
            certificates: .init(path: "/etc/ca.pem", variable: nil, state: .file(count: 139)), libraries: [("libcurl", "8.5.0"), ("SQLite", "3.45.1")])
        change(&facts)
        return facts
    }

    /// The one finding of a check.
    private func finding(_ check: String, _ change: (inout HealthFacts) -> Void) throws -> HealthFinding {
        let found = HealthReport(facts(change)).findings.filter { $0.check == check }
        try #require(found.count == 1, "\(found)")
        return found[0]
    }

    @Test func aHealthyMachine() {
        let report = HealthReport(facts())
        #expect(report.isGood)
        #expect(
            report.text(style: .plain) == """
                ok       project        agentctl.yaml, 1 provider
                ok       provider groq  key from GROQ_API_KEY; https://groq.example/v1 answers in 80ms
                ok       ledger         /p/ledger.db, schema 1, sound, 1.5 MiB
                ok       disk           70 GiB free where the ledger is
                ok       clock          2026-11-21 09:48:15 UTC, as https://groq.example/v1 says
                ok       limits         open files 524,288 (now 1,024, raised by itself), so 393,168 calls at once; 8 cores, 16 GiB of memory
                ok       certificates   /etc/ca.pem (libcurl's own choice), 139 certificates
                ok       libraries      libcurl 8.5.0, SQLite 3.45.1

                all is well

                """)
    }

    @Test func aProblemHasAWayOutAndDecidesTheVerdict() {
        let report = HealthReport(facts { $0.ledger.freeBytes = 1 << 20 })
        #expect(!report.isGood)
        let text = report.text(style: style(60))
        #expect(text.contains("problem  disk           1 MiB free where the ledger is\n                        way out: make room: a run stops when\n                        its ledger cannot be written\n"))
        #expect(text.hasSuffix("\n1 problem, 0 warnings\n"))
        #expect(report.json["ok"] == false && report.json["checks"]?[3]?["hint"]?.stringValue?.hasPrefix("make room") == true)
        #expect(HealthReport(facts { $0.ledger.freeBytes = 1 << 29 }).isGood)
    }

    @Test func projectFiles() throws {
        #expect(try finding("project") { $0.project = .absent(searchedFrom: "/p") }.status == .warning)
        let invalid = try finding("project") { $0.project = .invalid(problems: [("agentctl.yaml:2:1: unknown key 'x'", "did you mean 'y'?")]) }
        #expect(invalid == HealthFinding("project", .problem, "agentctl.yaml:2:1: unknown key 'x'", hint: "did you mean 'y'?"))
    }

    @Test(arguments: [(200, "ok"), (204, "ok"), (401, "problem"), (403, "problem"), (404, "warning"), (429, "warning"), (503, "warning"), (302, "warning")])
    func whatAnEndpointAnswers(_ status: Int, _ expected: String) throws {
        let report = HealthReport(facts { $0.providers[0].endpoints[0].answer = .status(status, after: .milliseconds(5), lead: nil) })
        let worst = report.findings.filter { $0.check == "provider groq" }.last
        #expect(worst?.status.rawValue == expected)
        #expect(worst?.status == .ok || (worst?.message.contains("HTTP \(status)") == true && worst?.hint != nil))
    }

    @Test func providersWithoutKeyAnswerOrProgram() throws {
        let missing = HealthReport(
            facts {
                $0.providers[0].key = .missing(message: "the environment variable GROQ_API_KEY is not set", hint: "export it")
                // That a server refuses a call without a key is no second problem.
                $0.providers[0].endpoints[0].answer = .status(401, after: .milliseconds(5), lead: nil)
            }
        ).findings.filter { $0.check == "provider groq" }
        #expect(missing.map(\.status) == [.ok, .problem] && missing[1].hint == "export it")
        let down = HealthReport(facts { $0.providers[0].endpoints[0].answer = .failed(message: "could not connect") }).findings.filter { $0.status == .problem }
        #expect(down.count == 1 && down[0].message.contains("cannot be reached: could not connect"))
        let server = HealthReport(facts { $0.providers[0].servers = [.init(models: ["small", "mid"], program: "bin/serve", isFound: false)] })
        #expect(server.findings.contains { $0.message == "groq/small, groq/mid cannot be served: there is no program bin/serve" && $0.status == .problem })
        #expect(try finding("providers") { $0.providers = [] }.status == .warning)
        #expect(
            try finding("provider groq") {
                $0.providers[0].key = .notNeeded; $0.providers[0].endpoints = []
            }.status == .warning)
    }

    @Test func ledgers() throws {
        func ledger(_ state: HealthFacts.LedgerFile.State) throws -> HealthFinding { try finding("ledger") { $0.ledger.state = state } }
        #expect(try ledger(.absent(canBeMade: true)).status == .ok)
        #expect(try ledger(.absent(canBeMade: false)).status == .problem)
        #expect(try ledger(.unusable(message: "locked")).message == "locked")
        #expect(try ledger(.open(schema: 0, current: 2, isWritable: true, faults: [])).status == .ok)
        #expect(try ledger(.open(schema: 1, current: 2, isWritable: true, faults: [])).status == .warning)
        #expect(try ledger(.open(schema: 2, current: 2, isWritable: false, faults: [])).status == .warning)
        let damaged = try ledger(.open(schema: 2, current: 2, isWritable: true, faults: ["page 3 is never used", "row 1 missing"]))
        #expect(damaged.status == .problem && damaged.message.hasSuffix("page 3 is never used; row 1 missing"))
        #expect(!HealthReport(facts { $0.ledger.freeBytes = nil }).findings.contains { $0.check == "disk" })
    }

    @Test func clocks() throws {
        func clock(_ leads: [TimeSpan?], now: Timestamp = start) throws -> HealthFinding {
            try finding("clock") { facts in
                facts.now = now
                facts.providers[0].endpoints = leads.map { .init(url: "https://s", answer: .status(200, after: .milliseconds(1), lead: $0)) }
            }
        }
        #expect(try clock([.seconds(60)]).status == .ok)
        let behind = try clock([.seconds(61)])
        #expect(behind.status == .warning && behind.message.contains("1m 01s behind the clock of https://s"), "\(behind)")
        #expect(try clock([.seconds(-7200)]).message.contains("ahead of"))
        // One server with a wrong clock does not make ours wrong.
        #expect(try clock([.seconds(7200), .seconds(2)]).status == .ok)
        #expect(try clock([nil]).message.contains("not compared"))
        #expect(try clock([nil], now: Timestamp(rfc3339: "1970-01-01T00:00:09Z")!).status == .problem)
    }

    @Test func aLibraryThatIsNotThere() throws {
        let finding = try finding("libraries") { $0.libraries = [("libcurl", nil), ("SQLite", "3.45.1")] }
        #expect(finding.status == .problem && finding.message == "libcurl not found, SQLite 3.45.1")
    }

    @Test func limitsAndCertificates() throws {
        func limits(_ hard: UInt64) throws -> HealthFinding { try finding("limits") { $0.machine.openFiles = (min(hard, 1024), hard) } }
        #expect(try limits(64).status == .problem)
        #expect(try limits(256).message.contains("so 144 calls at once") && limits(256).status == .warning)
        #expect(try limits(1024).status == .ok)
        let asked = try finding("limits") {
            $0.machine.openFiles = (1024, 2048); $0.providers[0].maxConcurrency = 4000
        }
        #expect(asked.status == .warning && asked.hint?.contains("max_concurrency allows 4,000 calls") == true, "\(asked)")
        #expect(try limits(.max).message.contains("open files without limit (now 1,024, raised by itself), so any number of calls"))
        func certificates(_ path: String?, _ variable: String?, _ state: HealthFacts.Certificates.State) throws -> HealthFinding {
            try finding("certificates") { $0.certificates = .init(path: path, variable: variable, state: state) }
        }
        #expect(try certificates("/x", "SSL_CERT_FILE", .unreadable).hint == "correct SSL_CERT_FILE, or unset it")
        #expect(try certificates("/x", nil, .file(count: 0)).status == .problem)
        #expect(try certificates("/x", "SSL_CERT_DIR", .folder).status == .ok)
        #expect(try certificates(nil, nil, .unreadable).status == .warning)
    }
}
