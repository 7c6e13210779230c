import Testing

/// Workflows as steps. Each diagnostic as it is printed.
@Suite struct SubworkflowDiagnosticTests {
    private static func steps(_ steps: String) -> String { "version: 1\nname: t\nsteps:\n\(steps)" }

    private static let letter = """
        version: 1
        name: letter
        inputs: { topic: { type: string }, tone: { type: string, default: calm }, size: { type: integer, default: 3 } }
        steps:
          - { id: a, value: inputs.topic }
        outputs: { text: "${{ steps.a.output }}" }
        """

    @Test func inputsOfAWorkflowThatAreMissingUnknownOrWrong() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: n, value: "1" }
                  - id: w
                    workflow: letter.yaml
                    with:
                      tpoic: rain
                      tone: 5
                      size: "${{ string(steps.n.output) }}"
                """), files: ["letter.yaml": Self.letter],
            #"""
            w.yaml:5:9: error[AW302]: the workflow 'letter' needs the input 'topic'
                |
              5 |   - id: w
                |         ^
              hint: give it under with: { topic: … }

            w.yaml:8:7: error[AW301]: the workflow 'letter' takes no input 'tpoic'
                |
              8 |       tpoic: rain
                |       ^^^^^
              hint: did you mean 'topic'?

            w.yaml:9:13: error[AW303]: the input 'tone' of the workflow 'letter': the value must be a string; found integer 5
                |
              9 |       tone: 5
                |             ^

            w.yaml:10:13: error[AW303]: the input 'size' of the workflow 'letter' is int, found string
                 |
              10 |       size: "${{ string(steps.n.output) }}"
                 |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """#)
    }

    @Test func anOutputThatAWorkflowDoesNotHave() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: w, workflow: letter.yaml, with: { topic: rain } }
                  - { id: a, value: steps.w.output.txt }
                """), files: ["letter.yaml": Self.letter],
            #"""
            w.yaml:5:21: error[AW204]: steps.w.output has no field 'txt'
                |
              5 |   - { id: a, value: steps.w.output.txt }
                |                     ^^^^^^^^^^^^^^^^^^
              hint: did you mean 'text'?
            """#)
    }

    @Test func aWorkflowThatIsNotThere() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: w, workflow: leter.yaml }
                  - { id: v, workflow: ../outside.yaml }
                """), files: ["letter.yaml": Self.letter],
            #"""
            w.yaml:4:24: error[AW001]: cannot read leter.yaml: No such file or directory
                |
              4 |   - { id: w, workflow: leter.yaml }
                |                        ^^^^^^^^^^

            w.yaml:5:24: error[AW001]: cannot read ../outside.yaml: No such file or directory
                |
              5 |   - { id: v, workflow: ../outside.yaml }
                |                        ^^^^^^^^^^^^^^^
            """#)
    }

    @Test func aWorkflowThatIsWrong() throws {
        try expectFrames(
            of: Self.steps(
                """
                  - { id: w, workflow: parts/letter.yaml }
                  - { id: v, workflow: parts/letter.yaml }
                  - { id: u, workflow: parts/broken.yaml }
                """),
            files: [
                "parts/letter.yaml": "version: 1\nname: letter\nsteps:\n  - { id: a, prompt_file: ask.md, model: m }\n  - { id: b, value: steps.x.output }",
                "parts/ask.md": "About ${{ inputs.topic }}", "parts/broken.yaml": "version: 1\nname: [\n",
            ],
            #"""
            parts/ask.md:1:11: error[AW203]: there is no input 'topic'
                |
              1 | About ${{ inputs.topic }}
                |           ^^^^^^^^^^^^
              hint: declare it under inputs:

            parts/broken.yaml:3:1: error[AW010]: not valid YAML: did not find expected node content (while parsing a flow node)
                |
              3 | 
                | ^

            parts/letter.yaml:4:42: error[AW202]: there is no tier 'm'
                |
              4 |   - { id: a, prompt_file: ask.md, model: m }
                |                                          ^
              hint: none is declared under models

            parts/letter.yaml:5:21: error[AW203]: there is no step 'x'
                |
              5 |   - { id: b, value: steps.x.output }
                |                     ^^^^^^^^^^^^^^
              hint: known here: a, b
            """#)
    }

    @Test func workflowsThatRunEachOther() throws {
        try expectFrames(
            of: Self.steps("  - { id: w, workflow: a.yaml }"),
            files: [
                "a.yaml": "version: 1\nname: a\nsteps: [{ id: b, workflow: b.yaml }]",
                "b.yaml": "version: 1\nname: b\nsteps: [{ id: g, steps: [{ id: a, workflow: a.yaml }] }]",
            ],
            #"""
            b.yaml:3:45: error[AW208]: workflows run each other: a.yaml -> b.yaml -> a.yaml
                |
              3 | steps: [{ id: g, steps: [{ id: a, workflow: a.yaml }] }]
                |                                             ^^^^^^
              hint: a repetition with a bound is a loop: { steps: …, until: …, max: … }
            """#)
    }

    @Test func aWorkflowThatRunsItself() throws {
        try expectFrames(
            of: Self.steps("  - { id: w, workflow: w.yaml }"),
            #"""
            w.yaml:4:24: error[AW208]: workflows run each other: w.yaml -> w.yaml
                |
              4 |   - { id: w, workflow: w.yaml }
                |                        ^^^^^^
              hint: a repetition with a bound is a loop: { steps: …, until: …, max: … }
            """#)
    }
}
