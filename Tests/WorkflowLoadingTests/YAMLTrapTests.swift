import Testing

/// The four traps of YAML for expressions, each in the shapes in which it is met. Each diagnostic as it is printed.
@Suite struct YAMLTrapTests {
    @Test func anUnquotedExpressionInAFlowMapping() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, prompt: ${{ inputs.q }} }
                """#,
            #"""
            w.yaml:4:23: error[AW011]: an unquoted ${{ }} inside { } or [ ] is read as YAML braces
                |
              4 |   - { id: a, prompt: ${{ inputs.q }} }
                |                       ^
              hint: put it in quotes: "${{ … }}"
            """#)
    }

    @Test func anUnquotedExpressionInAFlowSequence() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, run: [echo, ${{ inputs.q }}] }
                """#,
            #"""
            w.yaml:4:27: error[AW011]: an unquoted ${{ }} inside { } or [ ] is read as YAML braces
                |
              4 |   - { id: a, run: [echo, ${{ inputs.q }}] }
                |                           ^
              hint: put it in quotes: "${{ … }}"
            """#)
    }

    @Test func anUnquotedConditional() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    value: inputs.n > 1 ? 'a' : 'b'
                """#,
            #"""
            w.yaml:5:31: error[AW012]: an unquoted '? … : …' is read as a YAML key
                |
              5 |     value: inputs.n > 1 ? 'a' : 'b'
                |                               ^
              hint: put the expression in quotes: "a ? b : c"
            """#)
    }

    @Test func aCommaInAnUnquotedFlowValue() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, model: m, prompt: Hello, world }
                """#,
            #"""
            w.yaml:4:21: error[AW202]: there is no tier 'm'
                |
              4 |   - { id: a, model: m, prompt: Hello, world }
                |                     ^
              hint: none is declared under models

            w.yaml:4:39: error[AW013]: a comma in an unquoted value inside { } ends the value, so 'world' is read as a key of a step
                |
              4 |   - { id: a, model: m, prompt: Hello, world }
                |                                       ^^^^^
              hint: put the whole value in quotes
            """#)
    }

    @Test func anExclamationMarkIsATag() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    when: !steps.b.output
                    value: "1"
                """#,
            #"""
            w.yaml:5:11: error[AW014]: YAML reads '!steps.b.output' as a tag, and tags are not used here
                |
              5 |     when: !steps.b.output
                |           ^^^^^^^^^^^^^^^
              hint: if this is an expression, put it in quotes: "!steps.b.output"

            w.yaml:5:12: error[AW203]: there is no step 'b'
                |
              5 |     when: !steps.b.output
                |            ^^^^^^^^^^^^^^
              hint: known here: a
            """#)
    }

    @Test func anUnquotedExpressionOnALineOfItsOwn() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    run: [
                      echo,
                      ${{ inputs.q }}
                    ]
                """#,
            #"""
            w.yaml:7:8: error[AW011]: an unquoted ${{ }} inside { } or [ ] is read as YAML braces
                |
              7 |       ${{ inputs.q }}
                |        ^
              hint: put it in quotes: "${{ … }}"
            """#)
    }

    @Test func anUnquotedConditionalInAFlowMapping() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: run.id == "x" ? 1 : 2 }
                """#,
            #"""
            w.yaml:4:39: error[AW012]: an unquoted '? … : …' is read as a YAML key
                |
              4 |   - { id: a, value: run.id == "x" ? 1 : 2 }
                |                                       ^
              hint: put the expression in quotes: "a ? b : c"
            """#)
    }

    @Test func anUnquotedConditionalOverTwoLines() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    value: inputs.n ? 1
                      : 2
                """#,
            #"""
            w.yaml:6:7: error[AW012]: an unquoted '? … : …' is read as a YAML key
                |
              6 |       : 2
                |       ^
              hint: put the expression in quotes: "a ? b : c"
            """#)
    }

    @Test func aCommaInAnUnquotedValueOfWith() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    with: { q: Hello, world }
                    value: with.q
                """#,
            #"""
            w.yaml:5:23: error[AW013]: a comma in an unquoted value inside { } ends the value, so 'world' is read as a key of with
                |
              5 |     with: { q: Hello, world }
                |                       ^^^^^
              hint: put the whole value in quotes
            """#)
    }

    @Test func anExclamationMarkWithAnAmpersand() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    when: !has(inputs.x) && inputs.y
                    value: "1"
                """#,
            #"""
            w.yaml:5:11: error[AW014]: YAML reads what begins with '!' as a tag, and '&' as an anchor
                |
              5 |     when: !has(inputs.x) && inputs.y
                |           ^
              hint: if this is an expression, put it in quotes
            """#)
    }

    @Test func aColonInAnUnquotedText() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    value: ${{ run.id }}: x
                """#,
            #"""
            w.yaml:5:25: error[AW010]: not valid YAML: mapping values are not allowed in this context
                |
              5 |     value: ${{ run.id }}: x
                |                         ^
              hint: a text with ': ' in it stands in quotes
            """#)
    }
}
