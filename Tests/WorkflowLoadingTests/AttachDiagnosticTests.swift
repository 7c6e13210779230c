import PromptCaching
import TestSupport
import Testing
import WorkflowLoading
import WorkflowModel

/// What can be attached, and memo. Each diagnostic as it is printed.
@Suite struct AttachDiagnosticTests {
    private func step(_ attach: String, body: String = "prompt: hi") -> String {
        """
        version: 1
        name: t
        inputs: { n: { type: integer }, p: { type: string } }
        models: { m: { use: local/small } }
        steps:
          - { id: a, model: m, \(body), attach: \(attach) }
        """
    }

    @Test func aFileThatIsNotThere() throws {
        try expectFrames(
            of: step("[photos/gone.png]"),
            #"""
            w.yaml:6:45: error[AW001]: cannot read photos/gone.png: No such file or directory
                |
              6 |   - { id: a, model: m, prompt: hi, attach: [photos/gone.png] }
                |                                             ^^^^^^^^^^^^^^^
            """#)
    }

    @Test func aFileOutsideOfTheProject() throws {
        try expectFrames(
            of: step("[/etc/hostname, ../../etc/hostname]"),
            #"""
            w.yaml:6:45: error[AW002]: '/etc/hostname' is not a path inside the project
                |
              6 |   - { id: a, model: m, prompt: hi, attach: [/etc/hostname, ../../etc/hostname] }
                |                                             ^^^^^^^^^^^^^
              hint: files of a workflow are inside the project (ROOT), named relative to the workflow's own file

            w.yaml:6:60: error[AW002]: '../../etc/hostname' is outside the project
                |
              6 |   - { id: a, model: m, prompt: hi, attach: [/etc/hostname, ../../etc/hostname] }
                |                                                            ^^^^^^^^^^^^^^^^^^
              hint: files of a workflow are inside the project (ROOT), named relative to the workflow's own file
            """#)
    }

    @Test func aTextUnderImage() throws {
        try expectFrames(
            of: step("[{ image: a.txt }]"), files: ["a.txt": "hello"],
            #"""
            w.yaml:6:54: error[AW141]: a.txt is no image but text/plain
                |
              6 |   - { id: a, model: m, prompt: hi, attach: [{ image: a.txt }] }
                |                                                      ^^^^^
              hint: attach it with file:
            """#)
    }

    @Test func aFileOfNoKind() throws {
        try expectFrames(
            of: step("[a.bin, e.txt]"), files: ["a.bin": "a\u{0}b", "e.txt": ""],
            #"""
            w.yaml:6:45: error[AW141]: a.bin cannot be attached: it is not PNG, JPEG, GIF, WebP, PDF or UTF-8 text
                |
              6 |   - { id: a, model: m, prompt: hi, attach: [a.bin, e.txt] }
                |                                             ^^^^^

            w.yaml:6:52: error[AW141]: e.txt is empty
                |
              6 |   - { id: a, model: m, prompt: hi, attach: [a.bin, e.txt] }
                |                                                    ^^^^^
            """#)
    }

    @Test func bothOrNeither() throws {
        try expectFrames(
            of: step("[{ image: a.txt, file: a.txt }, { detail: low }, { imag: a.txt }]"), files: ["a.txt": "hello"],
            #"""
            w.yaml:6:45: error[AW141]: an attachment has either 'image' or 'file'
                |
              6 | …odel: m, prompt: hi, attach: [{ image: a.txt, file: a.txt }, { detail: low }, { imag: a.tx…
                |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: for example { image: photos/front.jpg, detail: low }, or a path alone

            w.yaml:6:76: error[AW141]: an attachment has either 'image' or 'file'
                |
              6 | …m, prompt: hi, attach: [{ image: a.txt, file: a.txt }, { detail: low }, { imag: a.txt }] }
                |                                                         ^^^^^^^^^^^^^^^
              hint: for example { image: photos/front.jpg, detail: low }, or a path alone

            w.yaml:6:95: error[AW101]: unknown key 'imag' in an attachment
                |
              6 | …m, prompt: hi, attach: [{ image: a.txt, file: a.txt }, { detail: low }, { imag: a.txt }] }
                |                                                                            ^^^^
              hint: did you mean 'image'?
            """#)
    }

    @Test func keysThatDoNothing() throws {
        try expectFrames(
            of: step("[{ file: a.txt, detail: low, max_tokens: 9 }, { image: \"${{ inputs.p }}\", detail: lo, max_tokens: 0 }]"), files: ["a.txt": "hello"],
            #"""
            w.yaml:6:53: error[AW141]: 'max_tokens' does nothing for a text, which is counted as it is
                |
              6 | … prompt: hi, attach: [{ file: a.txt, detail: low, max_tokens: 9 }, { image: "${{ inputs.p …
                |                                ^^^^^
              hint: remove it

            w.yaml:6:60: error[AW121]: 'detail' does not go with 'file'
                |
              6 | …: hi, attach: [{ file: a.txt, detail: low, max_tokens: 9 }, { image: "${{ inputs.p }}", de…
                |                                ^^^^^^

            w.yaml:6:126: error[AW103]: detail is one of low, high, auto, found 'lo'
                |
              6 | …, detail: low, max_tokens: 9 }, { image: "${{ inputs.p }}", detail: lo, max_tokens: 0 }] }
                |                                                                      ^^
              hint: did you mean 'low'?

            w.yaml:6:142: error[AW103]: max_tokens is a whole number from 1 to 100000000, found '0'
                |
              6 | …, detail: low, max_tokens: 9 }, { image: "${{ inputs.p }}", detail: lo, max_tokens: 0 }] }
                |                                                                                      ^
            """#)
    }

    @Test func pathsThatAreNone() throws {
        try expectFrames(
            of: step("[\"${{ inputs.n }}\", \"${{ [1] }}\", \"${{ inputs.q }}\"]"),
            #"""
            w.yaml:6:50: error[AW141]: attach takes a path or a list of paths, found int
                |
              6 | …d: a, model: m, prompt: hi, attach: ["${{ inputs.n }}", "${{ [1] }}", "${{ inputs.q }}"] }
                |                                            ^^^^^^^^

            w.yaml:6:69: error[AW141]: attach takes a path or a list of paths, found list(int)
                |
              6 | …d: a, model: m, prompt: hi, attach: ["${{ inputs.n }}", "${{ [1] }}", "${{ inputs.q }}"] }
                |                                                               ^^^

            w.yaml:6:83: error[AW203]: there is no input 'q'
                |
              6 | …d: a, model: m, prompt: hi, attach: ["${{ inputs.n }}", "${{ [1] }}", "${{ inputs.q }}"] }
                |                                                                             ^^^^^^^^
              hint: declare it under inputs:
            """#)
    }

    @Test func nothingToGoWith() throws {
        try expectFrames(
            of: step("[]", body: "messages: [{ role: system, content: hi }]"),
            #"""
            w.yaml:6:67: error[AW141]: attach needs a message of the user to go with
                |
              6 |   - { id: a, model: m, messages: [{ role: system, content: hi }], attach: [] }
                |                                                                   ^^^^^^
              hint: add one with role: user

            w.yaml:6:75: error[AW104]: attach needs at least one path
                |
              6 |   - { id: a, model: m, messages: [{ role: system, content: hi }], attach: [] }
                |                                                                           ^^
            """#)
    }

    @Test func attachingToAValue() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                steps:
                  - { id: a, value: "1", attach: [a.png] }
                """#,
            #"""
            w.yaml:4:26: error[AW121]: 'attach' does not go with 'value'
                |
              4 |   - { id: a, value: "1", attach: [a.png] }
                |                          ^^^^^^
            """#)
    }

    @Test func aMemoWithoutAnAge() throws {
        try expectFrames(
            of: #"""
                version: 1
                name: t
                models: { m: { use: local/small } }
                steps:
                  - { id: a, model: m, prompt: hi, memo: {} }
                  - { id: b, model: m, prompt: hi, memo: { max_age: 24, maxage: 1h } }
                  - { id: c, run: [date], memo: { max_age: 1h } }
                """#,
            #"""
            w.yaml:5:42: error[AW104]: memo needs 'max_age'
                |
              5 |   - { id: a, model: m, prompt: hi, memo: {} }
                |                                          ^^
              hint: how old an answer may be, for example max_age: 24h

            w.yaml:6:53: error[AW103]: max_age is a duration with a unit, found '24'
                |
              6 |   - { id: b, model: m, prompt: hi, memo: { max_age: 24, maxage: 1h } }
                |                                                     ^^
              hint: write a unit: max_age: 24s for seconds, 24ms for milliseconds

            w.yaml:6:57: error[AW101]: unknown key 'maxage' in memo
                |
              6 |   - { id: b, model: m, prompt: hi, memo: { max_age: 24, maxage: 1h } }
                |                                                         ^^^^^^
              hint: did you mean 'max_age'?

            w.yaml:7:27: error[AW121]: 'memo' does not go with 'run'
                |
              7 |   - { id: c, run: [date], memo: { max_age: 1h } }
                |                           ^^^^
            """#)
    }

    @Test func aLiteralPathIsKnownAndCountsAsTheWorkflows() throws {
        let project = try TemporaryProject(["w.yaml": step("[a.png, { file: \"${{ inputs.p }}\", max_tokens: 7 }, n.txt]"), "n.txt": "héllo"])
        try project.write(SampleFiles.png(30, 20), to: "a.png")
        let graph = try project.load().graph
        let attachments = try #require(graph.steps[0].modelStep).attachments
        #expect(attachments.map(\.kind) == [nil, .file, nil])
        #expect(attachments.map(\.known?.type) == [.png, nil, .text])
        #expect(attachments[0].known?.size?.width == 30)
        #expect(attachments[2].known?.textBound == 13)
        #expect(attachments.map(\.maxTokens) == [nil, 7, nil])
        #expect(attachments.map(\.stability) == [.workflow, .execution, .workflow])
        try project.write(SampleFiles.png(30, 21), to: "a.png")
        #expect(try project.load().graph.hash != graph.hash)
    }

    // MARK: At run time

    @Test func aPathThatIsComputedStaysInsideToo() async throws {
        let project = try TemporaryProject(["sub/w.yaml": "", "a.txt": "hello", "sub/b.txt": "there"])
        let files = ProjectAttachments(root: project.root)
        let workflow = project.path("sub/w.yaml")
        #expect(try await files.read("../a.txt", besides: workflow).bytes == Array("hello".utf8))
        let first = try await files.read("b.txt", besides: workflow)
        // While somebody uses it, it is read once.
        #expect(try await files.read("b.txt", besides: workflow) === first)
        try project.write(Array("other text".utf8), to: "sub/b.txt")
        #expect(try await files.read("b.txt", besides: workflow).bytes == Array("other text".utf8))
        for (path, message) in [
            ("/etc/hostname", "'/etc/hostname' is not a path inside the project, and cannot be attached"),
            ("../../\(project.root.split(separator: "/").last!)-x/../../etc", nil), ("~/x", "'~/x' is not a path inside the project, and cannot be attached"),
            ("../../..", nil), ("gone.txt", "cannot read gone.txt: No such file or directory"), (".", nil), ("..", nil),
        ] as [(String, String?)] {
            do throws(StepFailure) {
                _ = try await files.read(path, besides: workflow)
                Issue.record("\(path) was read")
            } catch {
                #expect(error.kind == .attachment)
                if let message { #expect(error.message == message) }
            }
        }
    }
}
