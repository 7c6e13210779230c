import TestSupport
import Testing
import Values
import WorkflowLoading

/// Names that are declared, read and waited for. Each diagnostic as it is printed.
@Suite struct NamesDiagnosticTests {
    @Test func twoStepsOfOneName() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1" }
                  - { id: a, value: "2" }
                """#,
            #"""
            w.yaml:5:11: error[AW201]: two steps are called 'a'
                |
              5 |   - { id: a, value: "2" }
                |           ^
              hint: the first is on line 4
            """#)
    }

    @Test func namesThatAreNotDeclared() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { small: { use: local/small } }
                steps:
                  - { id: a, model: smal, prefix: [policy], prompt: hi, needs: [b] }
                """#,
            #"""
            w.yaml:5:21: error[AW202]: there is no tier 'smal'
                |
              5 |   - { id: a, model: smal, prefix: [policy], prompt: hi, needs: [b] }
                |                     ^^^^
              hint: did you mean 'small'?

            w.yaml:5:36: error[AW202]: there is no prefix 'policy'
                |
              5 |   - { id: a, model: smal, prefix: [policy], prompt: hi, needs: [b] }
                |                                    ^^^^^^
              hint: none is declared under prefixes

            w.yaml:5:65: error[AW202]: there is no step 'b'
                |
              5 |   - { id: a, model: smal, prefix: [policy], prompt: hi, needs: [b] }
                |                                                                 ^
              hint: declared: a
            """#)
    }

    @Test func readsOfWhatIsNotThere() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { ticket: {} }
                steps:
                  - { id: draft, value: inputs.tikcet }
                  - { id: b, value: steps.drafd.output }
                  - { id: c, value: steps.draft.outptu }
                  - { id: d, value: draft.output }
                  - { id: e, value: ticket }
                  - { id: f, value: item }
                  - { id: g, value: with.x }
                  - { id: h, value: run.ids }
                  - { id: i, value: stpes.draft.output }
                  - { id: j, with: { query: "1" }, value: with.qeury }
                  - { id: k, value: secrets.kb }
                """#,
            #"""
            w.yaml:5:25: error[AW203]: there is no input 'tikcet'
                |
              5 |   - { id: draft, value: inputs.tikcet }
                |                         ^^^^^^^^^^^^^
              hint: did you mean 'ticket'?

            w.yaml:6:21: error[AW203]: there is no step 'drafd'
                |
              6 |   - { id: b, value: steps.drafd.output }
                |                     ^^^^^^^^^^^^^^^^^^
              hint: did you mean 'draft'?

            w.yaml:7:21: error[AW203]: a step has no 'outptu'
                |
              7 |   - { id: c, value: steps.draft.outptu }
                |                     ^^^^^^^^^^^^^^^^^^
              hint: did you mean 'output'?

            w.yaml:8:21: error[AW203]: unknown name 'draft'
                |
              8 |   - { id: d, value: draft.output }
                |                     ^^^^^^^^^^^^
              hint: a step's result is steps.draft.output

            w.yaml:9:21: error[AW203]: unknown name 'ticket'
                |
              9 |   - { id: e, value: ticket }
                |                     ^^^^^^
              hint: an input is inputs.ticket

            w.yaml:10:21: error[AW203]: unknown name 'item'
                 |
              10 |   - { id: f, value: item }
                 |                     ^^^^
              hint: items exist inside for_each only, and not in when

            w.yaml:11:21: error[AW203]: unknown name 'with'
                 |
              11 |   - { id: g, value: with.x }
                 |                     ^^^^^^
              hint: the step has no 'with' that can be read here: 'when' and 'for_each' come before it

            w.yaml:12:21: error[AW203]: run has no 'ids'
                 |
              12 |   - { id: h, value: run.ids }
                 |                     ^^^^^^^
              hint: did you mean 'id'?

            w.yaml:13:21: error[AW203]: unknown name 'stpes'
                 |
              13 |   - { id: i, value: stpes.draft.output }
                 |                     ^^^^^^^^^^^^^^^^^^
              hint: did you mean 'steps'?

            w.yaml:14:43: error[AW203]: 'with' of this step has no 'qeury'
                 |
              14 |   - { id: j, with: { query: "1" }, value: with.qeury }
                 |                                           ^^^^^^^^^^
              hint: did you mean 'query'?

