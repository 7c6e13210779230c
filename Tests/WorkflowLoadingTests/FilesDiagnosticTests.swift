import Testing

/// Files that a workflow names. Each diagnostic as it is printed.
@Suite struct FilesDiagnosticTests {
    @Test func aPromptFileThatIsMissing() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, prompt_file: prompts/a.md }
            """#, "")
    }

    @Test func aProblemInsideAPromptFile() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - id: a
                prompt_file: prompts/a.md
            """#, files: ["prompts/a.md": "Dear 日本,\n\tyour ticket ${{ inputs.tikcet }}\n"], "")
    }

    @Test func anAbsolutePath() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, prompt_file: /etc/passwd }
            """#, "")
    }

    @Test func aPathThatLeavesTheProject() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, prompt_file: ../../../../../../etc/passwd }
            """#, "")
    }

    @Test func aSchemaThatIsNoJSON() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, prompt: hi, output: { schema: s.json } }
            """#, files: ["s.json": "{\n  \"type\": object\n}\n"], "")
    }

    @Test func aSchemaFileThatIsNoSchema() throws {
        try expectFrames(of: #"""
            version: 1
            name: t
            models: { m: { use: local/small } }
            defaults: { model: m }
            steps:
              - { id: a, prompt: hi, output: { schema: s.yaml } }
            """#, files: ["s.yaml": "type: objekt\n"], "")
    }
}
