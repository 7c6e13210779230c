import TestSupport
import Testing
import Values
import WorkflowLoading

/// What is allowed but hardly meant. Each remark as it is printed, and what is close to it but right.
@Suite struct WarningTests {
    private static let top = "version: 1\nname: t\nowner: { engineering: me }\nmodels: { m: { use: local/small } }\ndefaults: { model: m, limits: { max_output_tokens: 9 } }\n"

    /// Steps in an otherwise faultless workflow; line 7 is their first.
    private func expectOfSteps(_ steps: String, files: [String: String] = [:], top: String = "", _ expected: String, name: String = #function, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        try expectWarnings(of: Self.top + "\(top)steps:\n\(steps)\n", files: files, expected, name: name, sourceLocation: sourceLocation)
    }

    // MARK: AW401, AW402

    @Test func anOutputWithoutACap() throws {
        try expectWarnings(
            of: """
                version: 1
                name: t
                owner: { finance: f }
                models: { m: { use: local/small }, capped: { use: local/small, max_output_tokens: 5 } }
                steps:
                  - { id: a, model: m, prompt: hi }
                  - { id: b, model: capped, prompt: hi }
                  - { id: c, model: m, prompt: hi, max_output_tokens: 5 }
                  - { id: d, model: m, prompt: hi, limits: { max_output_tokens: 5 } }
                outputs: { all: "${{ [steps.a.output, steps.b.output, steps.c.output, steps.d.output] }}" }
                """,
            """
            w.yaml:6:11: warning[AW401]: nothing caps the output of 'a', so the cap is 1024 tokens
                |
              6 |   - { id: a, model: m, prompt: hi }
                |           ^
              hint: add limits: { max_output_tokens: … } here or under defaults: the worst case is priced by it
            """)
    }

    @Test func aWorkflowWithoutAnOwner() throws {
        try expectWarnings(
            of: "version: 1\nname: t\ntags: { k: v }\nsteps:\n  - { id: a, value: \"1\" }\noutputs: { a: \"${{ steps.a.output }}\" }\n",
            """
            w.yaml:2:7: warning[AW402]: nobody owns this workflow
                |
              2 | name: t
                |       ^
              hint: add owner: { engineering: … }; it is kept with each run
            """)
    }

    /// S3: a first file is not asked for it.
    @Test func nobodyNeedsToOwnAFirstFile() throws {
        try expectWarnings(of: "version: 1\nname: t\nsteps:\n  - { id: a, value: \"1\" }\noutputs: { a: \"${{ steps.a.output }}\" }\n", "")
    }

    @Test func anOwnerWhoIsNobody() throws {
        try expectWarnings(
            of: "version: 1\nname: t\nowner: {}\ndecision: { id: x, outcome: ok }\nsteps:\n  - { id: a, value: \"1\" }\noutputs: { a: \"${{ steps.a.output }}\" }\n",
            """
            w.yaml:3:1: warning[AW402]: nobody owns this workflow
                |
              3 | owner: {}
                | ^^^^^
              hint: add owner: { engineering: … }; it is kept with each run
            """)
    }

    // MARK: AW403

    @Test func aReadOfAStepThatMayBeSkipped() throws {
        try expectOfSteps(
            """
              - { id: a, when: run.id == 'x', value: "1" }
              - { id: b, value: "steps.a.output + steps.a.output" }
            outputs: { b: "${{ steps.b.output }}" }
            """,
            """
            w.yaml:8:22: warning[AW403]: 'a' has a 'when': where it is skipped, 'b' is skipped too
                |
              8 |   - { id: b, value: "steps.a.output + steps.a.output" }
                |                      ^^^^^^^^^^^^^^
              hint: if that is not meant, write has(steps.a.output) ? … : …; if it is, give 'b' the same when
            """)
    }

    @Test func aReadThatIsGuardedOrMeansToBeSkipped() throws {
        try expectOfSteps(
            """
              - { id: a, when: run.id == 'x', value: "1" }
              - { id: b, value: "has(steps.a.output) ? steps.a.output : 0" }
              - { id: c, when: run.id == 'x', value: "steps.a.output" }
              - { id: d, when: has(steps.a.output), value: "steps.a.output" }
              - { id: e, value: "steps.a.status" }
            outputs: { all: "${{ [steps.b.output, steps.e.output] }}", c: "${{ steps.c.output }}", d: "${{ steps.d.output }}", a: "${{ steps.a.output }}" }
            """, "")
    }

