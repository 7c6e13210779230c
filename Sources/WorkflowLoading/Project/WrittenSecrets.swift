import Values
import WorkflowModel

/// What in a project file opens something, found in its tree and not by decoding: a file that is wrong is shown to people too.
enum WrittenSecrets {
    static func find(in root: YAMLNode) -> [Secret] {
        var found: [Secret] = []
        func add(_ name: String, _ value: String) {
            if !Secret.isPlaceholder(value) { found.append(Secret(name: name, value: value)) }
        }
        var previous: (keys: [String], text: String) = ([], "")
        root.forEachScalar { keys, _, scalar in
            defer { previous = (keys, scalar.text) }
            guard keys.count >= 2, scalar.value != .null else { return }
            // Of a server's command, for example.
            if previous.keys == keys, let value = argument(scalar.text, behind: previous.text) { add("an argument of '\(keys.last!)'", value) }
            if keys.last != "base_url", scalar.text.contains("://") {
                for (what, value) in URLParts(scalar.text)?.credentials ?? [] { add("\(what) in \(keys.last!)", value) }
            }
            switch keys[0] {
            case "providers" where keys.count >= 3:
                let provider = keys[1]
                switch keys[2] {
                // A key in the place of the name of the variable that holds it, and of a key of the mapping.
                case "api_key" where keys.last == "env" && !isVariable(scalar.text):
                    if !scalar.text.utf8.contains(where: { $0 == UInt8(ascii: "$") || $0 == 0x20 }) { add("the key of \(provider)", scalar.text) }
                case "api_key" where keys.dropFirst(3).contains(where: { !isVariable($0) }):
                    for key in keys.dropFirst(3) where !isVariable(key) { add("the key of \(provider)", key) }
                // Also where it stands in the place of its mapping, and under a key that does not exist.
                case "api_key" where !["env", "command"].contains(keys.last):
                    if keys.last != "value" || !SecretLook.isPlainWords(scalar.text) || !isLocal(root, provider) { add("the key of \(provider)", scalar.text) }
                case let key where key.lowercased() == "headers":
                    // `Name: value` where the names should be keys.
                    let parts = keys.count == 3 ? scalar.text.cut(at: UInt8(ascii: ":")) : nil
                    let header = parts?.before ?? keys.last!
                    let text = parts.map { String(Substring($0.behind.utf8.drop { $0 == 0x20 })) } ?? scalar.text
                    for value in PublicNames.secrets(header: header, value: text) { add("the header \(header) of \(provider)", value) }
                default:
                    if keys.last == "base_url" { found += ProviderConfiguration.secrets(in: scalar.text, of: provider) }
                    // Under a key that does not exist, an address without its scheme and a word that can only be a key.
                    if keys.count == 3, !["api", "base_url"].contains(keys[2]) {
                        if scalar.text.contains("@"), !scalar.text.contains("://") { found += ProviderConfiguration.secrets(in: "x://" + scalar.text, of: provider) }
                        if SecretLook.looksLikeKey(scalar.text) { add("a value of \(provider)", scalar.text) }
                    }
                    if announces(keys.dropFirst(2), scalar.text) {
                        add("the key of \(provider)", scalar.text)
                        if let word = PublicNames.credential(behindSchemeIn: scalar.text) { add("the key of \(provider)", word) }
                    }
                }
            case "secrets" where !["env", "command"].contains(keys.last): add("the secret \(keys[1])", scalar.text)
            default: return
            }
        }
        return found
    }

    private static let keyBeginnings = ["sk-", "sk_", "gsk_", "ghp_", "github_pat_", "xoxb-", "xoxp-", "AKIA", "AIza", "hf_", "glpat-"]

    static func beginsLikeKey(_ text: String) -> Bool { keyBeginnings.contains { text.startsWithBytes(of: $0) } }

