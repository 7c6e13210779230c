import Values

extension RunArchive {
    /// How many bytes of a prompt a token of a model had, by its latest calls that were billed; `nil` without enough of them. Prompts with
    /// attachments tell nothing of it.
    public func tokenRatio(of model: ModelReference) async throws(JournalError) -> TokenRatio? {
        let billed = try await billedPrompts(of: model)
        guard billed.count >= TokenRatio.least else { return nil }
        let manifests = try await documents(Array(Set(billed.map(\.request))))
        // Prompts have much in common: each part is read once.
        var sizes: [ContentHash: Int] = [:]
        var samples: [TokenRatio.Sample] = []
        for prompt in billed {
            guard let manifest = manifests[prompt.request].flatMap({ try? JSONParser.parse($0) }), let segments = manifest["segments"]?.arrayValue,
                segments.allSatisfy({ $0["media_type"] == nil })
            else { continue }
            let hashes = segments.compactMap { $0["hash"]?.stringValue.flatMap(ContentHash.init(hex:)) }
            let unread = Array(Set(hashes.filter { sizes[$0] == nil }))
            if !unread.isEmpty {
                let texts = try await documents(unread)
                for (hash, text) in texts { sizes[hash] = text.count }
            }
            let known = hashes.compactMap { sizes[$0] }
            if known.count == segments.count { samples.append(TokenRatio.Sample(bytes: known.reduce(0, +), tokens: prompt.tokens)) }
        }
        return TokenRatio(samples)
    }
}
