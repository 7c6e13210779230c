import PromptCaching
import TestSupport
import Testing
import Values

/// Segments, and the messages that they make.
@Suite struct SegmentTests {
    private func text(_ text: String, _ role: MessageRole = .user, _ stability: StabilityClass = .step, starts: Bool = false) -> PromptSegment {
        PromptSegment(role: role, stability: stability, text: text, startsMessage: starts, origin: "test")
    }

    private func file(_ name: String, starts: Bool = false, detail: PromptAttachment.Detail? = nil) -> PromptSegment {
        PromptSegment(attachment(name, detail: detail), stability: .execution, startsMessage: starts, origin: "attach")
    }

    private func attachment(_ name: String, salt: UInt8 = 0, detail: PromptAttachment.Detail? = nil) -> PromptAttachment {
        let bytes = SampleFiles.png(salt: salt)
        return PromptAttachment(
            kind: .image, name: name, type: .png, bytes: bytes, hash: ContentHash(of: bytes), size: ImageSize(of: bytes, .png), detail: detail)
    }

    @Test func classesStandFromTheLongestLivedToTheShortest() {
        #expect(StabilityClass.allCases.map(\.name) == ["workflow", "tenant", "execution", "step", "attempt"])
        #expect(StabilityClass.allCases == StabilityClass.allCases.sorted())
    }

    @Test func equalTextsHaveEqualHashes() {
        #expect(text("a").hash == text("a", .system, .workflow, starts: true).hash)
        #expect(text("a").hash == ContentHash(of: "a") && text("a").hash != text("b").hash)
        let known = PromptSegment(role: .user, stability: .step, text: "a", hash: ContentHash(of: "elsewhere"), startsMessage: true, origin: "test")
        #expect(known.hash == ContentHash(of: "elsewhere"), "one that is known is not computed again")
        #expect(file("a.png").hash == ContentHash(of: SampleFiles.png()) && file("a.png").text.isEmpty)
    }

    @Test func segmentsOfOneSpeakerContinueItsMessage() {
        #expect(PromptMessage.messages(of: []).isEmpty)
        let messages = PromptMessage.messages(of: [
            text("rules", .system), text("policy", .system), text("letter"), text("question"), text("again", starts: true), text("yes", .assistant),
        ])
        #expect(messages.map(\.role) == [.system, .user, .user, .assistant])
        #expect(messages.map(\.text) == ["rules\n\npolicy", "letter\n\nquestion", "again", "yes"])
        #expect(messages.allSatisfy { $0.parts.isEmpty })
    }

    @Test func anEmptySegmentKeepsItsPlace() {
        #expect(PromptMessage.messages(of: [text(""), text("a"), text("")]).map(\.text) == ["\n\na\n\n"])
    }

    /// So that a provider finds it again: what follows changes no byte of what stands before.
    @Test func whatFollowsLeavesThePrefixAsItIs() {
        let prefix = [text("rules", .system, .workflow), text("letter", .user, .workflow)]
        let before = PromptMessage.messages(of: prefix)
        for rest in [[text("question")], [text("question", starts: true)], [text("", .assistant)], [text("a"), text("b", .system)]] {
            let after = PromptMessage.messages(of: prefix + rest)
            #expect(after[0] == before[0])
            #expect(after[1].text.hasPrefix(before[1].text))
        }
    }

    @Test func anAttachmentStandsBetweenItsTexts() {
        let messages = PromptMessage.messages(of: [
            text("rules", .system), text("look"), text("closely"), file("a.png"), file("b.png"), text("what is it?"), text("answer", .assistant),
        ])
        #expect(messages.map(\.role) == [.system, .user, .assistant])
        #expect(messages[0].parts.isEmpty && messages[2].parts.isEmpty, "a message of text alone has no parts")
        #expect(messages[1].parts == [.text("look\n\nclosely"), .attachment(attachment("a.png")), .attachment(attachment("b.png")), .text("what is it?")])
        #expect(messages[1].text == "look\n\nclosely\n\nwhat is it?", "all of its text")
    }

    /// A message that is told in parts only because another one has an attachment says what it would have said without.
    @Test func textsAreTheSameWithAndWithoutAnAttachmentElsewhere() {
        let texts = [text("rules", .system), text("a"), text("b"), text("c", starts: true), text("d", .assistant)]
        let alone = PromptMessage.messages(of: texts)
        let beside = PromptMessage.messages(of: texts + [file("a.png", starts: true)])
        #expect(Array(beside.prefix(alone.count)) == alone)
        #expect(beside.count == alone.count + 1 && beside.last?.parts.count == 1)
    }

    @Test func aSegmentElsewhereIsTheSameButForItsPlace() {
        let moved = text("a").startingMessage(true)
        #expect(moved.startsMessage && moved.hash == text("a").hash && moved.startingMessage(false) == text("a"))
    }

    @Test func attachmentsAreToldApartByWhatIsSent() {
        #expect(attachment("a.png") == attachment("a.png"))
        #expect(attachment("a.png") != attachment("b.png"), "its name is sent")
        #expect(attachment("a.png") != attachment("a.png", salt: 1))
        #expect(attachment("a.png") != attachment("a.png", detail: .low))
    }
}
