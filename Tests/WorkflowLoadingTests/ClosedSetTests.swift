import TestSupport
import Testing
import Values
import WorkflowLoading

/// L2: comparisons that never hold. L3: whole steps where their outputs are meant.
@Suite struct ClosedSetTests {
    private static let head = """
        version: 1
        name: t
        inputs: { mode: { enum: [fast, good] }, free: { type: string } }
        models: { small: { use: local/small }, big: { use: local/mid } }
        defaults: { model: small }
        steps:
          - id: a
            prompt: hi
            output:
              schema:
                type: object
                properties:
                  k: { enum: [x, y] }
                  c: { const: only }
                  n: { enum: [1, 2, null] }
                  l: { type: array, items: { oneOf: [{ const: u }, { const: v }] } }
                  any: { anyOf: [{ enum: [p] }, { type: "null" }] }
                  open: { anyOf: [{ enum: [p] }, { type: string }] }
                  all: { allOf: [{ type: string }, { enum: [q] }] }
                  deep: { type: object, properties: { k: { type: string, enum: [deep] } } }
                  free: { type: string }
          - { id: fallback, prompt: hi, output: { schema: { type: object, properties: { k: { enum: [x, y] } }, required: [k] } }, on_error: { value: { k: z } } }
          - { id: each, for_each: { items: "[1]" }, prompt: hi, output: { schema: { enum: [x, y] } } }

        """

    private func problems(_ rest: String) throws -> [Diagnostic] {
        let project = try TemporaryProject(["w.yaml": Self.head + rest + "\n"])
        do {
            return try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all.filter { ["AW422", "AX011", "AW209"].contains($0.code) }
        } catch {
            return error.all
        }
    }

    @Test(arguments: [
        ("steps.a.status == 'success'", "did you mean 'succeeded'?"), ("'done' == steps.a.status", "did you mean 'succeeded'?"), ("steps.a.status != 'error'", "did you mean 'failed'?"),
        ("steps.a.status in ['succeeded', 'canceled']", "did you mean 'cancelled'?"), ("steps.a.status == 'x'", "a newer agentctl may know the word"),
        ("steps.a.output.k == 'z'", "it is one of 'x', 'y'"), ("steps.a.output['k'] == 'X'", "did you mean 'x'?"), ("steps.a.output.c == 'other'", "it is always 'only'"), ("steps.a.output.n == 3", "it is one of 1, 2"),
        ("steps.a.output.l.exists(w, w == 'w')", "'u', 'v'"), ("'w' in steps.a.output.l", "'u', 'v'"), ("steps.a.output.l[0] == 'w'", "'u', 'v'"), ("steps.a.output.any == 'q'", "it is always 'p'"),
        ("steps.a.output.all == 'r'", "always 'q'"),
        ("steps.a.output.deep.k == 'k'", "always 'deep'"), ("steps.a.tier == 'medium'", "'small', 'big'"), ("steps.fallback.output.k == 'w'", "'x', 'y', 'z'"), ("steps.each.output.all(e, e != 'z')", "'x', 'y'"),
        ("(inputs.free == '' ? steps.a.output.k : 'other') == 'z'", "'x', 'y', 'other'"), ("steps.a.output.k == (inputs.free == '' ? 'x' : 'z')", "'x', 'y'"), ("steps.a.output.k in {'x': 1, 'q': 2}", "'x', 'y'"),
    ]) func aWordThatNeverIs(condition: String, hint: String) throws {
        let all = try problems("  - { id: b, when: \"\(condition)\", value: \"1\" }")
        #expect(all.count == 1 && all[0].code == "AX011" && all[0].severity == .error && all[0].hint?.contains(hint) == true, "\(all)")
        // In a text, too.
        #expect(try problems("  - { id: b, value: \"1\" }\noutputs: { o: \"it is ${{ \(condition) }}\" }").map(\.code) == ["AX011"])
    }

    @Test(arguments: [
        "steps.a.status == 'succeeded'", "steps.a.status in ['failed', 'skipped', 'cancelled']", "steps.a.output.k == 'x'", "steps.a.output.k != 'y'", "steps.fallback.output.k == 'z'", "steps.a.output.free == 'zz'",
        "steps.a.output.open == 'zz'", "inputs.free == 'zz'", "inputs.mode == 'fast'", "steps.a.tier == 'big'", "steps.a.output.n == 2.0", "steps.a.output.n == null", "steps.a.output.any == null", "steps.a.output.k == inputs.free",
        "steps.a.output.k.startsWith('z')", "steps.a.output.k + 'z' == 'xz'", "run.id == 'x'", "steps.a.output.k.upperAscii() == 'X'", "size(steps.a.output.l) == 7", "(inputs.free == '' ? steps.a.output.k : inputs.free) == 'z'",
        "['x', 'z'].exists(w, w == steps.a.output.k)", "inputs.free in ['q']",
    ]) func whatMayBe(condition: String) throws {
        #expect(try problems("  - { id: b, when: \"\(condition)\", value: \"1\" }") == [])
    }

    /// Whoever gives an input is asked for the words of its schema: a warning.
    @Test func anInputThatNeverIs() throws {
        let all = try problems("  - { id: b, when: \"inputs.mode == 'best'\", value: \"1\" }")
        #expect(all.count == 1 && all[0].code == "AW422" && all[0].severity == .warning && all[0].message == "inputs.mode is never 'best'")
    }

