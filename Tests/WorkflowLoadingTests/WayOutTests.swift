import Economics
import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import WorkflowLoading

/// L6, L7: every common mistake is told what to write, with the names and values of who made it.
@Suite struct WayOutTests {
    private func hints(_ yaml: String, file: String = "w.yaml") throws -> [String] {
        let project = try TemporaryProject([file: yaml])
        do {
            if file != "w.yaml" {
                _ = try ProjectLoader.load(named: project.path(file), searchingFrom: project.root)
            } else {
                _ = try WorkflowLoader.load(project.path(file), root: project.root)
            }
            return []
        } catch {
            return error.all.map { $0.hint ?? "" }
        }
    }

    /// A key of a step, and what is said.
    @Test(arguments: [
        // GitHub Actions
        ("if: inputs.x > 3", "write when: inputs.x > 3"), ("uses: ./other.yaml", "write workflow: FILE"), ("timeout-minutes: 5", "write timeout: 5m"), ("continue-on-error: true", "write on_error: continue"),
        ("strategy: { matrix: { x: [1] } }", "write for_each: {"), ("name: Say Hello", "write id: say_hello"), ("working-directory: src", "started in the project's folder"), ("environment: { A: b }", "write env: {"),
        // Dagu
        ("depends: a", "use needs: [step]"), ("command: echo hi", "write run: [echo, hi]"), ("command: echo hi | wc", "write run: echo hi | wc with shell: true"), ("preconditions: [{ condition: x }]", "write when: …"),
        ("retryPolicy: { limit: 3 }", "write retry: { max_attempts: 3"), ("preconditions: x", "write when: x"),
        ("params: { a: b }", "write with: { NAME: value }"), ("continueOn: { failure: true }", "write on_error: continue"), ("repeatPolicy: { repeat: true }", "write loop: {"),
        ("parallel: inputs.list", "write for_each: { items: inputs.list }"),
        // LangGraph
        ("nodes: [a]", "write steps: a list"), ("edges: [a]", "what they need"), ("conditional_edges: {}", "a when:"), ("next: b", "a when:"), ("interrupt: true", "write approve: { message:"),
        // promptfoo
        ("needs: [{ step: a }]", "write needs: [a]"), ("on_error: { continue: true }", "the word stands alone: on_error: continue"), ("on_error: { abort: true }", "on_error: fail"),
        ("vars: { x: y }", "write with: {"), ("assert: [{ type: is-json }]", "write escalate: {"), ("providers: [openai:gpt-4o]", "write model: TIER"), ("provider: openai", "write model: TIER"),
        // Argo
        ("template: x", "write workflow: FILE"), ("dependencies: [a]", "use needs:"), ("withItems: [a, b]", "write for_each: { items: \"['a', 'b']\" }"), ("arguments: { parameters: [] }", "write with: {"),
        ("activeDeadlineSeconds: 30", "write deadline: 30s"), ("retryStrategy: { limit: 3 }", "write retry: {"), ("script: echo hi", "write run: [echo, hi]"), ("suspend: {}", "write approve: {"),
        // The APIs
        ("max_tokens: 500", "write max_output_tokens: 500"), ("max_completion_tokens: 500", "write max_output_tokens: 500"), ("response_format: { type: json_object }", "write output: { schema:"),
        ("json_schema: {}", "write output: { schema:"), ("output_schema: {}", "write output: { schema:"), ("stop_sequences: [a]", "write stop: [a]"), ("reasoning_effort: low", "write reasoning: low"),
        ("thinking: { budget_tokens: 100 }", "write reasoning: low, medium or high"),
        ("top_k: 5", "remove it: temperature, top_p"), ("functions: []", "write tools: [server.tool]"), ("instructions: Be kind.", "write system: Be kind."), ("input: x", "write with: {"), ("n: 3", "remove it"),
        // And what anybody writes.
        ("retries: 3", "write retry: { max_attempts: 3 }"), ("max_attempts: 3", "write retry: { max_attempts: 3 }"), ("cache: true", "write memo: { max_age: 24h }"), ("maxOutputTokens: 5", "did you mean 'max_output_tokens'?"),
        ("max-output-tokens: 5", "did you mean 'max_output_tokens'?"), ("Prompt: hi", "did you mean 'prompt'?"), ("llm: gpt-4o", "write model: TIER"), ("max_cost_usd: 0.5", "write limits: { max_cost_usd: 0.5 }"),
        ("schema: {}", "write output: { schema:"),
        ("foreach: inputs.list", "write for_each: { items: inputs.list }"), ("files: [a.pdf]", "write attach: [a.pdf]"), ("budget: 1", "write limits: { max_cost_usd: 1 }"), ("concurrency: 3", "it is a key of a workflow"),
        ("use: local/small", "write model: TIER"),
        ("in: x", "Docs/Keys.md#step"), ("zzzz: 1", "Docs/Keys.md#step"), ("overflow: trim", "write it inside of limits: limits: { overflow: trim }"),
    ]) func aWordOfAnotherTool(key: String, hint: String) throws {
        let found = try hints("version: 1\nname: t\nmodels: { m: { use: local/small } }\nsteps:\n  - id: a\n    value: \"1\"\n    \(key)\n")
        #expect(found.contains { $0.contains(hint) }, "\(found)")
        #expect(!found.contains { $0.contains("'id'?") || $0.contains("'max_turns'") }, "\(found)")
    }

