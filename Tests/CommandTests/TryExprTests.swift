import Testing
import Values

/// `agentctl try expr` as scripts use it.
@Suite struct TryExprTests {
    @Test(arguments: [
        ("1 + 2", #"{"type":"int","value":3}"#), ("-x + 1", #"{"type":"int","value":-4}"#), ("--------x", #"{"type":"int","value":5}"#), ("18446744073709551615u", #"{"type":"uint","value":18446744073709551615}"#),
        ("2.0", #"{"type":"double","value":2.0}"#), ("double('-Infinity')", #"{"type":"double","value":"-Infinity"}"#), ("b'abcd'", #"{"type":"bytes","value":"YWJjZA=="}"#), ("[1, null]", #"{"type":"list","value":[1,null]}"#),
        ("{'a': [b'a']}", #"{"type":"map","value":{"a":["YQ=="]}}"#), ("{1: 'a', true: 2u}", #"{"type":"map","value":[[1,"a"],[true,2]]}"#), ("null", #"{"type":"null_type","value":null}"#), ("type(x)", #"{"type":"type","value":"int"}"#),
        ("duration('12500ms')", #"{"type":"google.protobuf.Duration","value":"12.5s"}"#), ("timestamp('2026-01-02T03:04:05.000000001Z')", #"{"type":"google.protobuf.Timestamp","value":"2026-01-02T03:04:05.000000001Z"}"#),
        ("name.first", #"{"type":"string","value":"Ada"}"#), ("qualified.name", #"{"type":"int","value":1}"#),
    ])
    func values(_ source: String, _ line: String) async throws {
        let done = try await Sandbox().agentctl("try", "expr", source, "--data", "-", "--json", stdin: #"{"x": 5, "name": {"first": "Ada"}, "qualified.name": 1}"#)
        #expect(done.out == line + "\n")
        #expect(done.err == "")
        #expect(done.code == 0)
    }

    @Test func peopleReadLiterals() async throws {
        let done = try await Sandbox().agentctl("try", "expr", #"{'a': [7u, b'\xff', 1.0], 'b': timestamp(0)}"#)
        #expect(
            done.out == """
                {"a": [7u, b"\\xff", 1.0], "b": timestamp("1970-01-01T00:00:00Z")}
                type: map

                """)
    }

    @Test(arguments: [("1 +", "AX001"), ("siez(1)", "AX003"), ("'a' + 1", "AX007"), ("nmae.first", "did you mean 'name'?"), ("name.frist", "did you mean 'first'?"), ("1 / 0", "divide_by_zero"), ("int(name.first)", "invalid_argument")])
    func errorsAreFramed(_ source: String, _ word: String) async throws {
        let done = try await Sandbox().agentctl("try", "expr", source, "--json", "--data", "-", stdin: #"{"name": {"first": "Ada"}}"#)
        #expect(done.code == 10)
        #expect(done.out == "")
        #expect(done.err.contains(word) && done.err.contains("expression:1:"), "\(done.err)")
    }

    @Test func whatTheDataPassesByIsAWarning() async throws {
        let done = try await Sandbox().agentctl("try", "expr", "true || 1 + 'a' == 2", "--json")
        #expect(done.code == 0)
        #expect(done.out == "{\"type\":\"bool\",\"value\":true}\n")
        #expect(done.err.contains("warning[AX007]"))
        let checked = try await Sandbox().agentctl("try", "expr", "true || 1 + 'a' == 2", "--check")
        #expect(checked.code == 10)
    }

    @Test func checkingAloneTellsTheType() async throws {
        let done = try await Sandbox().agentctl("try", "expr", "docs.map(d, d.n)", "--check", "--data", "-", stdin: #"{"docs": [{"n": 1}]}"#)
        #expect(done.out == "list(int)\n")
        let json = try await Sandbox().agentctl("try", "expr", "[[]]", "--check", "--json")
        #expect(json.out == "{\"type\":\"list(list(dyn))\"}\n")
    }

    @Test(arguments: [
        (["try", "expr"], "Missing expected argument"), (["try", "expr", "1", "2"], "Unexpected argument"), (["try", "expr", "1", "--data", "none.json"], "cannot read none.json"), (["try", "expr", "1", "--data", "-"], "not JSON"),
    ])
    func wrongCalls(_ arguments: [String], _ word: String) async throws {
        let sandbox = try Sandbox()
        let done = try await Sandbox.run(Sandbox.program, arguments, in: sandbox.folder)
        #expect(done.code == 2)
        #expect(done.err.contains(word), "\(done.err)")
        #expect(done.out == "")
    }
}
