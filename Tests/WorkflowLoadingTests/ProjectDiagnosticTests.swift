import Testing

/// What is wrong with a project file. Each diagnostic as it is printed.
@Suite struct ProjectDiagnosticTests {
    @Test func anEmptyProjectFile() throws {
        try expectProjectFrames(of: "", #"""
            agentctl.yaml:1:1: error[AW105]: the project file says version: 1
                |
              1 | 
                | ^
            """#)
    }

    @Test func unknownAndLaterKeys() throws {
        try expectProjectFrames(of: #"""
            version: 1
            provider: {}
            budgets: []
            """#, #"""
            agentctl.yaml:2:1: error[AW101]: unknown key 'provider' in the project file
                |
              2 | provider: {}
                | ^^^^^^^^
              hint: did you mean 'providers'?

            agentctl.yaml:3:1: error[AW102]: 'budgets' in the project file is not supported yet
                |
              3 | budgets: []
                | ^^^^^^^
              hint: remove it: nothing of a workflow is ignored in silence
            """#)
    }

    @Test func aProviderThatIsNoMapping() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: x, b/c: { api: openai-chat } }
            """#, #"""
            agentctl.yaml:2:17: error[AW103]: a provider is a mapping of keys to values, found a string
                |
              2 | providers: { a: x, b/c: { api: openai-chat } }
                |                 ^

            agentctl.yaml:2:20: error[AW107]: a provider's name is a word without '/'
                |
              2 | providers: { a: x, b/c: { api: openai-chat } }
                |                    ^^^
            """#)
    }

    @Test func aProviderWithoutAnAPI() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { base_url: "http://x" } }
            """#, #"""
            agentctl.yaml:2:17: error[AW104]: a provider needs 'api'
                |
              2 | providers: { a: { base_url: "http://x" } }
                |                 ^^^^^^^^^^^^^^^^^^^^^^^^
              hint: api: openai-chat
            """#)
    }

    @Test func anAPIThatIsNotKnown() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: opnai-chat } }
            """#, #"""
            agentctl.yaml:2:24: error[AW103]: api is one of openai-chat, found 'opnai-chat'
                |
              2 | providers: { a: { api: opnai-chat } }
                |                        ^^^^^^^^^^
              hint: did you mean 'openai-chat'?
            """#)
    }

    @Test func anAddressWithoutAScheme() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, base_url: example.com } }
            """#, #"""
            agentctl.yaml:2:47: error[AW103]: base_url starts with http:// or https://, found 'example.com'
                |
              2 | providers: { a: { api: openai-chat, base_url: example.com } }
                |                                               ^^^^^^^^^^^
            """#)
    }

    @Test func aKeyInTheFile() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, base_url: "https://api.example.com", api_key: { value: sk-1 } } }
            """#, #"""
            agentctl.yaml:2:92: error[AW114]: a literal key is for loopback endpoints only
                |
              2 | …{ a: { api: openai-chat, base_url: "https://api.example.com", api_key: { value: sk-1 } } }
                |                                                                                  ^^^^
              hint: keep it out of the file: api_key: { env: NAME }
            """#)
    }

    @Test func aKeyForAHostThatBeginsLikeLoopback() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, base_url: "http://localhost.example.com", api_key: { value: sk-1 } } }
            """#, #"""
            agentctl.yaml:2:97: error[AW114]: a literal key is for loopback endpoints only
                |
              2 | …{ api: openai-chat, base_url: "http://localhost.example.com", api_key: { value: sk-1 } } }
                |                                                                                  ^^^^
              hint: keep it out of the file: api_key: { env: NAME }
            """#)
    }

    @Test func anEmptyKey() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, api_key: {} } }
            """#, #"""
            agentctl.yaml:2:46: error[AW104]: api_key needs env, command or value
                |
              2 | providers: { a: { api: openai-chat, api_key: {} } }
                |                                              ^^
            """#)
    }

    @Test func aServerWithoutACommand() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, models: { m: { serve: { ready: /health } } } } }
            """#, #"""
            agentctl.yaml:2:50: error[AW104]: serve needs a command
                |
              2 | providers: { a: { api: openai-chat, models: { m: { serve: { ready: /health } } } } }
                |                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """#)
    }

    @Test func aPlaceholderThatIsNotKnown() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, models: { m: { serve: { command: [run, "${{ prot }}"] } } } } }
            """#, #"""
            agentctl.yaml:2:76: error[AW111]: only ${{ port }} is known here
                |
              2 | …: { a: { api: openai-chat, models: { m: { serve: { command: [run, "${{ prot }}"] } } } } }
                |                                                                    ^^^^^^^^^^^^^
            """#)
    }

    @Test func aDialectThatIsNotKnown() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, dialect: { max_tokens_field: tokens, cached_tokens: never } } }
            """#, #"""
            agentctl.yaml:2:66: error[AW103]: max_tokens_field is max_tokens or max_completion_tokens
                |
              2 | …: { a: { api: openai-chat, dialect: { max_tokens_field: tokens, cached_tokens: never } } }
                |                                                          ^^^^^^

            agentctl.yaml:2:89: error[AW103]: cached_tokens is optional or required
                |
              2 | …: { a: { api: openai-chat, dialect: { max_tokens_field: tokens, cached_tokens: never } } }
                |                                                                                 ^^^^^
            """#)
    }

    @Test func aHeaderOfTwoLines() throws {
        try expectProjectFrames(of: #"""
            version: 1
            providers: { a: { api: openai-chat, headers: { X: "a\nb" } } }
            """#, #"""
            agentctl.yaml:2:51: error[AW103]: a header is one line of text
                |
              2 | providers: { a: { api: openai-chat, headers: { X: "a\nb" } } }
                |                                                   ^^^^^^
            """#)
    }

    @Test func halfAPrice() throws {
        try expectProjectFrames(of: #"""
            version: 1
            prices:
              - { model: a/b, input_per_mtok_usd: 0.1 }
            """#, #"""
            agentctl.yaml:3:5: error[AW115]: a price needs input_per_mtok_usd and output_per_mtok_usd, or machine_hour_usd
                |
              3 |   - { model: a/b, input_per_mtok_usd: 0.1 }
                |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: a missing direction would not be free, but unknown
            """#)
    }

    @Test func pricesThatAreNone() throws {
        try expectProjectFrames(of: #"""
            version: 1
            prices:
              - { model: b, input_per_mtok_usd: 1, output_per_mtok_usd: 1 }
              - { model: a/b, input_per_mtok_usd: 0.0000001, output_per_mtok_usd: 20000, from: today }
            """#, #"""
            agentctl.yaml:3:14: error[AW109]: a price names its model as provider/model
                |
              3 |   - { model: b, input_per_mtok_usd: 1, output_per_mtok_usd: 1 }
                |              ^

            agentctl.yaml:4:39: error[AW103]: input_per_mtok_usd: '0.0000001' is not a price in dollars per million tokens with at most 6 decimals
                |
              4 |   - { model: a/b, input_per_mtok_usd: 0.0000001, output_per_mtok_usd: 20000, from: today }
                |                                       ^^^^^^^^^

            agentctl.yaml:4:71: error[AW103]: output_per_mtok_usd: $20000 per million tokens is beyond any known price; is the figure per thousand, or in cents?
                |
              4 |   - { model: a/b, input_per_mtok_usd: 0.0000001, output_per_mtok_usd: 20000, from: today }
                |                                                                       ^^^^^

            agentctl.yaml:4:84: error[AW103]: from is a date such as 2026-11-21
                |
              4 |   - { model: a/b, input_per_mtok_usd: 0.0000001, output_per_mtok_usd: 20000, from: today }
                |                                                                                    ^^^^^
            """#)
    }
}
