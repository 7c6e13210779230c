import Testing

/// What is wrong with a project file. Each diagnostic as it is printed.
@Suite struct ProjectDiagnosticTests {
    @Test func anEmptyProjectFile() throws {
        try expectProjectFrames(of: "", "")
    }

    @Test func unknownAndLaterKeys() throws {
        try expectProjectFrames(of: #"""
            version: 1
            provider: {}
            budgets: []
            """#, "")
    }

    @Test func aProviderThatIsNoMapping() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: x, b/c: { api: openai-chat } }
            """#, "")
    }

    @Test func aProviderWithoutAnAPI() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { base_url: "http://x" } }
            """#, "")
    }

    @Test func anAPIThatIsNotKnown() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: opnai-chat } }
            """#, "")
    }

    @Test func anAddressWithoutAScheme() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, base_url: example.com } }
            """#, "")
    }

    @Test func aKeyInTheFile() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, base_url: "https://api.example.com", api_key: { value: sk-1 } } }
            """#, "")
    }

    @Test func aKeyForAHostThatBeginsLikeLoopback() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, base_url: "http://localhost.example.com", api_key: { value: sk-1 } } }
            """#, "")
    }

    @Test func anEmptyKey() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, api_key: {} } }
            """#, "")
    }

    @Test func aServerWithoutACommand() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, models: { m: { serve: { ready: /health } } } } }
            """#, "")
    }

    @Test func aPlaceholderThatIsNotKnown() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, models: { m: { serve: { command: [run, "${{ prot }}"] } } } } }
            """#, "")
    }

    @Test func aDialectThatIsNotKnown() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, dialect: { max_tokens_field: tokens, cached_tokens: never } } }
            """#, "")
    }

    @Test func aHeaderOfTwoLines() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, headers: { X: "a\nb" } } }
            """#, "")
    }

    @Test func halfAPrice() throws {
        try expectProjectFrames(of: #"""
            version: 1
            prices:
              - { model: a/b, input_per_mtok_usd: 0.1 }
            """#, "")
    }

    @Test func pricesThatAreNone() throws {
        try expectProjectFrames(of: #"""
            version: 1
            prices:
              - { model: b, input_per_mtok_usd: 1, output_per_mtok_usd: 1 }
              - { model: a/b, input_per_mtok_usd: 0.0000001, output_per_mtok_usd: 20000, from: today }
            """#, "")
    }
}
