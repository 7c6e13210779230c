import TestSupport
import Testing
import Values
import WorkflowModel

/// What may be cut of a prompt, and step tags. Each diagnostic as it is printed.
@Suite struct LimitsDiagnosticTests {
    private func step(_ limits: String, with: String = "{ docs: \"${{ inputs.docs }}\", n: \"${{ inputs.n }}\", o: { a: 1 } }", defaults: String = "model: m") -> String {
        """
        version: 1
        name: t
        inputs: { docs: { type: string }, n: { type: integer } }
        models: { m: { use: local/small } }
        defaults: { \(defaults) }
        steps:
          - id: a
            with: \(with)
            prompt: "${{ has(with.docs) ? with.docs : '' }}"
            limits: \(limits)
        """
    }

    @Test func aMisspeltKeyToTrim() throws {
        try expectFrames(
            of: step("{ max_input_tokens: 9, overflow: trim, trim: [dcos] }"),
            #"""
            w.yaml:10:59: error[AW202]: 'with' of this step has no 'dcos' to cut
                 |
              10 |     limits: { max_input_tokens: 9, overflow: trim, trim: [dcos] }
                 |                                                           ^^^^
              hint: did you mean 'docs'?
            """#)
    }

    @Test func whatBecomesOfACutAnswerIsOneOfThree() throws {
        try expectFrames(
            of: step("{ max_output_tokens: 9, on_truncation: continu }", with: "{ docs: x }"),
            #"""
            w.yaml:10:52: error[AW103]: on_truncation is one of fail, keep, continue, found 'continu'
                 |
              10 |     limits: { max_output_tokens: 9, on_truncation: continu }
                 |                                                    ^^^^^^^
              hint: did you mean 'continue'?
            """#)
    }

    /// A18
    @Test func anAmountBeyondAllOthers() throws {
        try expectFrames(
            of: step("{ max_cost_usd: 10000000 }", with: "{ docs: x }"),
            #"""
            w.yaml:10:29: error[AW103]: max_cost_usd is an amount in dollars, found '10000000'
                 |
              10 |     limits: { max_cost_usd: 10000000 }
                 |                             ^^^^^^^^
              hint: one amount holds less than $9223372
            """#)
    }

    /// It may stand in the defaults, and not at what has steps of its own.
    @Test func truncationBelongsToModelSteps() throws {
        let graph = try workflow(step("{ max_output_tokens: 9 }", with: "{ docs: x }", defaults: "model: m, limits: { on_truncation: keep }"))
        #expect(graph.steps[0].limits.onTruncation == .keep)
        #expect(throws: Diagnostics.self) {
            try workflow("version: 1\nname: t\nsteps: [{ id: g, steps: [{ id: v, value: \"1\" }], limits: { on_truncation: keep } }]")
        }
    }

    @Test func trimWithoutOverflow() throws {
        try expectFrames(
            of: step("{ max_input_tokens: 9, trim: [docs] }"),
            #"""
            w.yaml:10:36: error[AW140]: 'trim' does nothing without overflow: trim
                 |
              10 |     limits: { max_input_tokens: 9, trim: [docs] }
                 |                                    ^^^^
              hint: add overflow: trim
            """#)
    }

    @Test func overflowWithoutTrim() throws {
        try expectFrames(
            of: step("{ max_input_tokens: 9, overflow: trim }"),
            #"""
            w.yaml:10:36: error[AW140]: overflow: trim needs 'trim', the values that may be cut
                 |
              10 |     limits: { max_input_tokens: 9, overflow: trim }
                 |                                    ^^^^^^^^
              hint: for example trim: [docs], a key of 'with'
            """#)
    }

    @Test func trimWithoutALimit() throws {
        try expectFrames(
            of: step("{ overflow: trim, trim: docs }"),
            #"""
            w.yaml:10:15: error[AW140]: overflow: trim needs max_input_tokens, which the prompt is cut to
                 |
              10 |     limits: { overflow: trim, trim: docs }
                 |               ^^^^^^^^
              hint: add max_input_tokens here or to defaults.limits
            """#)
    }

    @Test func anUnknownOverflow() throws {
        try expectFrames(
            of: step("{ max_input_tokens: 9, overflow: trimm, trim: [docs] }"),
            #"""
            w.yaml:10:46: error[AW103]: overflow is one of fail, trim, found 'trimm'
                 |
              10 |     limits: { max_input_tokens: 9, overflow: trimm, trim: [docs] }
                 |                                              ^^^^^
              hint: did you mean 'trim'?
            """#)
    }

    @Test func aValueThatIsNamedTwice() throws {
        try expectFrames(
            of: step("{ max_input_tokens: 9, overflow: trim, trim: [docs, docs] }"),
            #"""
            w.yaml:10:65: error[AW140]: 'docs' is named twice in trim
                 |
              10 |     limits: { max_input_tokens: 9, overflow: trim, trim: [docs, docs] }
                 |                                                                 ^^^^
              hint: remove one: the values are cut in their order
            """#)
    }

    @Test func valuesThatCannotBeCut() throws {
        try expectFrames(
            of: step("{ max_input_tokens: 9, overflow: trim, trim: [docs, n, o] }"),
            #"""
            w.yaml:10:65: error[AW140]: 'n' is of type int, and only texts and lists are cut
                 |
              10 |     limits: { max_input_tokens: 9, overflow: trim, trim: [docs, n, o] }
                 |                                                                 ^
              hint: hand over a text or a list, or cut another value

            w.yaml:10:68: error[AW140]: 'o' is an object, and only texts and lists are cut
                 |
              10 |     limits: { max_input_tokens: 9, overflow: trim, trim: [docs, n, o] }
                 |                                                                    ^
              hint: hand over a text or a list, or cut another value
            """#)
    }

    @Test func trimInDefaults() throws {
        try expectFrames(
            of: step("{ max_input_tokens: 9 }", defaults: "model: m, limits: { overflow: trim, trim: [docs] }"),
            #"""
            w.yaml:5:33: error[AW102]: 'overflow' is not a key of defaults.limits
                |
              5 | defaults: { model: m, limits: { overflow: trim, trim: [docs] } }
                |                                 ^^^^^^^^
              hint: write it in the limits of a step: 'trim' names values of its 'with'

            w.yaml:5:49: error[AW102]: 'trim' is not a key of defaults.limits
                |
              5 | defaults: { model: m, limits: { overflow: trim, trim: [docs] } }
                |                                                 ^^^^
              hint: write it in the limits of a step: 'trim' names values of its 'with'
            """#)
    }

    @Test func aStepTagReadsWhatTheStepReads() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1", tags: { x: "${{ item }}", y: "${{ steps.b.output }}", z: [1] } }
                """#,
            #"""
            w.yaml:4:42: error[AW203]: unknown name 'item'
                |
              4 |   - { id: a, value: "1", tags: { x: "${{ item }}", y: "${{ steps.b.output }}", z: [1] } }
                |                                          ^^^^
              hint: items exist inside for_each only, and not in when

            w.yaml:4:60: error[AW203]: there is no step 'b'
                |
              4 |   - { id: a, value: "1", tags: { x: "${{ item }}", y: "${{ steps.b.output }}", z: [1] } }
                |                                                            ^^^^^^^^^^^^^^
              hint: known here: a

            w.yaml:4:83: error[AW103]: expected text, found a list
                |
              4 |   - { id: a, value: "1", tags: { x: "${{ item }}", y: "${{ steps.b.output }}", z: [1] } }
                |                                                                                   ^^^
              hint: write z: 1
            """#)
    }
}