    /// A tier that cannot be read may have any name.
    @Test func brokenTiersAreNotHeldAgainstAnyone() throws {
        let project = try TemporaryProject(["w.yaml": "version: 1\nname: t\nmodels: { m: { use: local/small }, n: x }\nsteps:\n  - { id: a, model: m, prompt: hi }\n  - { id: b, when: steps.a.tier == 'n', value: \"1\" }\n"])
        let error = #expect(throws: Diagnostics.self) { try WorkflowLoader.load(project.path("w.yaml"), root: project.root) }
        #expect(error?.all.map(\.code) == ["AW103"])
    }

    // MARK: L3

    @Test(arguments: [
        ("{ id: b, prompt: \"${{ steps.a }}\" }", "steps.a.output"), ("{ id: b, prompt: \"About ${{ steps.a }} here\" }", "steps.a.output"), ("{ id: b, prompt: hi, system: \"${{ steps['a'] }}\" }", "steps.a.output"),
        ("{ id: b, messages: [{ role: user, content: \"${{ steps.a }}\" }] }", "steps.a.output"), ("{ id: b, run: [echo, \"${{ steps.a }}\"] }", "steps.a.output"), ("{ id: b, run: [cat], stdin: \"${{ steps.a }}\" }", "steps.a.output"),
        ("{ id: b, run: [env], env: { A: \"${{ steps.a }}\" } }", "steps.a.output"), ("{ id: b, shell: true, run: \"echo '${{ steps.a }}'\" }", "steps.a.output"), ("{ id: b, approve: { message: \"${{ steps.a }}\" } }", "steps.a.output"),
        ("{ id: b, value: steps.a }", "steps.a.output"), ("{ id: b, value: { x: \"${{ steps.a }}\" } }", "steps.a.output"), ("{ id: b, value: \"[steps.a.output, steps.a]\" }", "steps.a.output"),
        ("{ id: b, value: \"inputs.free == '' ? steps.a : null\" }", "steps.a.output"), ("{ id: b, prompt: \"${{ steps }}\" }", "steps.ID.output"), ("{ id: b, prompt: \"${{ with.s }}\", with: { s: \"${{ steps.a }}\" } }", "with.s.output"),
        ("{ id: b, with: { s: \"${{ steps.a }}\" }, steps: [{ id: c, prompt: \"${{ with.s }}\" }] }", "with.s.output"), ("{ id: b, prompt: hi, tags: { t: \"${{ steps.a }}\" } }", "steps.a.output"),
        ("{ id: b, prompt: hi, on_error: { value: \"${{ steps.a }}\" } }", "steps.a.output"), ("{ id: b, value: \"[1].map(x, steps.a)\" }", "steps.a.output"),
    ]) func aWholeStep(step: String, hint: String) throws {
        let all = try problems("  - \(step)")
        #expect(all.contains { $0.code == "AW209" && $0.severity == .error && $0.hint?.contains(hint) == true }, "\(all)")
    }

    @Test(arguments: [
        "{ id: b, prompt: \"${{ steps.a.output }}\" }", "{ id: b, value: steps.a.status }", "{ id: b, prompt: \"${{ with.s.output }}\", with: { s: \"${{ steps.a }}\" } }",
        "{ id: b, run: [report], with: { s: \"${{ steps.a }}\" } }", "{ id: b, value: \"steps.map(id, steps[id].status)\" }", "{ id: b, value: \"[steps.a, steps.fallback].map(s, s.status)\" }",
        "{ id: b, value: \"size(steps)\" }", "{ id: b, value: \"has(steps.a.output)\" }", "{ id: b, prompt: \"${{ inputs }}\" }",
    ]) func aStepByItsFields(step: String) throws {
        #expect(try problems("  - \(step)") == [])
    }

    @Test func aWholeStepAsPrinted() throws {
        try expectFrames(
            of:
                "version: 1\nname: t\nmodels: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt: hi }\n  - { id: b, model: m, prompt: \"Shorter: ${{ steps.a }}\" }\n  - { id: c, when: steps.a, for_each: { items: steps.a }, value: item }\noutputs: { a: \"${{ steps.a }}\" }\n",
            """
            w.yaml:6:46: error[AW209]: steps.a is the whole step, with its costs and tokens
                |
              6 |   - { id: b, model: m, prompt: "Shorter: ${{ steps.a }}" }
                |                                              ^^^^^^^
              hint: what it gave is steps.a.output

            w.yaml:7:20: error[AW206]: when takes a bool, found map(string, dyn)
                |
              7 |   - { id: c, when: steps.a, for_each: { items: steps.a }, value: item }
                |                    ^^^^^^^
              hint: what the step gave is steps.a.output

            w.yaml:7:48: error[AW207]: for_each.items takes a list, found map(string, dyn)
                |
              7 |   - { id: c, when: steps.a, for_each: { items: steps.a }, value: item }
                |                                                ^^^^^^^
              hint: what the step gave is steps.a.output

            w.yaml:8:20: error[AW209]: steps.a is the whole step, with its costs and tokens
                |
              8 | outputs: { a: "${{ steps.a }}" }
                |                    ^^^^^^^
              hint: what it gave is steps.a.output
            """)
    }
}
