import PromptCaching
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Prefixes have one name where caches take them for the same.
@Suite struct PrefixNamesTests {
    private func name(_ kind: PromptAttachment.Kind, _ name: String, detail: PromptAttachment.Detail? = nil) -> UInt64 {
        let bytes: [UInt8] = [1, 2, 3]
        let attachment = PromptAttachment(kind: kind, name: name, type: kind == .image ? .png : .pdf, bytes: bytes, hash: ContentHash(of: bytes), size: nil, detail: detail)
        let question = Question(
            to: ModelProfile(reference: ModelReference(provider: "p", model: "m"), servedID: "m", contextWindow: nil, maxConcurrency: nil), .segments([]), outputCap: 1, timeout: .seconds(1))
        let segments = [PromptSegment(attachment, stability: .step, startsMessage: true, origin: "a")]
        return PrefixNames.ends(of: segments, in: PrefixNames.space(of: question), .none, reads: [])[0].name
    }

    /// A request says the name of a file, and how closely an image is looked at.
    @Test func whatIsSaidOfAnAttachmentBelongsToIt() {
        #expect(name(.file, "a.pdf") == name(.file, "a.pdf") && name(.file, "a.pdf") != name(.file, "b.pdf"))
        #expect(name(.image, "a.png") == name(.image, "b.png"))
        #expect(Set([nil, .low, .high].map { name(.image, "a.png", detail: $0) }).count == 3)
    }
}
