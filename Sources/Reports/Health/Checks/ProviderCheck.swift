import Values

/// Each provider has its key, its addresses answer, and the programs of its model servers are there.
enum ProviderCheck {
    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        guard !facts.providers.isEmpty else {
            return [
                HealthFinding(
                    "providers", .warning, "none is declared, and no key of a built-in one is set",
                    hint: "add providers: to the project file, or export OPENAI_API_KEY, ANTHROPIC_API_KEY, GROQ_API_KEY, TOGETHER_API_KEY or OPENROUTER_API_KEY")
            ]
        }
        return facts.providers.flatMap(findings)
    }

    private static func findings(_ provider: HealthFacts.Provider) -> [HealthFinding] {
        let name = "provider \(provider.name)"
        var good: [String] = []
        var bad: [HealthFinding] = []
        var isKeyMissing = false
        switch provider.key {
        case .notNeeded: break
        case .present(let source): good.append("key from \(source)")
        case .notRead(let source): good.append("key from \(source), not run")
        case .missing(let message, let hint):
            isKeyMissing = true
            bad.append(HealthFinding(name, .problem, message, hint: hint))
        }
        for endpoint in provider.endpoints {
            switch endpoint.answer {
            case .notAsked: good.append("\(endpoint.url) not asked")
            case .status(let status, let time, _):
                if (200..<300).contains(status) || (isKeyMissing && [401, 403].contains(status)) {
                    good.append("\(endpoint.url) answers in \(time)")
                } else {
                    bad.append(finding(name, endpoint.url, status))
                }
            case .failed(let message):
                bad.append(HealthFinding(name, .problem, "\(endpoint.url) cannot be reached: \(message)", hint: "is the server there? is base_url right? behind a proxy, is https_proxy set?"))
            }
        }
        for server in provider.servers {
            let models = server.models.map { "\(provider.name)/\($0)" }.joined(separator: ", ")
            if server.isFound {
                good.append("\(server.program) is there to serve \(models)")
            } else {
                bad.append(
                    HealthFinding(
                        name, .problem, "\(models) cannot be served: there is no program \(server.program)",
                        hint: "install it, or change serve.command; paths with a slash start at the project's folder"))
            }
        }
        if !good.isEmpty { bad.insert(HealthFinding(name, .ok, good.joined(separator: "; ")), at: 0) }
        return bad.isEmpty ? [HealthFinding(name, .warning, "has no base_url and no server of its own", hint: "add base_url: to its entry")] : bad
    }

    private static func finding(_ name: String, _ url: String, _ status: Int) -> HealthFinding {
        switch status {
        case 401, 403: return HealthFinding(name, .problem, "\(url) refuses the key (HTTP \(status))", hint: "is it the key of this account, and still valid?")
        case 404, 405: return HealthFinding(name, .warning, "\(url) answers, but has no list of models (HTTP \(status))", hint: "some servers have none; otherwise base_url usually ends in /v1")
        case 429: return HealthFinding(name, .warning, "\(url) answers, but limits the rate (HTTP 429)", hint: "try again later; max_concurrency bounds the calls in flight")
        case 500...: return HealthFinding(name, .warning, "\(url) answers with a failure of its own (HTTP \(status))", hint: "a server that still loads its model answers 503: try again")
        default: return HealthFinding(name, .warning, "\(url) answers with HTTP \(status)", hint: "is base_url the address of the API? redirects are not followed")
        }
    }
}
