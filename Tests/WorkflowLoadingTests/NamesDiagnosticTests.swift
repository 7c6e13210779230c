import Testing

/// Names that are declared, read and waited for. Each diagnostic as it is printed.
@Suite struct NamesDiagnosticTests {
    @Test func twoStepsOfOneName() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: "1" }
              - { id: a, value: "2" }
            """#, "")
    }

    @Test func namesThatAreNotDeclared() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { small: { use: local/small } }
            steps:
              - { id: a, model: smal, prefix: [policy], prompt: hi, needs: [b] }
            """#, "")
    }

    @Test func readsOfWhatIsNotThere() throws {
        try expectFrames(of: #"""
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
            """#, "")
    }

    @Test func itemsAreNotInScopeOfTheirStep() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: s, when: item > 1, for_each: { items: "[1]", as: item }, value: item }
            """#, "")
    }

    @Test func tagsAreWrittenBeforeAnyStep() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            tags: { x: "${{ steps.a.output }}" }
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func fieldsThatAnOutputDoesNotHave() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, prompt: hi }
              - { id: b, prompt: hi, output: { schema: { type: object, properties: { text: {} }, additionalProperties: false } } }
              - { id: c, value: steps.a.output.text }
              - { id: d, value: steps.b.output.txet }
            """#, "")
    }

    @Test func stepsThatWaitForEachOther() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: steps.c.output }
              - { id: b, value: steps.a.output }
              - { id: c, value: "1", needs: [b] }
            """#, "")
    }

    @Test func aStepThatWaitsForItself() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: steps.a.output }
            """#, "")
    }

    @Test func problemsOfAllKindsInOnePass() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: steps.b.output, promt: x }
              - { id: b, value: steps.a.output }
              - { id: c, value: "1 +" }
              - { id: d, value: inputs.x }
            """#, "")
    }
}
