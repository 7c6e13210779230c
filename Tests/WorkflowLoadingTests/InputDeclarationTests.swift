import TestSupport
import Testing
import Values
import WorkflowLoading

/// L6: declarations of inputs as other tools write them.
@Suite struct InputDeclarationTests {
    @Test func whatIsRequired() throws {
        try expectFrames(
            of: "version: 1\nname: t\ninputs:\n  a: { type: string, required: true }\n  b: { type: string, required: false }\n  c: { type: list }\nsteps:\n  - { id: s, value: \"1\" }\n",
            """
            w.yaml:4:32: error[AW108]: 'required' of a schema is the list of the properties that an object must have, found true
                |
              4 |   a: { type: string, required: true }
                |                                ^^^^
              hint: remove it: an input without a default must be given

            w.yaml:5:32: error[AW108]: 'required' of a schema is the list of the properties that an object must have, found false
                |
              5 |   b: { type: string, required: false }
                |                                ^^^^^
              hint: remove it, and give the input a default: then it may be left out

            w.yaml:6:14: error[AW108]: the input 'c' has a schema that is not valid at /type: type must be one of 'null', 'boolean', 'integer', 'number', 'string', 'array', 'object', found 'list' (did you mean 'array'?)
                |
              6 |   c: { type: list }
                |              ^^^^
            """)
    }

    @Test(arguments: [("options: [x]", "'enum'"), ("choices: [x]", "'enum'"), ("optional: true", "'default'"), ("min: 1", "'minimum'"), ("regex: x", "'pattern'"), ("nullable: true", "null")])
    func whatIsIgnored(keyword: String, here: String) throws {
        let project = try TemporaryProject(["w.yaml": "version: 1\nname: t\ninputs: { a: { type: string, \(keyword) } }\nsteps:\n  - { id: s, value: inputs.a }\n"])
        let found = try WorkflowLoader.load(project.path("w.yaml"), root: project.root, warns: true).warnings.all.filter { $0.code == "AW412" }
        #expect(found.count == 1 && found[0].message.contains(here), "\(found)")
    }

    /// A run that has begun goes on under the rules of then.
    @Test func whatWasNoErrorIsNoneForARunThatHasBegun() throws {
        let project = try TemporaryProject(["w.yaml": "version: 1\nname: t\nsteps:\n  - { id: a, value: \"1\" }\n  - { id: b, when: steps.a.status == 'success', value: steps.a }\n"])
        let error = #expect(throws: Diagnostics.self) { try WorkflowLoader.load(project.path("w.yaml"), root: project.root) }
        #expect(error?.all.map(\.code) == ["AX011", "AW209"])
        #expect(try WorkflowLoader.load(project.path("w.yaml"), root: project.root, hasBegun: true).graph.body.steps.count == 2)
    }
}
