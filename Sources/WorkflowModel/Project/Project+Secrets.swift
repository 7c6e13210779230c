import Values

extension ProviderConfiguration {
    /// How messages speak of its key.
    public var keyName: String { "the key of \(name)" }

    /// Its key, as what must not be shown. A literal one that is ordinary words (`test-key`) opens nothing, and is not looked for.
    public func secret(ofKey value: String) -> Secret? {
        if Secret.isPlaceholder(value) { return nil }
        if case .value? = apiKey, SecretLook.isPlainWords(value) { return nil }
        return Secret(name: keyName, value: value)
    }

    /// What opens something and stands in the entry itself: a literal key, header values, credentials in addresses.
    public var writtenSecrets: [Secret] {
        var found: [Secret] = []
        if case .value(let key)? = apiKey, let secret = secret(ofKey: key) { found.append(secret) }
        for header in headers {
            for value in PublicNames.secrets(header: header.key, value: header.value) {
                found.append(Secret(name: "the header \(header.key) of \(name)", value: value))
            }
        }
        for url in [baseURL].compactMap(\.self) + models.compactMap(\.baseURL) { found += Self.secrets(in: url, of: name) }
        return found.filter { !Secret.isPlaceholder($0.value) }
    }

    /// - Parameter provider: whose address it is.
    public static func secrets(in url: String, of provider: String) -> [Secret] {
        guard let parts = URLParts(url) else { return [] }
        let words = parts.credentials.map { Secret(name: "\($0.what) in base_url of \(provider)", value: $0.value) }
        // As it stands and as it is meant.
        return words
            + words.compactMap { word in
                let meant = URLParts.decoded(word.value)
                return meant == word.value ? nil : Secret(name: word.name, value: meant)
            }
    }

    /// How messages speak of what opens something and goes with a request to this address; `nil` where nothing does.
    public func credentialSent(to url: String) -> String? {
        switch apiKey {
        case .value(let key)? where Secret.isPlaceholder(key): break
        case .some: return "the key of '\(name)'"
        case nil: break
        }
        if let header = headers.first(where: { PublicNames.isCredential($0.key) && !PublicNames.isPlaceholder(header: $0.value) }) {
            return "the header \(header.key) of '\(name)'"
        }
        let inAddress = URLParts(url)?.credentials.first { what, value in
            URLParts.isCertain(what) && !Secret.isPlaceholder(value)
        }
        return inAddress.map { "\($0.what) in base_url of '\(name)'" }
    }
}

extension Project {
    /// The variables of the environment that hold secrets: programs do not see them.
    ///
    /// - Parameter builtIn: providers that need no entry.
    public func secretVariables(besides builtIn: [ProviderConfiguration]) -> TextSet {
        var names: TextSet = []
        for case .environment(let name)? in (providers + builtIn).map(\.apiKey) { names.insert(name) }
        for case .environment(let name) in secretSources.map(\.source) { names.insert(name) }
        return names
    }

    /// Every secret that can be known without running a program.
    ///
    /// - Parameter variable: reads one of the environment.
    public func knownSecrets(besides builtIn: [ProviderConfiguration], variable: (String) -> String?) -> [Secret] {
        var found = providers.flatMap(\.writtenSecrets)
        let keys = (providers + builtIn).compactMap { provider in provider.apiKey.map { (provider.keyName, $0) } }
        for case (let name, .environment(let key)) in keys + secretSources.map({ ($0.name, $0.source) }) {
            if let value = variable(key)?.trimmedKey, !Secret.isPlaceholder(value) { found.append(Secret(name: name, value: value)) }
        }
        // Of proxies, as curl reads them.
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            guard let address = variable(name) else { continue }
            for (what, value) in URLParts(address.containsBytes(of: "://") ? address : "http://" + address)?.credentials ?? [] {
                found += TextSet([value, URLParts.decoded(value)]).sorted().map { Secret(name: "\(what) in \(name)", value: $0) }
            }
        }
        return found
    }
}

extension String {
    /// A newline at the end of a file or variable is no part of a key, and not allowed in a header.
    public var trimmedKey: String { String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
}
