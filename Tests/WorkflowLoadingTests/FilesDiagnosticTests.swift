import Testing

/// Files that a workflow names. Each diagnostic as it is printed.
@Suite struct FilesDiagnosticTests {
    @Test func aPromptFileThatIsMissing() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, prompt_file: prompts/a.md }
                """#,
            #"""
            w.yaml:6:27: error[AW001]: cannot read prompts/a.md: No such file or directory
                |
              6 |   - { id: a, prompt_file: prompts/a.md }
                |                           ^^^^^^^^^^^^
            """#)
    }

    @Test func aProblemInsideAPromptFile() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - id: a
                    prompt_file: prompts/a.md
                """#, files: ["prompts/a.md": "Dear 日本,\n\tyour ticket ${{ inputs.tikcet }}\n"],
            #"""
            prompts/a.md:2:18: error[AW203]: there is no input 'tikcet'
                |
              2 |     your ticket ${{ inputs.tikcet }}
                |                     ^^^^^^^^^^^^^
              hint: declare it under inputs:
            """#)
    }

    @Test func anAbsolutePath() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, prompt_file: /etc/passwd }
                """#,
            #"""
            w.yaml:6:27: error[AW002]: '/etc/passwd' is not a path inside the project
                |
              6 |   - { id: a, prompt_file: /etc/passwd }
                |                           ^^^^^^^^^^^
              hint: files of a workflow are inside the project (ROOT), named relative to the workflow's own file
            """#)
    }

    @Test func aPathThatLeavesTheProject() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, prompt_file: ../../../../../../etc/passwd }
                """#,
            #"""
            w.yaml:6:27: error[AW002]: '../../../../../../etc/passwd' is outside the project
                |
              6 |   - { id: a, prompt_file: ../../../../../../etc/passwd }
                |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: files of a workflow are inside the project (ROOT), named relative to the workflow's own file
            """#)
    }

    @Test func aSchemaThatIsNoJSON() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, prompt: hi, output: { schema: s.json } }
                """#, files: ["s.json": "{\n  \"type\": object\n}\n"],
            #"""
            s.json:2:11: error[AW113]: the schema is not JSON: expected a value
                |
              2 |   "type": object
                |           ^
            """#)
    }

    @Test func aSchemaFileThatIsNoSchema() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                defaults: { model: m }
                steps:
                  - { id: a, prompt: hi, output: { schema: s.yaml } }
                """#, files: ["s.yaml": "type: objekt\n"],
            #"""
            s.yaml:1:7: error[AW108]: the schema is not valid at /type: type must be one of 'null', 'boolean', 'integer', 'number', 'string', 'array', 'object', found 'objekt' (did you mean 'object'?)
                |
              1 | type: objekt
                |       ^^^^^^
              hint: it is used at w.yaml:6:44
            """#)
    }
}
