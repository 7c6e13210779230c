import Testing
import Values
import WorkflowModel

/// What opens something in a project.
@Suite struct ProjectTests {
    private func provider(_ name: String, _ key: SecretSource?, url: String? = nil, headers: [(key: String, value: String)] = []) -> ProviderConfiguration {
        ProviderConfiguration(name: name, api: .openAIChat, baseURL: url, apiKey: key, headers: headers)
    }

    private func project(_ providers: [ProviderConfiguration], sources: [(name: String, source: SecretSource)] = []) -> Project {
        Project(root: "/p", file: "agentctl.yaml", ledger: "l.db", providers: providers, prices: [], secretSources: sources)
    }

    @Test func variablesOfKeysAreWithheld() {
        let project = project(
            [provider("a", .environment("A_KEY")), provider("b", .command(["pass", "b"])), provider("c", nil)],
            sources: [("slack", .environment("SLACK_URL")), ("vault", .command(["vault"]))])
        #expect(project.secretVariables(besides: [provider("built_in", .environment("BUILT_IN_KEY"))]) == ["A_KEY", "SLACK_URL", "BUILT_IN_KEY"])
    }

    @Test func whatIsKnownWithoutAProgram() {
        let project = project(
            [provider("a", .environment("A_KEY")), provider("b", .command(["pass", "b"])), provider("c", .value("sk-7f3b9a2c4d5e6f70"), url: "http://127.0.0.1:1")],
            sources: [("slack", .environment("SLACK_URL"))])
        let known = project.knownSecrets(besides: [provider("d", .environment("D_KEY"))]) {
            ["A_KEY": "  key-of-a-1234\n", "SLACK_URL": "https://hooks.example/T0/x9", "https_proxy": "http://ann:s3cr%40t@proxy:3128"][$0]
        }
        let values = Dictionary(known.map { ($0.value, $0.name) }, uniquingKeysWith: { first, _ in first })
        #expect(values["key-of-a-1234"] == "the key of a", "without the line end behind it")
        #expect(values["https://hooks.example/T0/x9"] == "slack")
        #expect(values["sk-7f3b9a2c4d5e6f70"] == "the key of c")
        // As it stands and as it is meant.
        #expect(values["s3cr%40t"] != nil && values["s3cr@t"] != nil)
        #expect(!known.contains { $0.name == "the key of d" || $0.name == "the key of b" })
    }

    /// `test-key` and what stands for no key at all open nothing: looked for, they would be found in every text.
    @Test func aWordThatOpensNothingIsNoSecret() {
        #expect(provider("a", .value("test-key")).secret(ofKey: "test-key") == nil)
        #expect(provider("a", .environment("K")).secret(ofKey: "test-key") != nil, "of a variable it is one")
        #expect(provider("a", .value("sk-7f3b9a2c4d5e6f70")).secret(ofKey: "sk-7f3b9a2c4d5e6f70")?.name == "the key of a")
    }

    @Test func anAddressWithAPasswordIsACredentialOfItsOwn() {
        let secrets = ProviderConfiguration.secrets(in: "https://ann:p%20w-5f2c81@host/v1", of: "a")
        #expect(Set(secrets.map(\.value)).isSuperset(of: ["p%20w-5f2c81", "p w-5f2c81"]))
        #expect(ProviderConfiguration.secrets(in: "https://host/v1", of: "a").isEmpty)
        #expect(provider("a", nil).credentialSent(to: "https://host/v1") == nil)
        #expect(provider("a", .environment("K")).credentialSent(to: "https://host/v1") == "the key of 'a'")
    }

    @Test func aKeyEndsBeforeItsLineEnd() {
        #expect(" a b\r\n".trimmedKey == "a b" && "".trimmedKey == "" && "\n\t ".trimmedKey == "")
    }
}