    @Test(arguments: [
        ("model: x", "write defaults: { model: x }"), ("retries: 3", "write defaults: { retry:"), ("jobs: { a: {} }", "write steps: a list"), ("nodes: []", "write steps: a list"), ("edges: []", "the order of steps follows"),
        ("entrypoint: a", "the order of steps follows"), ("templates: []", "write steps: a list"), ("on: push", "a workflow is started by agentctl run"), ("env: { A: b }", "in a step with run:, write env:"),
        ("params: { a: b }", "write inputs: {"),
        ("vars: { a: b }", "write inputs: {"), ("prompts: [hi]", "write it in a step"), ("providers: [openai]", "write models: {"), ("tests: []", "escalate: {"), ("temperature: 0", "with a tier"),
        ("timeout: 30s", "defaults: { timeout: 30s }"),
        ("max_cost_usd: 5", "write budget: { max_cost_usd: 5 }"), ("on_exit: []", "write finally:"), ("apiVersion: argoproj.io/v1alpha1", "write version: 1"), ("kind: Workflow", "remove it"), ("spec: {}", "at the top of the file"),
        ("fail-fast: true", "write on_failure: cancel"),
        ("result: x", "write outputs: {"),
        ("max_parallel: 4", "write concurrency: 4"), ("author: me", "write owner: { engineering: me }"), ("api_key: sk-abcdefghijklmnop1234567890", "write it in agentctl.yaml"),
        ("limits: { max_output_tokens: 5 }", "defaults: { limits: { max_output_tokens: 5 } }"),
    ]) func aWordAtTheTop(key: String, hint: String) throws {
        let found = try hints("version: 1\nname: t\nsteps:\n  - { id: a, value: \"1\" }\n\(key)\n")
        #expect(found.contains { $0.contains(hint) } && !found.contains { $0.contains("abcdefghij") }, "\(found)")
    }

