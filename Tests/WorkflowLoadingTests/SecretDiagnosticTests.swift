import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import WorkflowLoading

/// What a project file may do with keys, and whose project file is taken.
@Suite struct SecretDiagnosticTests {
    // MARK: AW116, AW117

    @Test func aPasswordThatIsTooShort() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, base_url: "https://u:p@h.example/v1" } }
                """#,
            #"""
            agentctl.yaml:2:47: error[AW116]: the password in base_url has 1 byte: a secret has 8 or more, or it could not be kept out of texts
                |
              2 | providers: { a: { api: openai-chat, base_url: "https://u:p@h.example/v1" } }
                |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: use a longer one
            """#)
    }

    private func projectProblems(_ yaml: String) throws -> [Diagnostic] {
        let project = try TemporaryProject(["agentctl.yaml": yaml])
        do throws(Diagnostics) { _ = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root) } catch { return error.all }
        return []
    }

    /// L6: the key itself where the name of its variable belongs, and what shells write before a name.
    @Test(arguments: ["sk-a1b2c3d4e5f6a7b8c9d0e1f2", "gsk_a1b2c3d4e5f6a7b8c9d0e1f2", "AIzaSyA1b2C3d4E5f6G7h8I9j0", "$K", "${K}", "OPENAI API KEY", "1K"])
    func whatIsNoVariable(name: String) throws {
        let text = "version: 1\nproviders: { a: { api: openai-chat, base_url: \"https://h.example/v1\", api_key: { env: \"\(name)\" } } }"
        let problems = try projectProblems(text)
        #expect(problems.map(\.code) == ["AW103"], "\(problems)")
        #expect(problems[0].range?.start.column == 87 && problems[0].message.contains("env is the name of a variable"), "\(problems)")
    }

    @Test(arguments: ["OPENAI_API_KEY", "k", "_K1", "sk_test_key"]) func whatIsAVariable(name: String) throws {
        #expect(try projectProblems("version: 1\nproviders: { a: { api: openai-chat, base_url: \"https://h.example/v1\", api_key: { env: \(name) } } }").isEmpty)
    }

    /// A6: a key in clear text to another machine is refused unless the entry says so.
    @Test func aKeyInClearText() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, base_url: "http://h.example/v1", api_key: { env: K } } }
                """#,
            #"""
            agentctl.yaml:2:47: error[AW117]: the key of 'a' would go to h.example over http, where it can be read on the way
                |
              2 | …oviders: { a: { api: openai-chat, base_url: "http://h.example/v1", api_key: { env: K } } }
                |                                              ^^^^^^^^^^^^^^^^^^^^^
              hint: use https://; in a network that you trust, say insecure_http: true in the provider's entry
            """#)
    }

    @Test(arguments: [
        ("base_url: \"http://h.example/v1\", api_key: { env: K }", ["AW117"]), ("base_url: \"http://h.example/v1\", api_key: { command: [k] }", ["AW117"]),
        ("base_url: \"http://h.example/v1\", api_key: { env: K }, insecure_http: true", []), ("base_url: \"http://h.example/v1\"", []),
        ("base_url: \"https://h.example/v1\", api_key: { env: K }", []), ("base_url: \"http://127.0.0.1:8/v1\", api_key: { env: K }", []),
        ("base_url: \"http://127.0.0.1@h.example/v1\", api_key: { env: K }", ["AW117"]),
        ("base_url: \"http://h.example/v1\", headers: { X-Api-Key: abcdefgh12 }", ["AW117"]), ("base_url: \"http://h.example/v1\", headers: { x-team: support }", []),
        ("base_url: \"http://u:password12@h.example/v1\"", ["AW117"]), ("base_url: \"http://h.example/v1?key=abcdefgh12\"", ["AW117"]),
        ("base_url: \"http://h.example/v1?api-version=2024-10-21\"", []), ("base_url: \"http://10.0.0.5/v1?tenant=acme\"", []),
        ("base_url: \"http://h.example/v1\", api_key: { value: ollama }", []), ("base_url: \"http://h.example/v1\", headers: { authorization: \"Bearer none\" }", []),
        ("base_url: \"https://h.example/v1\", headers: { authorization: \"Bearer none\" }", []), ("base_url: \"https://none@h.example/v1?key=none\"", []),
        ("base_url: \"https://h.example/v1\", api_key: { value: abc }", ["AW114"]),
        ("api_key: { env: K }, models: { m: { base_url: \"http://h.example/v1\" } }", ["AW117"]),
        ("api_key: { env: K }, models: { m: { base_url: \"http://127.0.0.1:${{ port }}/v1\", serve: { command: [s] } } }", []),
        ("base_url: \"https://h.example/v1\", headers: { Authorization: \"Bearer abc\" }", ["AW116"]), ("base_url: \"http://localhost/v1\", headers: { Authorization: abc }", []),
        ("base_url: \"https://h.example/v1?token=abc\"", ["AW116"]), ("base_url: \"https://h.example/v1?v=1\"", []), ("base_url: \"http://127.0.0.1/v1\", api_key: { value: none }", []),
    ]) func whatIsSentCanBeKept(entry: String, codes: [String]) throws {
        let project = try TemporaryProject(["agentctl.yaml": "version: 1\nproviders: { a: { api: openai-chat, \(entry) } }\n"])
        var found: [String] = []
        do { _ = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: ".") } catch { found = error.all.map(\.code) }
        #expect(found == codes, "\(entry)")
    }

    @Test(arguments: [
        ("headers: { X-Api-Key: abcdefgh12 }", "h.example", "the header X-Api-Key of 'a' would go to h.example over http"),
        ("max_concurrency: 2", "u:password12@h.example", "the password in base_url of 'a' would go to h.example over http"),
        ("max_concurrency: 2", "h.example/?key=abcdefgh12", "'key' in base_url of 'a' would go to h.example over http"),
    ]) func whatWouldGoIsNamed(entry: String, address: String, message: String) throws {
        let project = try TemporaryProject(["agentctl.yaml": "version: 1\nproviders: { a: { api: openai-chat, base_url: \"http://\(address)\", \(entry) } }\n"])
        var found: [String] = []
        do { _ = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: ".") } catch { found = error.all.map(\.message) }
        #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix(message) }, "\(found)")
    }

    // MARK: What is written in the file

    /// Also where the file is wrong: its lines are shown then.
    @Test(arguments: [
        "providers: { a: { api: openai-chat, base_url: \"http://127.0.0.1/\", api_key: { value: s3cr3t-value-1 } } }",
        "providers: { a: { api: openai-chat, base_url: \"https://h.example/\", api_key: s3cr3t-value-1 } }",
        "providers: { a: { api: openai-chat, base_url: \"https://h.example/\", api_key: { key: s3cr3t-value-1 } } }",
        "providers: { a: { api: openai-chat, base_url: \"https://h.example/\", api_key: { env: s3cr3t-value-1 } } }",
        "providers: { a: { api: openai-chat, base_url: \"https://h.example/\", api_key: { env: [s3cr3t-value-1] } } }",
        "providers: { a: { api: openai-chat, base_url: \"https://h.example/\", api_key: { s3cr3t-value-1: x } } }",
        "providers: { a: { api: nothing, base_url: \"https://u:s3cr3t-value-1@h.example/\" } }",
        "providers: { a: { api: openai-chat, base_url: \"https://h.example/?key=s3cr3t-value-1\" } }",
        "providers: { a: { api: openai-chat, base_url: \"ftp://u:s3cr3t-value-1@h.example/\" } }",
        "providers: { a: { api: openai-chat, base_url: \"https://h.example/\", headers: { Authorization: Bearer s3cr3t-value-1 } } }",
        "providers: { a: { api: openai-chat, models: { m: { base_url: \"https://u:s3cr3t-value-1@h.example/\" } } } }",
        "providers: { a: { models: { m: { serve: { command: [srv, --port, \"1\", --api-key, s3cr3t-value-1] } } } } }",
        "providers: { a: { models: { m: { serve: { command: [srv, \"--auth-token=s3cr3t-value-1\"] } } } } }",
        "providers: { a: { apikey: s3cr3t-value-1 } }", "providers: { a: { apiKey: s3cr3t-value-1 } }", "providers: { a: { token: s3cr3t-value-1 } }",
        "providers: { a: { bearer: s3cr3t-value-1 } }", "providers: { a: { password: s3cr3t-value-1 } }", "providers: { a: { auth: { token: s3cr3t-value-1 } } }",
        "providers: { a: { Headers: { Authorization: Bearer s3cr3t-value-1 } } }", "providers: { a: { models: { m: { api_key: s3cr3t-value-1 } } } }",
        "telemetry: { otlp: \"https://u:s3cr3t-value-1@h.example/\" }",
        "providers: { a: { api: openai-chat, headers: [ \"Authorization: Bearer s3cr3t-value-1\" ] } }", "providers: { a: { headers: \"x-api-key: s3cr3t-value-1\" } }",
        "providers: { a: { headers: { Authorization: Bearer s3cr3t-value-1: x } } }", "providers: { a: { base_url2: \"u:s3cr3t-value-1@h\" } }", "providers: { a: { base_url2: \"u:s3cr3t-value-1@h\" }",
        "secrets: { kb: s3cr3t-value-1 }", "secrets: { kb: { value: s3cr3t-value-1 } }", "providers: { a: { api_key: { value: s3cr3t-value-1 }",
    ]) func theLoaderTellsWhatMustNotBeShown(text: String) throws {
        let project = try TemporaryProject(["agentctl.yaml": "version: 1\n\(text)\n"])
        let book = SecretBook()
        _ = try? ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: ".", secrets: book)
        #expect(book.redactor.redact("say s3cr3t-value-1") == "say ***")
        #expect(book.redactor.redact("openai-chat h.example providers: api_key: value") == "openai-chat h.example providers: api_key: value")
    }

    /// A6: labels are no secrets, and answers that hold the same words stay whole.
    @Test func ordinaryWordsOfAProjectFileAreNone() throws {
        let project = try TemporaryProject([
            "agentctl.yaml": """
            version: 1
            providers:
              a:
                api: openai-chat
                base_url: "http://127.0.0.1:8080/v1?tenant=customers"
                api_key: { value: test-password }
                headers: { x-env: production, x-company: Acme Corporation, x-client: agentctl, x-model: qwen2.5-coder-0.5b, x-account: "20261130" }
                models: { keyword-model: { id: keyword-model-large, image_tokens: 12345678 } }
                dialect: { cached_tokens: required, max_tokens_field: max_tokens }
            """
        ])
        let book = SecretBook()
        let loaded = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: ".", secrets: book)
        #expect(book.secrets.isEmpty && loaded.knownSecrets(besides: []) { _ in nil }.isEmpty, "\(book.secrets)")
    }

    @Test func variablesAndKnownSecretsOfAProject() throws {
        let project = try TemporaryProject([
            "agentctl.yaml": """
            version: 1
            providers:
              a: { api: openai-chat, base_url: "https://h.example/", api_key: { env: A_KEY }, headers: { X-Token: header-secret, X-Title: not a secret at all } }
              b: { api: openai-chat, base_url: "https://me:p%40ss-word@h.example/?sig=abcdefghi&api-version=2024-10-21", api_key: { command: [k] } }
            secrets: { kb: { env: KB_TOKEN }, other: { command: [k] } }
            budgets: [{ name: n, per: day, max_cost_usd: 1, alert: { slack: { env: SLACK_URL } } }]
            """
        ])
        let loaded = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: ".")
        #expect(loaded.secretVariables(besides: []) == ["A_KEY", "KB_TOKEN", "SLACK_URL"])
        let known = loaded.knownSecrets(besides: []) { ["A_KEY": "key-of-a\n", "KB_TOKEN": "token-of-kb"][$0] }
        #expect(Set(known.map(\.value)) == ["header-secret", "p%40ss-word", "p@ss-word", "abcdefghi", "key-of-a", "token-of-kb"])
        #expect(known.first { $0.value == "key-of-a" }?.name == "the key of a")
    }

    // MARK: AW006

    /// A17: this user, root, and who called sudo.
    @Test func whoseFileIsTaken() {
        #expect(FileOwner.isTrusted(1000, as: 1000, sudo: nil) && FileOwner.isTrusted(0, as: 1000, sudo: nil) && FileOwner.isTrusted(1000, as: 0, sudo: 1000))
        #expect(!FileOwner.isTrusted(1001, as: 1000, sudo: nil) && !FileOwner.isTrusted(1000, as: 0, sudo: nil) && !FileOwner.isTrusted(1001, as: 1000, sudo: 1001))
    }

    /// Only root can give a file away.
    @Test(.enabled(if: geteuid() == 0)) func aProjectFileOfSomebodyElse() throws {
        let project = try TemporaryProject(["agentctl.yaml": "version: 1\nproviders: { a: { api: openai-chat, base_url: \"https://h/\", api_key: { command: [touch, ran] } } }\n", "sub/w.yaml": ""])
        #expect(chown(project.path("agentctl.yaml"), 12345, 12345) == 0)
        do {
            _ = try ProjectLoader.load(named: nil, searchingFrom: project.path("sub"))
            Issue.record("it was taken")
        } catch {
            #expect(error.all.map(\.code) == ["AW006"] && error.all[0].message.contains("uid 12345") && error.all[0].hint?.contains("--config") == true)
        }
        // Who names it has decided.
        #expect(try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: ".").providers.count == 1)
        // A file of ours in their folder can be exchanged by them.
        #expect(chown(project.path("agentctl.yaml"), 0, 0) == 0 && chown(project.root, 12345, 12345) == 0)
        #expect(throws: Diagnostics.self) { try ProjectLoader.load(named: nil, searchingFrom: project.path("sub")) }
        #expect(chown(project.root, 0, 0) == 0)
        #expect(try ProjectLoader.load(named: nil, searchingFrom: project.path("sub")).providers.count == 1)
    }

    // MARK: AW420, AW421

    private static let head = """
        version: 1
        name: t
        owner: { engineering: me }
        inputs: { f: { type: string }, n: { type: integer }, list: { type: array, items: { type: string } }, pick: { enum: [a, b] } }
        models: { m: { use: local/small } }
        defaults: { model: m, limits: { max_output_tokens: 9 } }
        outputs: { o: "${{ [inputs.f, inputs.n, inputs.list, inputs.pick] }}", a: "${{ [steps.ask.output, steps.typed.output] }}" }
        steps:
          - { id: ask, prompt: hi }
          - { id: typed, prompt: hi, output: { schema: { type: object, properties: { n: { type: number }, t: { type: string } } } } }

        """

    /// L4, A5: what is warned of, and what is close to it but right.
    @Test(arguments: [
        ("{ id: r, shell: true, run: \"ls ${{ inputs.f }}\" }", "AW420", "the input 'f' is written into a command line"),
        ("{ id: r, shell: true, run: \"ls ${{ steps.ask.output }}\" }", "AW420", "the answer of 'ask'"),
        ("{ id: r, shell: true, run: \"ls ${{ steps.typed.output.t }}\" }", "AW420", "the answer of 'typed'"),
        ("{ id: r, shell: true, run: \"ls ${{ steps.typed.output.n }}\" }", nil, ""),
        ("{ id: r, shell: true, run: \"head -n ${{ inputs.n }} x\" }", nil, ""), ("{ id: r, shell: true, run: \"ls ${{ inputs.pick }}\" }", nil, ""),
        ("{ id: r, shell: true, with: { x: \"${{ inputs.f }}\" }, run: \"ls ${{ with.x }}\" }", "AW420", "the input 'f'"),
        ("{ id: r, shell: true, with: { x: fixed }, run: \"ls ${{ with.x }}\" }", nil, ""),
        ("{ id: r, shell: true, for_each: { items: inputs.list }, run: \"ls ${{ item }}\" }", "AW420", "the input 'list'"),
        ("{ id: r, shell: true, run: 'ls \"$F\"', env: { F: \"${{ inputs.f }}\" } }", nil, ""),
        ("{ id: r, shell: true, run: \"ls ${{ inputs.f == 'x' ? 'a' : 'b' }}\" }", nil, ""), ("{ id: r, shell: true, run: \"ls ${{ size(inputs.f) }}\" }", nil, ""),
        ("{ id: r, shell: true, run: \"ls ${{ 'x' + inputs.f }}\" }", "AW420", "the input 'f'"), ("{ id: r, shell: true, run: \"echo ${{ run.id }}\" }", nil, ""),
        ("{ id: r, run: [sqlite3, x.db, \"${{ inputs.f }}\"] }", "AW420", "the input 'f'"), ("{ id: r, run: [sqlite3, x.db], stdin: \"${{ inputs.f }}\" }", "AW420", "the input 'f'"),
        ("{ id: r, run: [flock, /tmp/l, -c, \"${{ inputs.f }}\"] }", "AW420", "the input 'f'"), ("{ id: r, run: [script, -qc, \"${{ inputs.f }}\", out] }", "AW420", "the input 'f'"),
        ("{ id: r, run: [sh, \"-c${{ inputs.f }}\"] }", "AW420", "the input 'f'"), ("{ id: r, run: [make, \"--eval=x: ; ${{ inputs.f }}\", x] }", "AW420", "the input 'f'"),
        ("{ id: r, run: [npx, \"${{ inputs.f }}\"] }", "AW421", "the input 'f'"), ("{ id: r, run: [ssh, host], stdin: \"${{ inputs.f }}\" }", "AW420", "the input 'f'"),
        ("{ id: r, shell: true, run: 'eval \"$N\"', env: { N: \"${{ inputs.f }}\" } }", "AW420", "the input 'f'"),
        ("{ id: r, run: [sh, -c, 'eval \"$1\"', sh, \"${{ inputs.f }}\"] }", "AW420", "the input 'f'"),
        ("{ id: r, shell: true, run: 'evaluate \"$N\"', env: { N: \"${{ inputs.f }}\" } }", nil, ""),
        ("{ id: r, run: [sqlite3, x.db, .tables] }", nil, ""), ("{ id: r, run: [flock, /tmp/l, tool, \"${{ inputs.f }}\"] }", nil, ""),
        ("{ id: r, run: [sh, -c, \"ls ${{ inputs.f }}\"] }", "AW420", "the input 'f'"), ("{ id: r, run: [/usr/bin/python3, -c, \"${{ steps.ask.output }}\"] }", "AW420", "the answer of 'ask'"),
        ("{ id: r, run: [sh, -c, 'ls \"$1\"', x, \"${{ inputs.f }}\"] }", nil, ""), ("{ id: r, run: [ls, \"${{ inputs.f }}\"] }", nil, ""),
        ("{ id: r, run: [\"${{ steps.ask.output }}\"] }", "AW421", "the answer of 'ask' decides which program is run"),
        ("{ id: r, run: [\"bin/${{ inputs.f }}\"] }", "AW421", "the input 'f'"), ("{ id: r, run: [\"bin/${{ inputs.pick }}\"] }", nil, ""),
        ("{ id: r, run: [\"${{ inputs.f == 'a' ? 'wc' : 'cat' }}\"] }", nil, ""),
        // What a program reads as its program.
        ("{ id: r, run: [bash], stdin: \"${{ steps.ask.output }}\" }", "AW420", "the answer of 'ask' is the program that is read from stdin"),
        ("{ id: r, run: [python3, -], stdin: \"${{ inputs.f }}\" }", "AW420", "the input 'f'"), ("{ id: r, run: [bash, -s], stdin: \"${{ inputs.f }}\" }", "AW420", "the input 'f'"),
        ("{ id: r, run: [sh, -c, wc], stdin: \"${{ inputs.f }}\" }", nil, ""), ("{ id: r, run: [python3, count.py], stdin: \"${{ inputs.f }}\" }", nil, ""), ("{ id: r, run: [wc], stdin: \"${{ inputs.f }}\" }", nil, ""),
        // By way of other steps, with their own names.
        ("{ id: v, for_each: { items: inputs.list }, value: item }\n  - { id: r, shell: true, run: \"ls ${{ steps.v.output[0] }}\" }", "AW420", "the input 'list'"),
        ("{ id: v, with: { x: \"${{ inputs.f }}\" }, value: with.x }\n  - { id: r, shell: true, with: { x: fixed }, run: \"ls ${{ steps.v.output }}\" }", "AW420", "the input 'f'"),
        ("{ id: v, with: { x: fixed }, value: with.x }\n  - { id: r, shell: true, with: { x: \"${{ inputs.f }}\" }, run: \"ls ${{ steps.v.output }}\" }", nil, ""),
        ("{ id: r, with: { x: \"${{ inputs.f }}\" }, steps: [{ id: s, shell: true, run: \"ls ${{ with.x }}\" }] }", "AW420", "the input 'f'"),
        ("{ id: r, loop: { max: 2, until: \"false\", steps: [{ id: s, shell: true, run: \"ls ${{ pass.previous.s }}\" }] } }", "AW420", "what the pass before gave"),
        ("{ id: r, loop: { max: 2, until: \"false\", steps: [{ id: s, shell: true, run: \"ls ${{ pass.index }}\" }] } }", nil, ""),
        ("{ id: v, value: \"'x'\", on_error: { value: \"${{ inputs.f }}\" } }\n  - { id: r, shell: true, run: \"ls ${{ steps.v.output }}\" }", "AW420", "the input 'f'"),
    ]) func foreignTextInCommands(step: String, code: String?, message: String) throws {
        let project = try TemporaryProject(["w.yaml": Self.head + "  - \(step)\n"])
        let warnings = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all.filter { $0.code.hasPrefix("AW42") }
        #expect(warnings.map(\.code) == (code.map { [$0] } ?? []), "\(step)")
        #expect(warnings.allSatisfy { $0.message.hasPrefix(message) && $0.hint != nil }, "\(warnings)")
    }

    /// L4: also behind programs that start another, and whatever the interpreter's version. X is the input.
    @Test(arguments: [
        ("env, sh, -c, X", "AW420"), ("timeout, \"5\", sh, -c, X", "AW420"), ("timeout, -k, \"2\", 5s, sh, -c, X", "AW420"), ("nice, -n, \"5\", bash, -lc, X", "AW420"),
        ("xargs, -n, \"1\", sh, -c, X", "AW420"), ("docker, run, --rm, img, sh, -c, X", "AW420"), ("ssh, -p, \"22\", host, X", "AW420"), ("ssh, host, ls, X", "AW420"),
        ("env, A=b, python3.11, -c, X", "AW420"), ("/usr/bin/env, -u, A, perl, -ne, X", "AW420"), ("awk, X", "AW420"), ("awk, -F, \",\", X, file", "AW420"),
        ("pwsh, -NoProfile, -Command, X", "AW420"), ("deno, eval, X", "AW420"), ("node, --eval=X", "AW420"), ("busybox, sh, -c, X", "AW420"), ("bash, -o, pipefail, -c, X", "AW420"),
        ("perl, -e, \"print\", -e, X", "AW420"), ("sudo, -u, me, sh, -c, X", "AW420"),
        ("su, me, -c, X", "AW420"), ("psql, db, -c, X", "AW420"), ("mysql, -e, X, db", "AW420"), ("sed, X, file", "AW420"), ("sed, -e, X, file", "AW420"), ("watch, -n, \"1\", X", "AW420"), ("Rscript, -e, X", "AW420"),
        ("psql, X", nil), ("su, X, -c, wc", nil), ("sed, \"s/a/b/\", X", nil), ("sed, -e, \"s/a/b/\", X", nil),
        ("sudo, X", "AW421"), ("env, X", "AW421"), ("env, A=b, X", "AW421"), ("sh, X", "AW421"), ("python3, X", "AW421"), ("python3, -m, X", "AW421"), ("nohup, nice, X", "AW421"),
        ("python3, script.py, --text, X", nil), ("python3, script.py, -c, X", nil), ("env, A=X, wc", nil), ("timeout, \"5\", wc, X", nil), ("awk, \"{ print }\", X", nil),
        ("awk, -v, X, \"{ print v }\"", nil), ("perl, -ne, \"print\", X", nil), ("sh, -c, \"wc\", x, X", nil), ("grep, sh, X", nil), ("docker, run, img, wc, X", nil), ("ssh, host, ls", nil),
        ("python3, -m, json.tool, X", nil), ("xargs, wc, X", nil),
    ]) func programsBehindPrograms(words: String, code: String?) throws {
        let argv = words.split(separator: ", ").map { $0.contains("X") ? "\"" + $0.replacing("X", with: "${{ inputs.f }}") + "\"" : String($0) }
        let project = try TemporaryProject(["w.yaml": Self.head + "  - { id: r, run: [\(argv.joined(separator: ", "))] }\n"])
        let warnings = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all.filter { $0.code.hasPrefix("AW42") }
        #expect(warnings.map(\.code) == (code.map { [$0] } ?? []), "\(words)")
    }

    @Test func theWayOutIsToldWithTheName() throws {
        try expectWarnings(
            of: Self.head + "  - { id: r, shell: true, run: \"ls ${{ inputs.f }}\" }\n",
            #"""
            w.yaml:11:40: warning[AW420]: the input 'f' is written into a command line: what stands in it is run
                 |
              11 |   - { id: r, shell: true, run: "ls ${{ inputs.f }}" }
                 |                                        ^^^^^^^^
              hint: hand it over as a variable: env: { F: "${{ inputs.f }}" }, and write "$F" with its quotes
            """#)
    }
}
