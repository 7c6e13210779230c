import Expressions
import PromptCaching
import Values
import WorkflowModel

/// Reads the files that go with a prompt and makes segments of them, in the order of the step.
struct AttachmentReader {
    let source: (any AttachmentSource)?
    /// The workflow that names them.
    let file: String
    /// Files that belong to it and go as a record has them; `nil`: all are read when they are sent, as a step before may have written them.
    var sources: GraphSources?

    func segments(_ templates: [AttachmentTemplate], _ scope: RunScope) async throws(StepFailure) -> [PromptSegment] {
        var segments: [PromptSegment] = []
        var bytes = 0
        for template in templates {
            for path in try Self.paths(template, scope) {
                if let known = known(path, template) {
                    bytes += known.bytes.count
                    segments.append(try Self.segment(path, known, template))
                    continue
                }
                guard let source else { throw StepFailure(.attachment, "no files can be attached here") }
                let read = try await source.read(path, besides: file)
                bytes += read.bytes.count
                segments.append(try Self.segment(path, read, template))
            }
        }
        if segments.count > AttachedFile.maximumCount {
            throw StepFailure(.attachment, "\(segments.count) files are attached, a request takes \(AttachedFile.maximumCount)")
        }
        if bytes > AttachedFile.maximumBytesOfAll {
            throw StepFailure(
                .attachment, "the attached files have \(bytes) bytes together, a request takes \(AttachedFile.maximumBytesOfAll >> 20) MiB",
                details: ["ask in several calls: for_each over the files"])
        }
        return segments
    }

    /// Of a path without expressions the workflow has the file.
    private func known(_ path: String, _ template: AttachmentTemplate) -> AttachedFile? {
        guard let sources, template.source.references.isEmpty, let file = sources.files.first(where: { $0.path.hasSameBytes(as: path) }) else { return nil }
        return AttachedFile(file.content)
    }

    /// One path, or those of a list; null is none.
    private static func paths(_ template: AttachmentTemplate, _ scope: RunScope) throws(StepFailure) -> [String] {
        let value = try StepFailure.evaluating { () throws(EvaluationError) in try template.source.evaluate(scope) }
        switch value {
        case .null: return []
        case .string(let path): return [path]
        case .array(let elements):
            var paths: [String] = []
            for element in elements {
                guard let path = element.stringValue else { throw StepFailure(.attachment, "attach takes paths, found \(element.typeName) in the list") }
                paths.append(path)
            }
            return paths
        default: throw StepFailure(.attachment, "attach takes a path or a list of paths, found \(value.typeName)")
        }
    }

    /// A text becomes part of the prompt under the file's name; every model takes that.
    private static func segment(_ path: String, _ file: AttachedFile, _ template: AttachmentTemplate) throws(StepFailure) -> PromptSegment {
        let type = try file.type(as: template.kind, named: path)
        let name = path.lastPathPart
        guard type != .text else {
            let text = "\(name):\n" + String(decoding: file.bytes.dropFirst(ByteOrderMark.count(in: file.bytes)), as: UTF8.self)
            return PromptSegment(role: .user, stability: template.stability, text: text, startsMessage: false, origin: "file \(path)", isAttached: true)
        }
        let kind: PromptAttachment.Kind = type.isImage ? .image : .file
        let attachment = PromptAttachment(
            kind: kind, name: name, type: type, bytes: file.bytes, hash: file.hash, size: ImageSize(of: file.bytes, type),
            detail: template.detail, maxTokens: template.maxTokens)
        return PromptSegment(attachment, stability: template.stability, startsMessage: false, origin: "\(kind.rawValue) \(path)")
    }
}