    /// One value where a mapping is wanted, one form for another.
    @Test(arguments: [
        ("retry: 3", "write retry: { max_attempts: 3 }"), ("retry: true", "write retry: { max_attempts: 3 }"), ("retry: [timeout]", "write retry: { max_attempts: 3, on: [timeout] }"), ("memo: 24h", "write memo: { max_age: 24h }"),
        ("memo: true", "write memo: { max_age: 24h }"),
        ("for_each: inputs.list", "write for_each: { items: inputs.list }"), ("for_each: [a, b]", "write for_each: { items: \"['a', 'b']\" }"), ("for_each: [1, 2]", "write for_each: { items: \"[1, 2]\" }"),
        ("for_each: ${{ inputs.list }}", "write for_each: { items: inputs.list }"),
        ("for_each: { items: [a, b] }", "write the list as an expression: items: \"['a', 'b']\""), ("limits: 500", "write limits: { max_output_tokens: 500 }"), ("output: schemas/x.json", "write output: { schema: schemas/x.json }"),
        ("on_error: ignore", "write on_error: continue"),
        ("temperature: \"0.5\"", "remove the quotes: temperature: 0.5"), ("temperature: 0,5", "write temperature: 0.5"), ("temperature: 50%", "write temperature: 0.5"),
        ("max_output_tokens: \"500\"", "remove the quotes: max_output_tokens: 500"), ("max_output_tokens: 4k", "write max_output_tokens: 4000"),
        ("max_output_tokens: 1_000", "write max_output_tokens: 1000"), ("max_output_tokens: 1,000", "write max_output_tokens: 1000"), ("max_output_tokens: 500 tokens", "write max_output_tokens: 500"),
        ("max_output_tokens: [500]", "write max_output_tokens: 500"),
        ("stream: yes", "write stream: true"), ("stream: \"true\"", "remove the quotes: stream: true"), ("stream: off", "write stream: false"), ("stream: 1", "write stream: true"), ("timeout: 30", "write a unit: timeout: 30s"),
        ("timeout: 30 seconds", "write timeout: 30s"),
        ("timeout: 1 hour", "write timeout: 1h"), ("timeout: PT5M", "write timeout: 5m"), ("timeout: 00:05:00", "write timeout: 5m"), ("timeout: [30s]", "write timeout: 30s"), ("limits: { max_cost_usd: $5 }", "max_cost_usd: 5"),
        ("limits: { max_cost_usd: 5 USD }", "max_cost_usd: 5"),
        ("limits: { max_cost_usd: '0,50' }", "max_cost_usd: 0.50"), ("limits: { max_cost_usd: 50ct }", "max_cost_usd: 0.5"), ("limits: { max_cost_usd: 5 € }", "US dollars"), ("model: [m]", "write model: m"),
        ("model: gpt-4o-mini", "models: { main: { use: openai/gpt-4o-mini } }"),
        ("model: openai/gpt-4o", "models: { main: { use: openai/gpt-4o } }"), ("with: x", "write with: { NAME: x }"), ("with: [x]", "write with: { NAME:"), ("limits: { on_truncation: Keep }", "write on_truncation: keep"),
    ]) func anotherForm(key: String, hint: String) throws {
        let model = key.hasPrefix("model:") ? "" : "    model: m\n"
        let found = try hints("version: 1\nname: t\ninputs: { list: { type: array } }\nmodels: { m: { use: local/small } }\nsteps:\n  - id: a\n    prompt: hi\n\(model)    \(key)\n")
        #expect(found.contains { $0.contains(hint) }, "\(found)")
    }

    @Test(arguments: [
        ("run: ls, shell: bash", "write shell: true, which is /bin/sh; for another one, run: [bash, -c, \"…\"]"), ("run: ls, shell: /bin/sh", "write shell: true, which is /bin/sh"),
        ("run: [ls], env: \"A=1\"", "write env: { A: 1 }"), ("run: [ls], env: \"API_KEY=sk-abcdefghijklmnop1234567890\"", "write env: { API_KEY: … }"), ("run: [ls], env: all", "write env: { NAME: value }"),
        ("run: [ls], needs: b c", "write them as a list: [b, c]"), ("run: [ls], needs: \"b, c\"", "write them as a list: [b, c]"), ("run: [ls], needs: b d", "declared: a, b, c"),
    ]) func anotherFormOfAProgram(keys: String, hint: String) throws {
        let found = try hints("version: 1\nname: t\nsteps:\n  - { id: a, \(keys) }\n  - { id: b, value: 1 }\n  - { id: c, value: 1 }\n")
        #expect(found.contains { $0.hasPrefix(hint) }, "\(found)")
    }

