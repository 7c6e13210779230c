import Values
import WorkflowModel

/// Whether what a provider's entry sends can be kept secret: on the way there, and out of texts.
struct ProviderSecretsCheck {
    let provider: ProviderConfiguration
    let reader: MappingReader

    func check() {
        checkLengths()
        checkClearText()
    }

    private var addresses: [(url: String, range: SourceRange)] {
        var found: [(url: String, range: SourceRange)] = []
        // Any port is one.
        func port(_ url: String) -> String { url.replacingBytes(of: "${{ port }}", with: "1").replacingBytes(of: "${{port}}", with: "1") }
        if let node = reader.value("base_url"), let url = provider.baseURL { found.append((port(url), node.range)) }
        guard case .mapping(let models)? = reader.value("models")?.content else { return found }
        for model in models {
            if let node = model.value["base_url"], let url = node.scalar?.text { found.append((port(url), node.range)) }
        }
        return found
    }

    /// On this machine nothing is lost by a placeholder.
    private var isLocal: Bool { addresses.allSatisfy { URLParts($0.url)?.isLoopback == true } }

    private func checkLengths() {
        guard !isLocal else { return }
        func report(_ what: String, _ value: String, at range: SourceRange) {
            guard value.utf8.count < Secret.minimumBytes, !Secret.isPlaceholder(value) else { return }
            reader.context.report(
                "AW116", "\(what) has \(value.utf8.count) \(value.utf8.count == 1 ? "byte" : "bytes"): a secret has \(Secret.minimumBytes) or more, or it could not be kept out of texts",
                at: range, hint: "use a longer one")
        }
        for (url, range) in addresses {
            for (what, value) in URLParts(url)?.credentials ?? [] where URLParts.isCertain(what) {
                report("\(what) in base_url", value, at: range)
            }
        }
        for (key, node) in headerNodes where PublicNames.isCredential(key) {
            if let value = node.scalar?.text.parts(at: 0x20).last { report("the header \(key)", String(value), at: node.range) }
        }
    }

    private var headerNodes: [(String, YAMLNode)] {
        guard case .mapping(let pairs)? = reader.value("headers")?.content else { return [] }
        return pairs.compactMap { pair in pair.key.scalar.map { ($0.text, pair.value) } }
    }

    private func checkClearText() {
        // A literal key is refused for that host already.
        if case .value(let key)? = provider.apiKey, !Secret.isPlaceholder(key) { return }
        guard !provider.allowsClearText else { return }
        for (url, range) in addresses {
            guard let parts = URLParts(url), parts.isClearText, let what = provider.credentialSent(to: url) else { continue }
            reader.context.report(
                "AW117", "\(what) would go to \(parts.host) over http, where it can be read on the way", at: range,
                hint: "use https://; in a network that you trust, say insecure_http: true in the provider's entry")
        }
    }
}