            w.yaml:15:21: error[AW203]: no secret is read here: 'secrets.kb'
                 |
              15 |   - { id: k, value: secrets.kb }
                 |                     ^^^^^^^^^^
              hint: secrets are read under 'with' of run and tool steps, never in a prompt
            """#)
    }

    @Test func itemsAreNotInScopeOfTheirStep() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: s, when: item > 1, for_each: { items: "[1]", as: item }, value: item }
                """#,
            #"""
            w.yaml:4:20: error[AW203]: unknown name 'item'
                |
              4 |   - { id: s, when: item > 1, for_each: { items: "[1]", as: item }, value: item }
                |                    ^^^^
              hint: items exist inside for_each only, and not in when
            """#)
    }

    @Test func tagsAreWrittenBeforeAnyStep() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                tags: { x: "${{ steps.a.output }}" }
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:17: error[AW203]: unknown name 'steps'
                |
              3 | tags: { x: "${{ steps.a.output }}" }
                |                 ^^^^^^^^^^^^^^
              hint: known here: inputs, run
            """#)
    }

    @Test func fieldsThatAnOutputDoesNotHave() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi, output: { schema: { type: object, properties: { text: {} }, additionalProperties: false } } }
                  - { id: c, value: steps.a.output.text }
                  - { id: d, value: steps.b.output.txet }
                """#,
            #"""
            w.yaml:8:21: error[AW204]: steps.a.output is a string and has no field 'text'
                |
              8 |   - { id: c, value: steps.a.output.text }
                |                     ^^^^^^^^^^^^^^^^^^^
              hint: give the step output: { schema: … } to get an object

            w.yaml:9:21: error[AW204]: steps.b.output has no field 'txet'
                |
              9 |   - { id: d, value: steps.b.output.txet }
                |                     ^^^^^^^^^^^^^^^^^^^
              hint: did you mean 'text'?
            """#)
    }

    @Test func stepsThatWaitForEachOther() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: steps.c.output }
                  - { id: b, value: steps.a.output }
                  - { id: c, value: "1", needs: [b] }
                """#,
            #"""
            w.yaml:5:21: error[AW205]: steps wait for each other: a -> c -> b -> a
                |
              5 |   - { id: b, value: steps.a.output }
                |                     ^^^^^^^^^^^^^^
            """#)
    }

    @Test func aStepThatWaitsForItself() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: steps.a.output }
                """#,
            #"""
            w.yaml:4:21: error[AW205]: steps wait for each other: a -> a
                |
              4 |   - { id: a, value: steps.a.output }
                |                     ^^^^^^^^^^^^^^
            """#)
    }

    @Test func ofALongCycleTheEndsAreShown() throws {
        var yaml = "version: 1\nname: t\nsteps:\n"
        for index in 0..<200 { yaml += "  - { id: s\(index), value: steps.s\((index + 1) % 200).output }\n" }
        let project = try TemporaryProject(["w.yaml": yaml])
        let error = try #require(throws: Diagnostics.self) { try WorkflowLoader.load(project.path("w.yaml"), root: project.root) }
        let shown: [String] = (0..<15).map { "s\($0)" } + ["…"] + (186..<200).map { "s\($0)" } + ["s0"]
        #expect(error.all.map(\.message) == ["steps wait for each other: " + shown.joined(separator: " -> ")])
    }

    @Test func theFirstHundredWrongNamesHaveHints() throws {
        var yaml = "version: 1\nname: t\nsteps:\n"
        for index in 1000..<1300 { yaml += "  - { id: s\(index), value: steps.s\(index)x.output }\n" }
        let project = try TemporaryProject(["w.yaml": yaml])
        let error = try #require(throws: Diagnostics.self) { try WorkflowLoader.load(project.path("w.yaml"), root: project.root) }
        #expect(error.all.count == 300)
        #expect(error.all.first?.hint == "did you mean 's1000'?")
        #expect(error.all.filter { $0.hint != nil }.count == 100)
    }

    @Test func problemsOfAllKindsInOnePass() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: steps.b.output, promt: x }
                  - { id: b, value: steps.a.output }
                  - { id: c, value: "1 +" }
                  - { id: d, value: inputs.x }
                """#,
            #"""
            w.yaml:4:37: error[AW101]: unknown key 'promt' in a step
                |
              4 |   - { id: a, value: steps.b.output, promt: x }
                |                                     ^^^^^
              hint: did you mean 'prompt'?

            w.yaml:5:21: error[AW205]: steps wait for each other: a -> b -> a
                |
              5 |   - { id: b, value: steps.a.output }
                |                     ^^^^^^^^^^^^^^

            w.yaml:6:25: error[AX001]: expected a value, found the end of the expression
                |
              6 |   - { id: c, value: "1 +" }
                |                         ^

            w.yaml:7:21: error[AW203]: there is no input 'x'
                |
              7 |   - { id: d, value: inputs.x }
                |                     ^^^^^^^^
              hint: declare it under inputs:
            """#)
    }

    @Test func whatIsBrokenIsNotReportedAsMissing() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                inputs: { n: { type: strin } }
                models: { m: { use: gpt } }
                prefixes: { p: {} }
                steps:
                  - { id: a, model: m, prefix: [p], prompt: "${{ inputs.n }} ${{ steps.b.output }} ${{ steps.c.output }}", needs: [b] }
                  - { id: b, valeu: "1" }
                """#,
            #"""
            w.yaml:3:22: error[AW108]: the input 'n' has a schema that is not valid at /type: type must be one of 'null', 'boolean', 'integer', 'number', 'string', 'array', 'object', found 'strin' (did you mean 'string'?)
                |
              3 | inputs: { n: { type: strin } }
                |                      ^^^^^

            w.yaml:4:21: error[AW109]: a model is named provider/model, found 'gpt'
                |
              4 | models: { m: { use: gpt } }
                |                     ^^^
              hint: for example local/small or groq/llama-3.1-8b-instant

            w.yaml:5:13: error[AW112]: a prefix has either 'file' or 'text'
                |
              5 | prefixes: { p: {} }
                |             ^

            w.yaml:7:88: error[AW203]: there is no step 'c'
                |
              7 | …: [p], prompt: "${{ inputs.n }} ${{ steps.b.output }} ${{ steps.c.output }}", needs: [b] }
                |                                                            ^^^^^^^^^^^^^^
              hint: known here: a

            w.yaml:8:14: error[AW101]: unknown key 'valeu' in a step
                |
              8 |   - { id: b, valeu: "1" }
                |              ^^^^^
              hint: did you mean 'value'?
            """#)
    }

    @Test func aStepWithoutANameMayBeAny() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { value: "1" }
                  - { id: b, value: steps.a.output, needs: [c] }
                  - { id: c, value: inputs.x }
                """#,
            #"""
            w.yaml:4:5: error[AW104]: a step needs 'id'
                |
              4 |   - { value: "1" }
                |     ^^^^^^^^^^^^^^

            w.yaml:6:21: error[AW203]: there is no input 'x'
                |
              6 |   - { id: c, value: inputs.x }
                |                     ^^^^^^^^
              hint: declare it under inputs:
            """#)
    }
}
