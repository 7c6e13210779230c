import TestSupport
import Testing
import Values
import WorkflowLoading

/// What is wrong with a project file. Each diagnostic as it is printed.
@Suite struct ProjectDiagnosticTests {
    @Test func anEmptyProjectFile() throws {
        try expectProjectFrames(
            of: "",
            #"""
            agentctl.yaml:1:1: error[AW105]: the project file says version: 1
                |
              1 | 
                | ^
            """#)
    }

    @Test func unknownAndLaterKeys() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                provider: {}
                budgets: [{}]
                """#,
            #"""
            agentctl.yaml:2:1: error[AW101]: unknown key 'provider' in the project file
                |
              2 | provider: {}
                | ^^^^^^^^
              hint: did you mean 'providers'?

            agentctl.yaml:3:11: error[AW104]: an entry of budgets needs 'name'
                |
              3 | budgets: [{}]
                |           ^^

            agentctl.yaml:3:11: error[AW104]: an entry of budgets needs 'per'
                |
              3 | budgets: [{}]
                |           ^^

            agentctl.yaml:3:11: error[AW104]: an entry of budgets needs 'max_cost_usd'
                |
              3 | budgets: [{}]
                |           ^^
            """#)
    }

    @Test func aProviderThatIsNoMapping() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: x, b/c: { api: openai-chat } }
                """#,
            #"""
            agentctl.yaml:2:17: error[AW103]: a provider is a mapping of keys to values, found a string
                |
              2 | providers: { a: x, b/c: { api: openai-chat } }
                |                 ^
              hint: write a: { api: openai-chat, base_url: … }

            agentctl.yaml:2:20: error[AW107]: a provider's name is a word without '/'
                |
              2 | providers: { a: x, b/c: { api: openai-chat } }
                |                    ^^^
            """#)
    }

    @Test func aProviderWithoutAnAPI() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { base_url: "http://x" } }
                """#,
            #"""
            agentctl.yaml:2:17: error[AW104]: a provider needs 'api'
                |
              2 | providers: { a: { base_url: "http://x" } }
                |                 ^^^^^^^^^^^^^^^^^^^^^^^^
              hint: api: openai-chat
            """#)
    }

    @Test func anAPIThatIsNotKnown() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: opnai-chat } }
                """#,
            #"""
            agentctl.yaml:2:24: error[AW103]: api is one of openai-chat, openai-responses, anthropic, found 'opnai-chat'
                |
              2 | providers: { a: { api: opnai-chat } }
                |                        ^^^^^^^^^^
              hint: did you mean 'openai-chat'?
            """#)
    }

    @Test func anAddressWithoutAScheme() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, base_url: example.com } }
                """#,
            #"""
            agentctl.yaml:2:47: error[AW103]: base_url starts with http:// or https://, found 'example.com'
                |
              2 | providers: { a: { api: openai-chat, base_url: example.com } }
                |                                               ^^^^^^^^^^^
            """#)
    }

    @Test func anAddressWithThePathOfItsAPI() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: anthropic, base_url: "https://x/v1/messages/?v=1", models: { m: { base_url: "https://x/v1/chat/completions" } } } }
                """#,
            #"""
            agentctl.yaml:2:45: error[AW103]: base_url ends before /messages
                |
              2 | …: { api: anthropic, base_url: "https://x/v1/messages/?v=1", models: { m: { base_url: "http…
                |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: take /messages away: api: openai-chat adds /chat/completions by itself, openai-responses /responses and anthropic /messages

            agentctl.yaml:2:100: error[AW103]: base_url ends before /chat/completions
                |
              2 | …ps://x/v1/messages/?v=1", models: { m: { base_url: "https://x/v1/chat/completions" } } } }
                |                                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: take /chat/completions away: api: openai-chat adds /chat/completions by itself, openai-responses /responses and anthropic /messages
            """#)
    }

    @Test func aKeyInTheFile() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, base_url: "https://api.example.com", api_key: { value: sk-1 } } }
                """#,
            #"""
            agentctl.yaml:2:92: error[AW114]: a literal key is for loopback endpoints only
                |
              2 | …{ a: { api: openai-chat, base_url: "https://api.example.com", api_key: { value: sk-1 } } }
                |                                                                                  ^^^^
              hint: keep it out of the file: api_key: { env: NAME }
            """#)
    }

    @Test func aKeyForAHostThatBeginsLikeLoopback() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, base_url: "http://localhost.example.com", api_key: { value: sk-1 } } }
                """#,
            #"""
            agentctl.yaml:2:97: error[AW114]: a literal key is for loopback endpoints only
                |
              2 | …{ api: openai-chat, base_url: "http://localhost.example.com", api_key: { value: sk-1 } } }
                |                                                                                  ^^^^
              hint: keep it out of the file: api_key: { env: NAME }
            """#)
    }

    @Test func anEmptyKey() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, api_key: {} } }
                """#,
            #"""
            agentctl.yaml:2:46: error[AW104]: api_key needs env, command or value
                |
              2 | providers: { a: { api: openai-chat, api_key: {} } }
                |                                              ^^
            """#)
    }

    @Test func aServerWithoutACommand() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, models: { m: { serve: { ready: /health } } } } }
                """#,
            #"""
            agentctl.yaml:2:50: error[AW104]: serve needs a command
                |
              2 | providers: { a: { api: openai-chat, models: { m: { serve: { ready: /health } } } } }
                |                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """#)
    }

    @Test func aPlaceholderThatIsNotKnown() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, models: { m: { serve: { command: [run, "${{ prot }}"] } } } } }
                """#,
            #"""
            agentctl.yaml:2:76: error[AW111]: only ${{ port }} is known here
                |
              2 | …: { a: { api: openai-chat, models: { m: { serve: { command: [run, "${{ prot }}"] } } } } }
                |                                                                    ^^^^^^^^^^^^^
            """#)
    }

    @Test func aDialectThatIsNotKnown() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, dialect: { max_tokens_field: tokens, cached_tokens: never } } }
                """#,
            #"""
            agentctl.yaml:2:66: error[AW103]: max_tokens_field is one of max_tokens, max_completion_tokens, found 'tokens'
                |
              2 | …: { a: { api: openai-chat, dialect: { max_tokens_field: tokens, cached_tokens: never } } }
                |                                                          ^^^^^^

            agentctl.yaml:2:89: error[AW103]: cached_tokens is one of optional, required, found 'never'
                |
              2 | …: { a: { api: openai-chat, dialect: { max_tokens_field: tokens, cached_tokens: never } } }
                |                                                                                 ^^^^^
            """#)
    }

    @Test func aHeaderOfTwoLines() throws {
        for value in ["a\\r\\nb", "a\\r", "a\\n\\u0301"] {
            let project = try TemporaryProject(["agentctl.yaml": "version: 1\nproviders: { a: { api: openai-chat, headers: { X: \"\(value)\" } } }\n"])
            #expect(throws: Diagnostics.self) { _ = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root) }
        }
        try expectProjectFrames(
            of: #"""
                version: 1
                providers: { a: { api: openai-chat, headers: { X: "a\nb" } } }
                """#,
            #"""
            agentctl.yaml:2:51: error[AW103]: a header is one line of text
                |
              2 | providers: { a: { api: openai-chat, headers: { X: "a\nb" } } }
                |                                                   ^^^^^^
            """#)
    }

    @Test func halfAPrice() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                prices:
                  - { model: a/b, input_per_mtok_usd: 0.1 }
                """#,
            #"""
            agentctl.yaml:3:5: error[AW115]: a price needs input_per_mtok_usd and output_per_mtok_usd, or machine_hour_usd
                |
              3 |   - { model: a/b, input_per_mtok_usd: 0.1 }
                |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: a missing direction would not be free, but unknown
            """#)
    }

    @Test func pricesThatAreNone() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                prices:
                  - { model: b, input_per_mtok_usd: 1, output_per_mtok_usd: 1 }
                  - { model: a/b, input_per_mtok_usd: 0.0000001, output_per_mtok_usd: 20000, from: today }
                """#,
            #"""
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

    @Test func whatIsCheckedAndNotRun() throws {
        try expectProjectRemarks(
            of: #"""
                version: 1
                secrets: { kb: { env: KB_TOKEN } }
                budgets:
                  - name: support
                    owner: { finance: finops }
                    where: { tag.feature: support, workflow: [triage, reply] }
                    per: month
                    timezone: Europe/Zurich
                    max_cost_usd: 400
                    enforce: degrade
                    degrade: [small]
                    yellow: { at: 60%, models: [small] }
                    red: { at: 350, escalate: never }
                    alert: { slack: { env: SLACK_URL }, webhook: { url: "https://example.com/hook" }, command: [notify, --loud], terminal: true }
                telemetry: { otlp: "http://127.0.0.1:4318" }
                """#,
            #"""
            agentctl.yaml:3:1: error[AW123]: 'budgets' in the project file is checked, but this version does not run it
                |
              3 | budgets:
                | ^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence

            agentctl.yaml:15:1: error[AW123]: 'telemetry' in the project file is checked, but this version does not run it
                 |
              15 | telemetry: { otlp: "http://127.0.0.1:4318" }
                 | ^^^^^^^^^
              hint: remove it to run the workflow: nothing is ignored in silence
            """#)
    }

    @Test func wrongBudgetsSecretsAndTelemetry() throws {
        try expectProjectFrames(
            of: #"""
                version: 1
                secrets: { KB: { env: A }, kb: { value: abc }, mail: { env: A, command: b } }
                budgets:
                  - { nam: support, where: { feature: x, tag.feature: [1] }, per: moth, timezone: Mars/Base, max_cost_usd: 1 }
                  - { name: b, per: day, max_cost_usd: 1, yellow: { at: 90% }, red: { at: 80% }, degrade: [small] }
                  - { name: c, per: day, max_cost_usd: 1, alert: { slack: {}, webhook: { url: example.com }, mail: me } }
                  - monthly
                telemetry: { otlp: "127.0.0.1:4318" }
                """#,
            #"""
            agentctl.yaml:2:12: error[AW107]: the name of a secret must match [a-z][a-z0-9_]*, found 'KB'
                |
              2 | secrets: { KB: { env: A }, kb: { value: abc }, mail: { env: A, command: b } }
                |            ^^
              hint: for example 'kb'

            agentctl.yaml:2:32: error[AW112]: a secret has either 'env' or 'command'
                |
              2 | secrets: { KB: { env: A }, kb: { value: abc }, mail: { env: A, command: b } }
                |                                ^^^^^^^^^^^^^^

            agentctl.yaml:2:34: error[AW102]: 'value' is not a key of a secret
                |
              2 | secrets: { KB: { env: A }, kb: { value: abc }, mail: { env: A, command: b } }
                |                                  ^^^^^
              hint: write env: NAME, the variable that holds it

            agentctl.yaml:2:64: error[AW112]: a secret has either 'env' or 'command'
                |
              2 | secrets: { KB: { env: A }, kb: { value: abc }, mail: { env: A, command: b } }
                |                                                                ^^^^^^^

            agentctl.yaml:4:5: error[AW104]: an entry of budgets needs 'name'
                |
              4 |   - { nam: support, where: { feature: x, tag.feature: [1] }, per: moth, timezone: Mars/Bas…
                |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            agentctl.yaml:4:7: error[AW101]: unknown key 'nam' in an entry of budgets
                |
              4 |   - { nam: support, where: { feature: x, tag.feature: [1] }, per: moth, timezone: Mars/Bas…
                |       ^^^
              hint: did you mean 'name'?

            agentctl.yaml:4:30: error[AW101]: unknown key 'feature' in where
                |
              4 |   - { nam: support, where: { feature: x, tag.feature: [1] }, per: moth, timezone: Mars/Bas…
                |                              ^^^^^^^
              hint: known keys: workflow, model, provider, tag.…

            agentctl.yaml:4:55: error[AW103]: tag.feature is text, found a list
                |
              4 | …where: { feature: x, tag.feature: [1] }, per: moth, timezone: Mars/Base, max_cost_usd: 1 }
                |                                    ^^^
              hint: write tag.feature: 1

            agentctl.yaml:4:67: error[AW103]: per is one of day, week, month, found 'moth'
                |
              4 | …where: { feature: x, tag.feature: [1] }, per: moth, timezone: Mars/Base, max_cost_usd: 1 }
                |                                                ^^^^
              hint: did you mean 'month'?

            agentctl.yaml:4:83: error[AW103]: timezone is a time zone such as UTC or Europe/Zurich, found 'Mars/Base'
                |
              4 | …where: { feature: x, tag.feature: [1] }, per: moth, timezone: Mars/Base, max_cost_usd: 1 }
                |                                                                ^^^^^^^^^

            agentctl.yaml:5:75: error[AW103]: red begins behind yellow, found 80% and 90%
                |
              5 | …e: b, per: day, max_cost_usd: 1, yellow: { at: 90% }, red: { at: 80% }, degrade: [small] }
                |                                                                   ^^^

            agentctl.yaml:5:82: error[AW121]: 'degrade' is for enforce: degrade
                |
              5 | …e: b, per: day, max_cost_usd: 1, yellow: { at: 90% }, red: { at: 80% }, degrade: [small] }
                |                                                                          ^^^^^^^

            agentctl.yaml:6:59: error[AW112]: an address has either 'env' or 'url'
                |
              6 | …per: day, max_cost_usd: 1, alert: { slack: {}, webhook: { url: example.com }, mail: me } }
                |                                             ^^

            agentctl.yaml:6:79: error[AW103]: url is an address that begins with http:// or https://, found 'example.com'
                |
              6 | …per: day, max_cost_usd: 1, alert: { slack: {}, webhook: { url: example.com }, mail: me } }
                |                                                                 ^^^^^^^^^^^

            agentctl.yaml:6:94: error[AW101]: unknown key 'mail' in alert
                |
              6 | …per: day, max_cost_usd: 1, alert: { slack: {}, webhook: { url: example.com }, mail: me } }
                |                                                                                ^^^^
              hint: known keys: slack, webhook, command, terminal

            agentctl.yaml:7:5: error[AW103]: an entry of budgets is a mapping of keys to values, found a string
                |
              7 |   - monthly
                |     ^^^^^^^

            agentctl.yaml:8:20: error[AW103]: otlp is an address that begins with http:// or https://, found '127.0.0.1:4318'
                |
              8 | telemetry: { otlp: "127.0.0.1:4318" }
                |                    ^^^^^^^^^^^^^^^^
            """#)
    }
}