    @Test(arguments: [
        ("models: { m: openai/gpt-4o-mini }", "write m: { use: openai/gpt-4o-mini }"), ("models: { m: { use: gpt-4o-mini } }", "for example openai/gpt-4o-mini"), ("models: [openai/gpt-4o]", "models: { main: { use: openai/gpt-4o } }"),
        ("outputs: ${{ steps.a.output }}", "outputs: { result: \"${{ steps.a.output }}\" }"), ("outputs: steps.a.output", "outputs: { result: \"${{ steps.a.output }}\" }"), ("outputs: [a]", "outputs: { a: \"${{ steps.a.output }}\" }"),
        ("inputs: [text, n]", "write inputs: { text: { type: string }, n: { type: string } }"), ("inputs: { n: integer }", "n: { type: integer }"), ("inputs: { n: int }", "n: { type: integer }"),
        ("inputs: { n: 5 }", "n: { type: integer, default: 5 }"), ("inputs: text", "inputs: { text: { type: string } }"),
        ("budget: 5", "write budget: { max_cost_usd: 5 }"), ("budget: 5 USD", "write budget: { max_cost_usd: 5 }"), ("owner: me", "write owner: { engineering: me }"), ("prefixes: { p: Be kind. }", "write p: { text: Be kind. }"),
        ("prefixes: { p: rules.md }", "write p: { file: rules.md }"),
        ("decision: \"${{ inputs.id }}\"", "write decision: { id:"), ("tags: [a]", "write tags: { NAME: value }"), ("finally: { a: {} }", "finally: [{ id: a"), ("defaults: { limits: { max_tokens: 5 } }", "write max_output_tokens: 5"),
        ("budget: { max_cost: 5 }", "write max_cost_usd: 5"),
    ]) func anotherFormAtTheTop(key: String, hint: String) throws {
        let found = try hints("version: 1\nname: t\nsteps:\n  - { id: a, value: \"1\" }\n\(key)\n")
        #expect(found.contains { $0.contains(hint) }, "\(found)")
    }

    @Test(arguments: [
        ("{ api: openai-chat, api_key: sk-abcdefghijklmnop1234567890 }", "write api_key: { env: NAME }"), ("{ api: openai-chat, api_key: MY_KEY }", "write api_key: { env: MY_KEY }"),
        ("{ api: openai-chat, apikey: sk-abcdefghijklmnop1234567890 }", "write api_key: { env: NAME }"),
        ("{ api: openai-chat, token: sk-abcdefghijklmnop1234567890 }", "write api_key: { env: NAME }"), ("{ api: openai-chat, Authorization: Bearer sk-abcdefghijklmnop1234567890 }", "write api_key: { env: NAME }"),
        ("{ type: openai }", "write api: openai-chat"),
        ("{ api: openai-chat, url: \"http://127.0.0.1:1/v1\" }", "write base_url: http://127.0.0.1:1/v1"), ("{ api: openai-chat, api_key_env: MY_KEY }", "write api_key: { env: MY_KEY }"),
        ("http://127.0.0.1:1/v1", "write x: { api: openai-chat, base_url: http://127.0.0.1:1/v1 }"),
        ("{ api: openai-chat, timeout: 30s }", "stand in a workflow"), ("{ api: openai-chat, models: { a: gpt-4o } }", "write a: { id: gpt-4o }"), ("{ api: openai-chat, models: [gpt-4o] }", "models: { gpt-4o: { id: gpt-4o } }"),
    ]) func aProvider(entry: String, hint: String) throws {
        let found = try hints("version: 1\nproviders: { x: \(entry) }\n", file: "agentctl.yaml")
        #expect(found.contains { $0.contains(hint) } && !found.contains { $0.contains("abcdefghij") }, "\(found)")
    }

