import Testing

/// What YAML itself makes of a file: what is refused, what cannot be read. Each diagnostic as it is printed.
@Suite struct YAMLDiagnosticTests {
    @Test func aTagOfYAMLItself() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                description: !!str 5
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:14: error[AW014]: YAML reads 'tag:yaml.org,2002:str' as a tag, and tags are not used here
                |
              3 | description: !!str 5
                |              ^^^^^^^
            """#)
    }

    @Test func aTab() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                \#t- id: a
                """#,
            #"""
            w.yaml:4:1: error[AW010]: YAML is indented with spaces, not tabs
                |
              4 |     - id: a
                | ^^^^
              hint: replace the tab by spaces
            """#)
    }

    @Test func whatIsNotYAML() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                owner: { business: x
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:4:6: error[AW010]: not valid YAML: did not find expected ',' or '}' (while parsing a flow mapping)
                |
              4 | steps:
                |      ^
              hint: what is not ended begins on line 3
            """#)
    }

    @Test func aSecondDocument() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1" }
                ---
                more: 1
                """#,
            #"""
            w.yaml:5:1: error[AW015]: a file holds one document
                |
              5 | ---
                | ^^^
              hint: remove what follows '---'
            """#)
    }

    @Test func anAliasToNothing() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: &label t
                description: *lable
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:14: error[AW017]: there is no anchor '&lable' before this alias
                |
              3 | description: *lable
                |              ^^^^^^
              hint: did you mean 'label'?
            """#)
    }

    @Test func aMergeOfAWord() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                defaults:
                  <<: retry
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:4:7: error[AW017]: '<<' merges a mapping or a list of mappings, found a string
                |
              4 |   <<: retry
                |       ^^^^^
            """#)
    }

    @Test func aKeyThatIsAList() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                ? [a, b]
                : 1
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:3: error[AW018]: a key must be a word, found a list
                |
              3 | ? [a, b]
                |   ^^^^^^
            """#)
    }

    @Test func aKeyThatStandsTwice() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                name: u
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:1: error[AW019]: the key 'name' stands twice
                |
              3 | name: u
                | ^^^^
              hint: it is first given on line 2
            """#)
    }

    @Test func aKeyThatStandsTwiceInAStep() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - id: a
                    value: "1"
                    id: b
                """#,
            #"""
            w.yaml:6:5: error[AW019]: the key 'id' stands twice
                |
              6 |     id: b
                |     ^^
              hint: it is first given on line 4
            """#)
    }

    @Test func aControlCharacter() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                description: bell \#u{7} here
                steps:
                  - { id: a, value: "1" }
                """#,
            #"""
            w.yaml:3:19: error[AW010]: not valid YAML: control characters are not allowed
                |
              3 | description: bell \u0007 here
                |                   ^^^^^^
            """#)
    }

    @Test func anEmptyFile() throws {
        try expectFrames(
            of: "",
            #"""
            w.yaml:1:1: error[AW104]: a workflow needs 'version'
                |
              1 | 
                | ^
              hint: start the file with: version: 1

            w.yaml:1:1: error[AW104]: a workflow needs 'name'
                |
              1 | 
                | ^

            w.yaml:1:1: error[AW104]: a workflow needs 'steps'
                |
              1 | 
                | ^
            """#)
    }

    @Test func aWordIsNoWorkflow() throws {
        try expectFrames(
            of: #"""
                hello
                """#,
            #"""
            w.yaml:1:1: error[AW103]: a workflow is a mapping of keys to values, found a string
                |
              1 | hello
                | ^^^^^
            """#)
    }

    @Test func linesThatEndAsOnWindows() throws {
        try expectFrames(
            of: #"""
                version: 1\#r
                name: t\#r
                steps:\#r
                  - id: a\#r
                    valeu: "1"\#r

                """#,
            #"""
            w.yaml:5:5: error[AW101]: unknown key 'valeu' in a step
                |
              5 |     valeu: "1"
                |     ^^^^^
              hint: did you mean 'value'?
            """#)
    }
}