    /// Whether a text can be the name of a variable of the environment, and is hardly a key.
    static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(first &- 0x30 < 10), !(beginsLikeKey(name) && SecretLook.looksLikeKey(name)) else { return false }
        return name.utf8.allSatisfy { $0 | 0x20 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "_") }
    }

    /// What in a workflow's file opens something, where nothing that does belongs: behind a key that announces it, or by its look.
    static func find(inWorkflow root: YAMLNode) -> [Secret] {
        var found: [Secret] = []
        root.forEachScalar { keys, _, scalar in
            guard !scalar.text.contains("${{"), scalar.text.utf8.count <= 4096, let key = keys.last else { return }
            let isAnnounced = !key.lowercased().contains("tokens") && PublicNames.isCredential(key)
            for word in scalar.text.split(whereSeparator: \.isWhitespace) where word.utf8.count >= 16 || isAnnounced {
                let word = String(word)
                guard SecretLook.looksLikeKey(word), !Secret.isPlaceholder(word) else { continue }
                if isAnnounced || keyBeginnings.contains(where: word.hasPrefix) { found.append(Secret(name: "a value of '\(key)'", value: word)) }
            }
        }
        return found
    }

    /// The same of a workflow that is no YAML: what begins as keys do.
    static func guess(inWorkflow text: String) -> [Secret] {
        text.split { $0.isWhitespace || ",{}[]\"'".contains($0) }.map(String.init)
            .filter { word in word.utf8.count >= 16 && keyBeginnings.contains(where: word.hasPrefix) && SecretLook.looksLikeKey(word) }
            .map { Secret(name: "a value of the workflow", value: $0) }
    }

    /// A key that is misspelt or stands in the wrong place: `apiKey`, `token`, `auth: { token: … }`. Some keys of the format count tokens.
    private static func announces(_ keys: ArraySlice<String>, _ text: String) -> Bool {
        // The name of a model may be any word.
        let keys = keys.first == "models" ? keys.dropFirst(2) : keys
        guard let last = keys.last, !["env", "command"].contains(last) else { return false }
        func isOne(_ key: String) -> Bool { !key.lowercased().contains("tokens") && PublicNames.isCredential(key) }
        return isOne(last) || keys.contains(where: isOne) && (last == "value" || !SecretLook.isPlainWords(text))
    }

    /// Where a literal key may be a word that opens nothing.
    private static func isLocal(_ root: YAMLNode, _ provider: String) -> Bool {
        root["providers"]?[provider]?["base_url"]?.scalar.flatMap { URLParts($0.text) }?.isLoopback == true
    }

    /// `--api-key VALUE` and `--api-key=VALUE` of a list of words.
    private static func argument(_ word: String, behind option: String) -> String? {
        if word.hasPrefix("-"), let (name, value) = word.cut(at: UInt8(ascii: "=")), PublicNames.isCredential(name) { return value }
        return option.hasPrefix("-") && !option.utf8.contains(UInt8(ascii: "=")) && !word.hasPrefix("-") && PublicNames.isCredential(option) ? word : nil
    }

    /// Of a text that is no YAML: on each line, what stands behind a key that announces a secret.
    static func guess(in text: String) -> [Secret] {
        var found: [Secret] = []
        for line in text.lines {
            var isAnnounced = false
            for word in line.utf8.split(whereSeparator: { " \t\r,{}[]\"'".utf8.contains($0) }).map({ Substring($0) }) {
                let bare = String(word.hasSuffix(":") ? word.dropLast() : word)
                // Whatever the line was to be.
                if SecretLook.looksLikeKey(bare), bare.utf8.count >= 16, !bare.contains("://") { found.append(Secret(name: "a value of the project file", value: bare)) }
                if bare.contains("@"), !bare.contains("://") { found += ProviderConfiguration.secrets(in: "x://" + bare, of: "the project file") }
                if word.hasSuffix(":") {
                    if isAnnounced, !PublicNames.isCredential(bare) { found.append(Secret(name: "a value of the project file", value: bare)) }
                    isAnnounced = word.hasPrefix("value") || PublicNames.isCredential(String(word.dropLast()))
                } else {
                    found += ProviderConfiguration.secrets(in: String(word), of: "the project file")
                    if isAnnounced, !Secret.isPlaceholder(String(word)) { found.append(Secret(name: "a value of the project file", value: String(word))) }
                }
            }
        }
        return found
    }
}
