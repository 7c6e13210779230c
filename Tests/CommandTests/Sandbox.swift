import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Tools
import Values

/// A project folder of one test, with the built program and, where asked for, a stub model server.
final class Sandbox {
    let folder: String
    let server: StubModelServer

    /// - Parameter options: of the server behind the provider `stub`.
    init(_ options: StubOptions = StubOptions(), script: StubModelServer.Script? = nil, dialect: String = "", project: String = "") throws {
        folder = NSTemporaryDirectory() + "agentctl-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        server = try StubModelServer(options, script: script)
        try write(
            "agentctl.yaml",
            """
            version: 1
            providers:
              stub: { api: openai-chat, base_url: "\(server.baseURL)"\(dialect.isEmpty ? "" : ", dialect: { \(dialect) }") }
            prices:
              - { model: stub/echo, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }
            \(project)
            """)
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func write(_ name: String, _ text: String) throws {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    func path(_ name: String) -> String { folder + "/" + name }

    /// A chain of steps, each reading the one before.
    func writeChain(steps: Int = 2, model: String = "stub/echo", top: String = "budget: { max_cost_usd: 0.25 }", step: String = "") throws {
        var text = "version: 1\nname: chain\ninputs: { topic: { type: string, default: rivers } }\nmodels: { small: { use: \(model) } }\n\(top)\n"
        text += "defaults: { model: small, timeout: 5s, retry: { max_attempts: 2 }, limits: { max_input_tokens: 2000, max_output_tokens: 64 } }\nsteps:\n"
        for index in 1...steps {
            let input = index == 1 ? "about ${{ inputs.topic }}" : "then ${{ steps.s\(index - 1).output }}"
            text += "  - { id: s\(index), prompt: \"\(input)\"\(step) }\n"
        }
        text += "outputs: { last: \"${{ steps.s\(steps).output }}\" }\n"
        try write("chain.yaml", text)
    }

    /// Runs the program in the folder to its end.
    @discardableResult
    func agentctl(_ arguments: String..., environment: [String: String] = [:], stdin: String = "") async throws -> Finished {
        try await Self.run(Self.program, arguments, in: folder, environment: environment, stdin: stdin)
    }

    static func run(_ program: String, _ arguments: [String], in folder: String, environment: [String: String] = [:], stdin: String = "") async throws -> Finished {
        var overrides: [Environment.Key: String?] = ["NO_COLOR": "1", "AGENTCTL_CONFIG": nil, "AGENTCTL_LEDGER": nil]
        for (key, value) in environment { overrides[Environment.Key(stringLiteral: key)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), environment: .inherit.updating(overrides), workingDirectory: FilePath(folder),
            input: .fileDescriptor(UnnamedFile.holding(Array(stdin.utf8))!, closeAfterSpawningProcess: true), output: .string(limit: 64 << 20), error: .string(limit: 8 << 20))
        let code: Int
        switch result.terminationStatus {
        case .exited(let status): code = Int(status)
        case .signaled(let signal): code = -Int(signal)
        }
        return Finished(code: code, out: result.standardOutput ?? "", err: result.standardError ?? "")
    }

    /// No built-in provider has a key, whatever the tests were started with.
    static let withoutKeys = ["OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": "", "OPENROUTER_API_KEY": "", "GROQ_API_KEY": "", "TOGETHER_API_KEY": ""]

    struct Finished: Sendable {
        let code: Int
        let out: String
        let err: String

        var json: JSONValue? { try? JSONParser.parse(out) }
        var lines: [String] { out.split(whereSeparator: \.isNewline).map(String.init) }
    }

    /// The program beside the tests' own binary, or the one that `AGENTCTL_TEST_BINARY` names: what is shipped can be tested too.
    static let program: String = {
        if let named = ProcessInfo.processInfo.environment["AGENTCTL_TEST_BINARY"], !named.isEmpty {
            let path = named.hasPrefix("/") ? named : Sandbox.repository + "/" + named
            precondition(FileManager.default.isExecutableFile(atPath: path), "AGENTCTL_TEST_BINARY: no program at \(path)")
            return path
        }
        return besideTests("agentctl")
    }()

    /// A program that is built with the tests.
    static func besideTests(_ name: String) -> String {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        for folder in [tests, Sandbox.repository + "/.build/debug"] where FileManager.default.isExecutableFile(atPath: folder + "/" + name) {
            return folder + "/" + name
        }
        preconditionFailure("\(name) is not built: swift build")
    }

    static let repository: String = {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()
}
