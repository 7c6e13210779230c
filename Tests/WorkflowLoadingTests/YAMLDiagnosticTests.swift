import Testing

/// What YAML itself makes of a file: its four traps, what is refused, what cannot be read. Each diagnostic as it is printed.
@Suite struct YAMLDiagnosticTests {
    @Test func anUnquotedExpressionInAFlowMapping() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, prompt: ${{ inputs.q }} }
            """#, "")
    }

    @Test func anUnquotedExpressionInAFlowSequence() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, run: [echo, ${{ inputs.q }}] }
            """#, "")
    }

    @Test func anUnquotedConditional() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - id: a
                value: inputs.n > 1 ? 'a' : 'b'
            """#, "")
    }

    @Test func aCommaInAnUnquotedFlowValue() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, model: m, prompt: Hello, world }
            """#, "")
    }

    @Test func anExclamationMarkIsATag() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - id: a
                when: !steps.b.output
                value: "1"
            """#, "")
    }

    @Test func aTagOfYAMLItself() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            description: !!str 5
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aTab() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
            \#t- id: a
            """#, "")
    }

    @Test func whatIsNotYAML() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            owner: { business: x
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aSecondDocument() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - { id: a, value: "1" }
            ---
            more: 1
            """#, "")
    }

    @Test func anAliasToNothing() throws {
        try expectFrames(of: #"""
            version: 1
            name: &label t
            description: *lable
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aMergeOfAWord() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            defaults:
              <<: retry
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aKeyThatIsAList() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            ? [a, b]
            : 1
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aKeyThatStandsTwice() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            name: u
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func aKeyThatStandsTwiceInAStep() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            steps:
              - id: a
                value: "1"
                id: b
            """#, "")
    }

    @Test func aControlCharacter() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            description: bell \#u{7} here
            steps:
              - { id: a, value: "1" }
            """#, "")
    }

    @Test func anEmptyFile() throws {
        try expectFrames(of: "", "")
    }

    @Test func aWordIsNoWorkflow() throws {
        try expectFrames(of: #"""
            hello
            """#, "")
    }

    @Test func linesThatEndAsOnWindows() throws {
        try expectFrames(of: #"""
            version: 1\#r
            name: t\#r
            steps:\#r
              - id: a\#r
                valeu: "1"\#r

            """#, "")
    }
}