    @Test func anOutcomeOfAStepThatMayBeSkipped() throws {
        try expectOfSteps(
            """
              - { id: a, when: run.id == 'x', value: "'y'" }
            decision: { outcome: "${{ steps.a.output }}" }
            """,
            """
            w.yaml:8:27: warning[AW403]: 'a' has a 'when': where it is skipped, the run has no outcome
                |
              8 | decision: { outcome: "${{ steps.a.output }}" }
                |                           ^^^^^^^^^^^^^^
              hint: write has(steps.a.output) ? … : …
            """)
    }

    // MARK: AW404 to AW407

    @Test func aStepThatNothingReads() throws {
        try expectOfSteps(
            """
              - { id: a, prompt: hi }
              - { id: b, run: [touch, x] }
              - { id: c, value: "1" }
              - { id: d, needs: c, run: [touch, y] }
            """,
            """
            w.yaml:7:11: warning[AW404]: nothing reads what 'a' gives
                |
              7 |   - { id: a, prompt: hi }
                |           ^
              hint: return it with outputs: { a: "${{ steps.a.output }}" }, or remove the step
            """)
    }

    @Test func aStepThatOnlyAPromptFileReads() throws {
        try expectOfSteps(
            """
              - { id: a, prompt: hi }
              - { id: b, prompt_file: p.md }
            outputs: { b: "${{ steps['b'].output }}" }
            """, files: ["p.md": "Say ${{ steps.a.output }}"], "")
    }

    @Test func whatReadsAllReadsEach() throws {
        try expectOfSteps(
            """
              - { id: a, value: "1" }
            outputs: { all: "${{ steps.map(k, k) }}", given: "${{ inputs }}" }
            """, top: "inputs: { x: {} }\n", "")
    }

    @Test func declarationsThatAreNotUsed() throws {
        try expectWarnings(
            of: """
                version: 1
                name: t
                owner: { finance: f }
                inputs:
                  used: { type: string }
                  spare: { type: string, description: the inputs }
                models:
                  m: { use: local/small, max_output_tokens: 5 }
                  other: { use: local/large }
                prefixes:
                  rules: { text: "Be kind to ${{ inputs.used }}" }
                  old: { text: Be quick }
                steps:
                  - { id: a, model: m, prefix: rules, prompt: These are the inputs. }
                outputs: { a: "${{ steps.a.output }}" }
                """,
            """
            w.yaml:6:3: warning[AW407]: the input 'spare' is not used
                |
              6 |   spare: { type: string, description: the inputs }
                |   ^^^^^
              hint: remove it, or read it as inputs.spare

            w.yaml:9:3: warning[AW405]: the tier 'other' is not used
                |
              9 |   other: { use: local/large }
                |   ^^^^^
              hint: remove it, or ask for it with model: other

            w.yaml:12:3: warning[AW406]: the prefix 'old' is not used
                 |
              12 |   old: { text: Be quick }
                 |   ^^^
              hint: remove it, or name it under prefix: of a step
            """)
    }

    // MARK: AW408, AW409

    @Test func conditionsThatAreNeverTrue() throws {
        try expectOfSteps(
            """
              - { id: a, when: 1 > 2, value: "1" }
              - { id: b, when: "inputs.n > 5 && inputs.n < 3", value: "1" }
              - { id: c, when: "inputs.s == 'x' && inputs.s == 'y'", value: "1" }
              - { id: d, when: "!inputs.f && inputs.n > 1 && inputs.f", value: "1" }
              - { id: e, when: false, value: "1" }
            outputs: { a: "${{ steps.a.output }}", b: "${{ steps.b.output }}", c: "${{ steps.c.output }}", d: "${{ steps.d.output }}", e: "${{ steps.e.output }}" }
            """, top: "inputs: { n: {}, s: {}, f: {} }\n",
            """
            w.yaml:8:20: warning[AW408]: this 'when' is never true, so 'a' never runs
                |
              8 |   - { id: a, when: 1 > 2, value: "1" }
                |                    ^^^^^
              hint: mend the condition, or remove the step

            w.yaml:9:21: warning[AW408]: this 'when' is never true, so 'b' never runs
                |
              9 |   - { id: b, when: "inputs.n > 5 && inputs.n < 3", value: "1" }
                |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: mend the condition, or remove the step

            w.yaml:10:21: warning[AW408]: this 'when' is never true, so 'c' never runs
                 |
              10 |   - { id: c, when: "inputs.s == 'x' && inputs.s == 'y'", value: "1" }
                 |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: mend the condition, or remove the step

            w.yaml:11:21: warning[AW408]: this 'when' is never true, so 'd' never runs
                 |
              11 |   - { id: d, when: "!inputs.f && inputs.n > 1 && inputs.f", value: "1" }
                 |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: mend the condition, or remove the step

            w.yaml:12:20: warning[AW408]: this 'when' is never true, so 'e' never runs
                 |
              12 |   - { id: e, when: false, value: "1" }
                 |                    ^^^^^
              hint: mend the condition, or remove the step
            """)
    }