    /// All of a step's mistakes are told in one pass, also where its kind is wrong.
    @Test func aPromptThatIsAMapping() throws {
        try expectFrames(
            of: "version: 1\nname: t\nmodels: { m: openai/gpt-4o-mini }\nsteps:\n  - { id: a, model: m, prompt: { role: user }, retry: 3, memo: 24h }\noutputs: ${{ steps.a.output }}\n",
            """
            w.yaml:3:14: error[AW103]: a tier is a mapping of keys to values, found a string
                |
              3 | models: { m: openai/gpt-4o-mini }
                |              ^^^^^^^^^^^^^^^^^^
              hint: write m: { use: openai/gpt-4o-mini }

            w.yaml:5:32: error[AW103]: expected text, found a mapping
                |
              5 |   - { id: a, model: m, prompt: { role: user }, retry: 3, memo: 24h }
                |                                ^^^^^^^^^^^^^^
              hint: put the text in quotes, or on the lines below prompt: |; an expression is written prompt: "${{ … }}"

            w.yaml:5:55: error[AW103]: retry is a mapping of keys to values, found an integer
                |
              5 |   - { id: a, model: m, prompt: { role: user }, retry: 3, memo: 24h }
                |                                                       ^
              hint: write retry: { max_attempts: 3 }

            w.yaml:5:64: error[AW103]: memo is a mapping of keys to values, found a string
                |
              5 |   - { id: a, model: m, prompt: { role: user }, retry: 3, memo: 24h }
                |                                                                ^^^
              hint: write memo: { max_age: 24h }

            w.yaml:6:10: error[AW103]: outputs is a mapping, found '${{ steps.a.output }}'
                |
              6 | outputs: ${{ steps.a.output }}
                |          ^^^^^^^^^^^^^^^^^^^^^
              hint: give it a name: outputs: { result: "${{ steps.a.output }}" }
            """)
    }

