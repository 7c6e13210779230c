import Values
import WorkflowModel

/// The files that went with prompts, by the node and by the name under which its step has them, as the requests of its calls have them.
enum RecordedFiles {
    static func attached(_ facts: [EventRecord], _ transcript: any RunTranscript) async throws(JournalError) -> TextTable<TextTable<[UInt8]>> {
        var files: TextTable<TextTable<[UInt8]>> = [:]
        for fact in facts where fact.kind == "call_started" {
            guard let path = fact.payload["step"]?.stringValue, let hash = fact.payload["request"]?.stringValue.flatMap(ContentHash.init(hex:)) else { continue }
            let manifests = try await transcript.documents([hash])
            let segments = manifests[hash].flatMap { try? JSONParser.parse($0) }?["segments"]?.arrayValue ?? []
            for segment in segments {
                guard let file = file(of: segment), files[path]?[file.name] == nil else { continue }
                let documents = try await transcript.documents([file.hash])
                guard let bytes = documents[file.hash] else { continue }
                let content = file.isText ? withoutHeading(bytes, file.name) : bytes
                files[path, default: [:]][file.name] = content
                // For nodes that sent nothing, as an answer of before stood in.
                if files[""]?[file.name] == nil { files["", default: [:]][file.name] = content }
            }
        }
        return files
    }

    private static func file(of segment: JSONValue) -> (name: String, hash: ContentHash, isText: Bool)? {
        guard let origin = segment["origin"]?.stringValue, let (kind, name) = origin.cut(at: UInt8(ascii: " ")), kind == "file" || kind == "image",
            let hash = segment["hash"]?.stringValue.flatMap(ContentHash.init(hex:))
        else { return nil }
        return (name, hash, segment["media_type"] == nil)
    }

    /// A text stands under its file's name.
    private static func withoutHeading(_ bytes: [UInt8], _ name: String) -> [UInt8] {
        let heading = Array("\(name.lastPathPart):\n".utf8)
        return bytes.starts(with: heading) ? Array(bytes.dropFirst(heading.count)) : bytes
    }
}