    @Test func conditionsThatAreAlwaysTrue() throws {
        try expectOfSteps(
            """
              - { id: a, when: true, value: "1" }
              - { id: b, when: "inputs.n > 3 || 1 < 2", value: "1" }
              - { id: c, when: "inputs.n != 1 || inputs.n != 2", value: "1" }
            outputs: { a: "${{ steps.a.output }}", b: "${{ steps.b.output }}", c: "${{ steps.c.output }}" }
            """, top: "inputs: { n: {} }\n",
            """
            w.yaml:8:20: warning[AW409]: this 'when' is always true
                |
              8 |   - { id: a, when: true, value: "1" }
                |                    ^^^^
              hint: remove it

            w.yaml:9:21: warning[AW409]: this 'when' is always true
                |
              9 |   - { id: b, when: "inputs.n > 3 || 1 < 2", value: "1" }
                |                     ^^^^^^^^^^^^^^^^^^^^^
              hint: remove it

            w.yaml:10:21: warning[AW409]: this 'when' is true whatever it reads
                 |
              10 |   - { id: c, when: "inputs.n != 1 || inputs.n != 2", value: "1" }
                 |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: of terms joined by || one always holds: && asks for all of them
            """)
    }

    @Test func conditionsThatExcludeEachOther() throws {
        try expectOfSteps(
            """
              - { id: a, when: inputs.n > 3, value: "1" }
              - { id: b, when: inputs.n <= 3, value: "steps.a.output" }
            outputs: { b: "${{ steps.b.output }}" }
            """, top: "inputs: { n: {} }\n",
            """
            w.yaml:9:20: warning[AW408]: this 'when' contradicts that of 'a', which 'b' reads, so it never runs
                |
              9 |   - { id: b, when: inputs.n <= 3, value: "steps.a.output" }
                |                    ^^^^^^^^^^^^^
              hint: read it behind has(steps.a.output), or mend one of the conditions

            w.yaml:9:43: warning[AW403]: 'a' has a 'when': where it is skipped, 'b' is skipped too
                |
              9 |   - { id: b, when: inputs.n <= 3, value: "steps.a.output" }
                |                                           ^^^^^^^^^^^^^^
              hint: if that is not meant, write has(steps.a.output) ? … : …; if it is, give 'b' the same when
            """)
    }

    @Test func conditionsThatCanBeTrue() throws {
        try expectOfSteps(
            """
              - { id: a, when: "inputs.n > 3 && inputs.n < 5 && inputs.n != 7", value: "1" }
              - { id: b, when: "inputs.s == 'x' || inputs.s == 'y'", value: "1" }
              - { id: c, when: "inputs.n >= 3 && inputs.n <= 3", value: "1" }
              - { id: d, when: "!(inputs.n > 3 && inputs.n < 5)", value: "1" }
            outputs: { a: "${{ steps.a.output }}", b: "${{ steps.b.output }}", c: "${{ steps.c.output }}", d: "${{ steps.d.output }}" }
            """, top: "inputs: { n: {}, s: {} }\n", "")
    }

    // MARK: AW410, AW411

    private static let rules =
        "Answer in the customer's language, greet by name, cite every article that you use,\nnever promise a refund, and hand the ticket over when the customer asks for a person or threatens to leave the company for good.\n"

    @Test func aPromptThatRepeatsAPrefix() throws {
        try expectOfSteps(
            """
              - { id: a, prefix: [rules], prompt_file: p.md }
              - id: b
                prompt: |
                  Read this.
                  \(Self.rules.replacing("\n", with: "\n      "))
            outputs: { a: "${{ steps.a.output }}", b: "${{ steps.b.output }}" }
            """, files: ["rules.md": "# Rules\n\n" + Self.rules + "Be kind.", "p.md": "Draft it.\n\nThe rules: " + Self.rules], top: "prefixes: { rules: { file: rules.md } }\n",
            """
            p.md:3:12: warning[AW410]: this prompt repeats 211 characters of the prefix 'rules'
                |
              3 | The rules: Answer in the customer's language, greet by name, cite every article that you u…
                |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: remove them: the prefix stands in front of the prompt already

            w.yaml:12:7: warning[AW410]: this prompt repeats 213 characters of the prefix 'rules'
                 |
              12 |       Answer in the customer's language, greet by name, cite every article that you use,
                 |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: remove them and add prefix: [rules]
            """)
    }