    /// Of the table: each word once, none that is a key, and hints that name keys which are there.
    @Test func theWordsHoldTogether() {
        for mapping in LanguageMapping.workflow + LanguageMapping.project {
            var known: Set<String> = []
            for synonym in mapping.synonyms {
                for word in synonym.words {
                    #expect(known.insert(word).inserted, "\(mapping.name): \(word)")
                    #expect(mapping.key(word) == nil && Synonym.normal(word) == word, "\(mapping.name): \(word)")
                }
                if let target = synonym.target { #expect(mapping.key(target) != nil || target.hasPrefix("tag."), "\(mapping.name): \(synonym.hint)") }
            }
            if let key = mapping.shorthand?.prefix(while: { $0 != ":" }) { #expect(mapping.key(String(key)) != nil, "\(mapping.name)") }
        }
    }

    // MARK: L5

    @Test func modelsThatThereAreNot() throws {
        let project = try TemporaryProject([
            "w.yaml":
                "version: 1\nname: t\nmodels:\n  m: { use: opnai/gpt-4o, fallback: [local/midd, openai/gpt-4o] }\n  n: { use: local/small, fallback: local/midd }\nsteps:\n  - { id: a, model: m, prompt: hi }\n  - { id: b, model: n, prompt: hi }\n"
        ])
        let error = #expect(throws: Diagnostics.self) {
            try WorkflowLoader.load(
                project.path("w.yaml"), root: project.root,
                models: { model in
                    model.provider == "opnai" ? ("there is no provider 'opnai'", "did you mean 'openai'?") : model.model == "midd" ? ("provider 'local' has no model 'midd'", nil) : nil
                })
        }
        #expect(error?.all.map(\.code) == ["AW210", "AW210", "AW210"])
        #expect(error?.all.map { $0.range?.start.line } == [4, 4, 5] && error?.all.map { $0.range?.start.column } == [13, 38, 36])
        #expect(error?.all[0].hint == "did you mean 'openai'?")
    }

    /// Log-probabilities of models that give none are an error, once for a place; of others that are not known a warning.
    @Test func logprobsOfModels() throws {
        func load(_ text: String) throws -> [Diagnostic] {
            let project = try TemporaryProject(["w.yaml": "version: 1\nname: t\nowner: { engineering: e }\n" + text])
            do {
                return try WorkflowLoader.load(
                    project.path("w.yaml"), root: project.root, warns: true,
                    logprobs: { LogprobRule($0.model == "none" ? .never : $0.model == "quiet" ? .unlessReasoning : $0.model == "some" ? .always : .unknown, source: "a page", checkedAt: "2026-11-30") }
                ).warnings.all
            } catch {
                return error.all
            }
        }
        let limits = "limits: { max_output_tokens: 9 }"
        let outputs = "outputs: { a: \"${{ steps.a.output }}\", b: \"${{ steps.b.output }}\" }"
        let steps = "steps:\n  - { id: a, model: m, prompt: hi, \(limits) }\n  - { id: b, model: m, prompt: hi, \(limits) }\n\(outputs)\n"
        let none = try load("models:\n  m: { use: p/none, fallback: p/some, logprobs: true }\n" + steps)
        #expect(none.map(\.code) == ["AW215"] && none.first?.severity == .error && none.first?.range?.start.line == 5 && none.first?.range?.start.column == 49)
        #expect(none.first?.message == "p/none gives no log-probabilities (a page, 2026-11-30)" && none.first?.hint?.contains("take logprobs out") == true)
        #expect(try load("models:\n  m: { use: p/some, fallback: p/quiet, logprobs: true }\n" + steps) == [])
        let reasoning = try load("models:\n  m: { use: p/quiet, reasoning: high, logprobs: true }\n" + steps)
        #expect(reasoning.map(\.code) == ["AW215"] && reasoning.first?.hint?.hasPrefix("write reasoning: none") == true)
        let unknown = try load("models:\n  m: { use: p/x, logprobs: true }\n" + steps)
        #expect(unknown.map(\.code) == ["AW425"] && unknown.first?.severity == .warning)
        // What a step says is stronger than its tier, and stands there.
        let own = try load("models:\n  m: { use: p/none }\nsteps:\n  - { id: a, model: m, prompt: hi, logprobs: true, \(limits) }\n  - { id: b, model: m, prompt: hi, \(limits) }\n\(outputs)\n")
        #expect(own.map(\.code) == ["AW215"] && own.first?.range?.start.line == 7)
        #expect(try load("models:\n  m: { use: p/none, logprobs: true }\nsteps:\n  - { id: a, model: m, prompt: hi, logprobs: false, \(limits) }\n  - { id: b, value: 1 }\n\(outputs)\n") == [])
    }

    @Test(arguments: ["agentctl.yml", ".agentctl.yml", "agentctl.json"]) func aProjectFileThatIsNotRead(name: String) throws {
        let project = try TemporaryProject([name: "version: 1\n", "sub/w.yaml": ""])
        #expect(try ProjectLoader.load(named: nil, searchingFrom: project.path("sub")).unread.map { $0.split(separator: "/").last.map(String.init) } == [name])
        let both = try TemporaryProject([name: "version: 1\n", "agentctl.yaml": "version: 1\n"])
        #expect(try ProjectLoader.load(named: nil, searchingFrom: both.root).unread.count == 1)
        let named = try TemporaryProject(["agentctl.yaml": "version: 1\n"])
        #expect(try ProjectLoader.load(named: nil, searchingFrom: named.root).unread == [])
    }

    // MARK: L6: what opens something

    @Test(arguments: [
        "models: { m: { use: local/small, api_key: sk-abcdefghijklmnop1234567890 } }", "api_key: sk-abcdefghijklmnop1234567890", "x: Bearer sk-abcdefghijklmnop1234567890", "token: abcdefghijklmnop1234567890",
        "env: { OPENAI_API_KEY: abcdefghijklmnop1234567890 }",
        "models: { m: { use: local/small, headers: { Authorization: Bearer abcdefghijklmnop1234567890 } } }", "x: { a: sk-abcdefghijklmnop1234567890", "password: |\n  abcdefghijklmnop1234567890\n",
    ]) func keysInAWorkflowThatIsWrongAreKnown(line: String) throws {
        let project = try TemporaryProject(["w.yaml": "version: 1\nname: t\nsteps:\n  - { id: a, value: \"1\", zzz: 1 }\n\(line)\n"])
        let book = SecretBook()
        #expect(throws: Diagnostics.self) { try WorkflowLoader.load(project.path("w.yaml"), root: project.root, book: book) }
        #expect(!book.redactor.redact("see abcdefghijklmnop1234567890 and sk-abcdefghijklmnop1234567890").contains("klmnop123"))
    }
}
