import TestSupport
import Testing
import Values

@Suite struct TrySchemaTests {
    private static let schema = """
        { "type": "object",
          "properties": { "kind": { "enum": ["complaint", "thanks"] }, "lines": { "items": { "type": "integer" } } },
          "required": ["kind"] }
        """

    @Test func aValidDocument() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("s.json", Self.schema)
        try sandbox.write("d.yaml", "kind: thanks\nlines: [1, 2]\n")
        let result = try await sandbox.agentctl("try", "schema", "s.json", "d.yaml")
        #expect(result.code == 0 && result.out == "d.yaml: valid\n" && result.err.isEmpty, "\(result.err)")
        let json = try await sandbox.agentctl("try", "schema", "s.json", "-", "--json", stdin: "{\"kind\": \"thanks\"}")
        #expect(json.code == 0 && json.json?["valid"] == true && json.json?["errors"] == [])
    }

    @Test func everyErrorHasItsPlaceAndItsRule() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("s.json", Self.schema)
        try sandbox.write("d.json", "{\n  \"kind\": \"praise\",\n  \"lines\": [1, \"two\"]\n}\n")
        let result = try await sandbox.agentctl("try", "schema", "s.json", "d.json")
        #expect(result.code == 1 && result.lines.count == 3, "\(result.out)")
        #expect(result.lines[0].hasPrefix("d.json:2:11: /kind: ") && result.lines[0].hasSuffix("(enum)"), "\(result.out)")
        #expect(result.lines[1].hasPrefix("d.json:3:16: /lines/1: ") && result.lines[1].hasSuffix("(type)"), "\(result.out)")
        #expect(result.lines[2] == "d.json: not valid, 2 errors")
        let json = try await sandbox.agentctl("try", "schema", "s.json", "d.json", "--json")
        #expect(json.code == 1 && json.json?["valid"] == false)
        let errors = try #require(json.json?["errors"]?.arrayValue)
        #expect(errors.map { $0["instance_path"] } == ["/kind", "/lines/1"])
        #expect(errors[1]["keyword"] == "type" && errors[1]["schema_path"] == "/properties/lines/items/type" && errors[1]["line"] == 3)
    }

    @Test func aSchemaThatIsNoneIsFramed() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("s.yaml", "type: object\nproperties:\n  n: { type: numbr }\n  r: { $ref: 'https://example.com/s.json' }\n")
        try sandbox.write("d.json", "{}")
        let result = try await sandbox.agentctl("try", "schema", "s.yaml", "d.json", "--json")
        #expect(result.code == 2 && result.out.isEmpty)
        #expect(result.err.contains("s.yaml:3:14: error[AW108]") && result.err.contains("^^^^^"), "\(result.err)")
        #expect(result.err.contains("s.yaml:4:14") && result.err.contains("remote references are not followed"), "\(result.err)")
    }

    @Test func whatCannotBeReadIsAUsageError() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("s.json", Self.schema)
        try sandbox.write("broken.json", "{\n  \"kind\": }\n")
        let broken = try await sandbox.agentctl("try", "schema", "s.json", "broken.json")
        #expect(broken.code == 2 && broken.err.contains("broken.json:2:11: error[AW113]: not JSON"), "\(broken.err)")
        let missing = try await sandbox.agentctl("try", "schema", "nowhere.json", "s.json")
        #expect(missing.code == 2 && missing.err.contains("nowhere.json"), "\(missing.err)")
        let both = try await sandbox.agentctl("try", "schema", "-", "-")
        #expect(both.code == 2 && both.err.contains("stdin"), "\(both.err)")
        let yaml = try await sandbox.agentctl("try", "schema", "s.json", "-", stdin: "kind: [")
        #expect(yaml.code == 2 && yaml.err.contains("stdin:1:8: error[AW010]"), "\(yaml.err)")
    }

    @Test func aMisspeltKeywordIsRemarkedOn() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("s.json", "{\"requird\": [\"a\"]}")
        let result = try await sandbox.agentctl("try", "schema", "s.json", "-", stdin: "{}")
        #expect(result.code == 0 && result.err.contains("warning[AW108]") && result.err.contains("requird"), "\(result.err)")
    }
}