    @Test func aShortRepetitionIsAPhrase() throws {
        try expectOfSteps(
            """
              - { id: a, prefix: [rules], prompt_file: p.md }
            outputs: { a: "${{ steps.a.output }}" }
            """, files: ["rules.md": Self.rules, "p.md": String(Self.rules.prefix(190))], top: "prefixes: { rules: { file: rules.md } }\n", "")
    }

    @Test func twoPrefixesWithOneText() throws {
        try expectOfSteps(
            """
              - { id: a, prefix: [x, y], prompt: hi }
            outputs: { a: "${{ steps.a.output }}" }
            """, top: "prefixes: { x: { text: \"Hi ${{ run.id }}\" }, y: { text: \"Hi ${{run.id}}\" } }\n",
            """
            w.yaml:6:46: warning[AW411]: the prefixes 'x' and 'y' have the same text
                |
              6 | prefixes: { x: { text: "Hi ${{ run.id }}" }, y: { text: "Hi ${{run.id}}" } }
                |                                              ^
              hint: keep 'x' and use it in both places: a text that stands under one name is cached once
            """)
    }

    // MARK: AW412

    @Test func aKeywordOfASchemaThatIsIgnored() throws {
        try expectOfSteps(
            """
              - { id: a, prompt: hi, output: { schema: s.json } }
              - { id: b, prompt: hi, output: { schema: { type: object, definitions: {}, additionalPropertys: false } } }
            outputs: { a: "${{ steps.a.output }}", b: "${{ steps.b.output }}" }
            """, files: ["s.json": "{\n  \"type\": \"string\",\n  \"maxLenght\": 3\n}\n"],
            """
            s.json:3:3: warning[AW412]: the unknown keyword 'maxLenght' is ignored; did you mean 'maxLength'?
                |
              3 |   "maxLenght": 3
                |   ^^^^^^^^^^^
              hint: it is used at w.yaml:7:44

            w.yaml:8:77: warning[AW412]: output.schema: the unknown keyword 'additionalPropertys' is ignored; did you mean 'additionalProperties'?
                |
              8 | …t: hi, output: { schema: { type: object, definitions: {}, additionalPropertys: false } } }
                |                                                            ^^^^^^^^^^^^^^^^^^^
            """)
    }

    // MARK: All

    @Test func whatIsBrokenIsNotRemarkedOn() throws {
        try expectFrames(
            of: "version: 1\nname: t\nsteps:\n  - { id: a, valeu: \"1\" }\n",
            """
            w.yaml:4:14: error[AW101]: unknown key 'valeu' in a step
                |
              4 |   - { id: a, valeu: "1" }
                |              ^^^^^
              hint: did you mean 'value'?
            """)
    }

    // MARK: AW434

    /// The bands, and what follows a call that does not fit, are those of the file that is run; caps of the other hold.
    @Test func aBudgetOfAWorkflowThatAStepRuns() throws {
        let inner = """
            version: 1
            name: inner
            owner: { engineering: me }
            models: { m: { use: local/small } }
            budget: { max_cost_usd: 1, yellow: { at: 50%, ask: true }, red: { at: 80%, finish_current: true }, on_exceeded: ask }
            steps:
              - { id: a, model: m, prompt: hi, limits: { max_output_tokens: 9 } }
            outputs: { a: "${{ steps.a.output }}" }
            """
        let plain = inner.replacing(", yellow: { at: 50%, ask: true }, red: { at: 80%, finish_current: true }, on_exceeded: ask", with: "")
        let red = inner.replacing(" yellow: { at: 50%, ask: true },", with: "").replacing(", on_exceeded: ask", with: "")
        try expectWarnings(
            of: """
                version: 1
                name: t
                owner: { engineering: me }
                steps:
                  - { id: w, workflow: inner.yaml }
                  - { id: x, workflow: plain.yaml }
                  - { id: y, workflow: red.yaml }
                outputs: { all: "${{ [steps.w.output, steps.x.output, steps.y.output] }}" }
                """, files: ["inner.yaml": inner, "plain.yaml": plain, "red.yaml": red],
            """
            w.yaml:5:24: warning[AW434]: budget.yellow, budget.red, budget.on_exceeded of the workflow 'inner' do not hold where step 'w' runs it
                |
              5 |   - { id: w, workflow: inner.yaml }
                |                        ^^^^^^^^^^
              hint: those of the file that is run hold for the whole run: write them in its budget

            w.yaml:7:24: warning[AW434]: budget.red of the workflow 'inner' does not hold where step 'y' runs it
                |
              7 |   - { id: y, workflow: red.yaml }
                |                        ^^^^^^^^
              hint: those of the file that is run hold for the whole run: write it in its budget
            """)
    }
}
